import type { ListenProgress } from '../../activities/autoscaling-listener/message-loop.ts';
import type { ResourceEvent } from '../../api/event.ts';
import type { ListenerReport } from '../../messages/autoscaling-listener.ts';
import type { ObservedListener, Sequence } from '../../messages/observations.ts';

/** All that a listener's workflow knows. Carried over continue-as-new as it is. */
export interface ListenerState {
  /** `null`: it no longer exists. `undefined`: not seen yet. */
  listener?: ObservedListener | null;
  /** Of the last observation. */
  sequence?: Sequence;
  /** Where the last session left off. */
  progress?: ListenProgress;
  /** How it fares, as was last told. */
  report?: ListenerReport;
  /** Times in a row that listening ended with a failure. */
  failures: number;
  /** Milliseconds since the epoch: not before. */
  nextTryAt: number;
  /** How often what may stand in its way was changed: a failure of a try that began before is none of now. */
  repairs: number;
  /** What the objects of its pod were last made for (`podKey`). */
  applied?: string;
  /** The same for the pod's objects. */
  applyTries: number;
  applyAt: number;
  /** The condition as it was last written (`conditionKey`). */
  published?: string;
  events: ResourceEvent[];
}

/** The state of a workflow that has been told nothing yet. */
export const emptyListenerState = (): ListenerState => ({
  failures: 0,
  nextTryAt: 0,
  repairs: 0,
  applyTries: 0,
  applyAt: 0,
  events: [],
});
