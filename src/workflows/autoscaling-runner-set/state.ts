import type { PreparedScaleSet } from '../../activities/autoscaling-runner-set/prepare-scale-set.ts';
import type { ResourceEvent } from '../../api/event.ts';
import type { StepFailure, StepName } from '../../messages/autoscaling-runner-set.ts';
import type { AutoscalingRunnerSetObservation, Sequence } from '../../messages/observations.ts';

/** The scale set at GitHub as it was last brought to what the spec asks. */
export interface Prepared extends Omit<PreparedScaleSet, 'events'> {
  /** What the annotations said before: seen once more, it is only late. */
  previousAnnotations: string;
}

/** All that an AutoscalingRunnerSet's workflow knows: plain JSON, carried over continue-as-new as it is. */
export interface AutoscalingRunnerSetState {
  /** Of the last observation. */
  sequence?: Sequence;
  /** What the watch told last. */
  seen?: Pick<
    AutoscalingRunnerSetObservation,
    'autoscalingRunnerSet' | 'wanted' | 'runnerSets' | 'listeners'
  >;
  prepared?: Prepared;
  /** When each step was last done, and when it may be again. */
  stepBackoffs: StepBackoffs;
  /** How often what may stand in the way of a step was changed: a failure of a try that began before is none of now. */
  repairs: number;
  /** By step: what stands in its way. */
  stepFailures: Partial<Record<StepName, StepFailure>>;
  /** Milliseconds since the epoch: since then it is being deleted. */
  deletingSince?: number;
  /** The scale set at GitHub is gone, or was given up. */
  removed?: boolean;
  /** Of releasing: the finalizer is off. */
  released?: boolean;
  /** GitHub no longer accepts the runners of the current template; people have been told. */
  outdated?: boolean;
  /** From the deletion to giving up on GitHub. */
  deadlineSeconds: number;
  events: ResourceEvent[];
  /** The status as it was last written (`publicationKey`), and when. */
  published?: { key: string; words: string; at: number };
}

/** From the deletion to giving up on GitHub, unless the settings say otherwise. */
export const DELETION_DEADLINE_SECONDS = 300;

/** The state of a workflow that has been told nothing yet. */
export const emptyAutoscalingRunnerSetState = (): AutoscalingRunnerSetState => ({
  stepBackoffs: {},
  repairs: 0,
  stepFailures: {},
  deadlineSeconds: DELETION_DEADLINE_SECONDS,
  events: [],
});

/**
 * How often a step is repeated. What is the same step as before, for the same reason, waits: longer each time, so that
 * nothing runs in circles when a step does not have the effect that was expected of it. Another reason: at once.
 */
export interface StepBackoff {
  /** What the step was done for. */
  key: string;
  tries: number;
  /** Milliseconds since the epoch. */
  notBefore: number;
}

type StepBackoffs = Partial<Record<string, StepBackoff>>;
