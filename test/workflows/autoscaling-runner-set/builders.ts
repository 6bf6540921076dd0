import type {
  ObservedChildListener,
  ObservedChildRunnerSet,
  ObservedAutoscalingRunnerSet,
} from '../../../src/messages/observations.ts';
import type {
  AutoscalingRunnerSetCircumstances,
  AutoscalingRunnerSetPlan,
} from '../../../src/workflows/autoscaling-runner-set/plan.ts';
import { decideAutoscalingRunnerSet } from '../../../src/workflows/autoscaling-runner-set/plan.ts';
import type {
  Prepared,
  AutoscalingRunnerSetState,
} from '../../../src/workflows/autoscaling-runner-set/state.ts';
import { emptyAutoscalingRunnerSetState } from '../../../src/workflows/autoscaling-runner-set/state.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';

export const aScaleSet = (
  over: Partial<ObservedAutoscalingRunnerSet> = {},
): ObservedAutoscalingRunnerSet => ({
  uid: 'ars-1',
  generation: 1,
  configUrl: 'https://github.com/octo/repo',
  specHash: 'asked-1',
  gitHubAnnotations: '7/Default/demo',
  scaleSetId: 7,
  hasFinalizer: true,
  ...over,
});

export const aChildSet = (over: Partial<ObservedChildRunnerSet> = {}): ObservedChildRunnerSet => ({
  name: 'demo',
  uid: 'ers-1',
  current: true,
  replicas: 0,
  scaleSetId: 7,
  pending: 0,
  running: 0,
  failed: 0,
  ...over,
});

export const anOlderSet = (over: Partial<ObservedChildRunnerSet> = {}): ObservedChildRunnerSet => {
  const { current: _current, ...older } = aChildSet({ name: 'demo-older', uid: 'ers-0', ...over });
  return older;
};

export const aListener = (over: Partial<ObservedChildListener> = {}): ObservedChildListener => ({
  namespace: 'team',
  name: 'demo-listener',
  uid: 'al-1',
  current: true,
  scaleSetId: 7,
  ready: { status: 'True', reason: 'Polling', message: 'It polls.' },
  ...over,
});

export const aLeftListener = (over: Partial<ObservedChildListener> = {}): ObservedChildListener => {
  const { current: _current, ...left } = aListener({ name: 'demo-left', uid: 'al-0', ...over });
  return left;
};

export const prepared: Prepared = {
  specHash: 'asked-1',
  gitHubAnnotations: '7/Default/demo',
  previousAnnotations: '7/Default/demo',
  scaleSetId: 7,
  group: 'Default',
  scaleSetName: 'demo',
  missingLabels: [],
};

interface Parts extends Partial<Omit<AutoscalingRunnerSetState, 'seen'>> {
  scaleSet?: Partial<ObservedAutoscalingRunnerSet> | null;
  runnerSets?: ObservedChildRunnerSet[];
  listeners?: ObservedChildListener[];
}

/** A scale set that stands as it should, but for what is given. */
export function aState({
  scaleSet = {},
  runnerSets = [aChildSet()],
  listeners = [aListener()],
  ...over
}: Parts = {}) {
  const state: AutoscalingRunnerSetState = {
    ...emptyAutoscalingRunnerSetState(),
    seen: {
      autoscalingRunnerSet: scaleSet && aScaleSet(scaleSet),
      wanted: 'wanted-1',
      runnerSets,
      listeners,
    },
    prepared: { ...prepared },
    ...over,
  };
  return state;
}

const circumstances = (
  over: Partial<AutoscalingRunnerSetCircumstances> = {},
): AutoscalingRunnerSetCircumstances => ({
  now: NOW,
  name: 'demo',
  stepping: false,
  publishing: false,
  mayPublishAt: 0,
  draining: false,
  ...over,
});

export const plan = (
  state: AutoscalingRunnerSetState,
  over: Partial<AutoscalingRunnerSetCircumstances> = {},
): AutoscalingRunnerSetPlan => decideAutoscalingRunnerSet(state, circumstances(over));
