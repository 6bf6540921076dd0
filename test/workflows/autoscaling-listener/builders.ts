import type { ListenProgress } from '../../../src/activities/autoscaling-listener/message-loop.ts';
import type { ListenerObservation, ObservedListener } from '../../../src/messages/observations.ts';
import { observeListener } from '../../../src/workflows/autoscaling-listener/observe.ts';
import type { ListenerCircumstances } from '../../../src/workflows/autoscaling-listener/plan.ts';
import type { ListenerState } from '../../../src/workflows/autoscaling-listener/state.ts';
import { emptyListenerState } from '../../../src/workflows/autoscaling-listener/state.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';

export const seen = (over: Partial<ObservedListener> = {}): ObservedListener => ({
  uid: 'uid-1',
  generation: 1,
  specHash: 'spec-1',
  mode: 'worker',
  configUrl: 'https://github.com/octo/app',
  autoscalingRunnerSet: { namespace: 'ns', name: 'demo' },
  scaleSetId: 7,
  hasFinalizer: true,
  capacity: 'open',
  ...over,
});

export const observation = (listener: ObservedListener | null): ListenerObservation => ({
  at: NOW,
  listener,
});

/** A state in which the listener was seen like this, and the rest is as given. */
export function stateOf(
  listener: Partial<ObservedListener> | null = {},
  over: Partial<ListenerState> = {},
): ListenerState {
  const state = emptyListenerState();
  observeListener(state, observation(listener && seen(listener)));
  return Object.assign(state, over);
}

export const idle: ListenerCircumstances = {
  now: NOW,
  stopping: false,
  publishing: false,
  mayPublishAt: 0,
  closing: false,
  mayCloseAt: 0,
  applying: false,
  draining: false,
};

export const listeningTo = (listener: ObservedListener): ListenerCircumstances => ({
  ...idle,
  listening: { listener, since: NOW - 1_000 },
});

export const progress: ListenProgress = {
  scaleSetId: 7,
  sessionId: 'session-1',
  lastMessageId: 11,
  handledMessageId: 11,
  scaling: { targetRunners: 2, patchSeq: 3, dirty: false },
  demand: { assignedJobs: 2, uncounted: {} },
};
