import { noteOutdated, settleStep } from '../../../src/workflows/autoscaling-runner-set/settle.ts';
import { observeAutoscalingRunnerSet } from '../../../src/workflows/autoscaling-runner-set/observe.ts';
import { preparationStep } from '../../../src/workflows/autoscaling-runner-set/policies/preparation.ts';
import type { AutoscalingRunnerSetState } from '../../../src/workflows/autoscaling-runner-set/state.ts';
import { emptyAutoscalingRunnerSetState } from '../../../src/workflows/autoscaling-runner-set/state.ts';
import { autoscalingRunnerSetStatus } from '../../../src/workflows/autoscaling-runner-set/status.ts';
import {
  describeAutoscalingRunnerSet,
  viewAutoscalingRunnerSet,
} from '../../../src/workflows/autoscaling-runner-set/view.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';
import { aChildSet, aListener, anOlderSet, aScaleSet, aState, prepared } from './builders.ts';

const condition = (state: AutoscalingRunnerSetState, type: string) =>
  autoscalingRunnerSetStatus(state).conditions.find((each) => each.type === type);

test('counters are those of all sets', () => {
  const sets = [aChildSet({ pending: 1, running: 2, failed: 3 }), anOlderSet({ running: 4 })];
  expect(autoscalingRunnerSetStatus(aState({ sets }))).toMatchObject({
    currentRunners: 10,
    pendingEphemeralRunners: 1,
    runningEphemeralRunners: 6,
    failedEphemeralRunners: 3,
  });
});

const outdated = aChildSet({ phase: 'Outdated' });
const blocked = aChildSet({ blocked: { reason: 'QuotaExceeded', message: 'q' } });
const secret = { reason: 'SecretNotFound', message: 's' };

test.each<[string, AutoscalingRunnerSetState, string]>([
  ['both children stand', aState(), 'Running'],
  ['no listener', aState({ listeners: [] }), 'Pending'],
  ['no set', aState({ sets: [] }), 'Pending'],
  ['its runners are outdated', aState({ sets: [outdated] }), 'Outdated'],
  ['a newer template is on its way', aState({ sets: [{ ...outdated, stale: 'template' }] }), 'Running'],
])('phase: %s', (_what, state, phase) => {
  expect(autoscalingRunnerSetStatus(state).phase).toBe(phase);
});

test.each<[string, AutoscalingRunnerSetState, string, string]>([
  ['all is well', aState(), 'True', 'Listening'],
  ['a lost Secret', aState({ stepFailures: { prepare: secret } }), 'False', 'SecretNotFound'],
  ['children refused', aState({ stepFailures: { apply: secret } }), 'False', 'SecretNotFound'],
  ['outdated', aState({ sets: [outdated] }), 'False', 'Outdated'],
  ['being set up', aState({ listeners: [] }), 'False', 'Pending'],
  ['no runner can be created', aState({ sets: [blocked] }), 'False', 'QuotaExceeded'],
  [
    'a listener that has not reported',
    aState({ listeners: [aListener({ ready: undefined as never })] }),
    'False',
    'ListenerStarting',
  ],
  [
    'a listener in trouble',
    aState({
      listeners: [aListener({ ready: { status: 'False', reason: 'SessionConflict', message: '' } })],
    }),
    'False',
    'SessionConflict',
  ],
])('Ready: %s', (_what, state, status, reason) => {
  expect(condition(state, 'Ready')).toMatchObject({ status, reason });
});

test.each<[string, string, AutoscalingRunnerSetState, string, string]>([
  ['ScaleSetReady', 'prepared', aState(), 'True', 'ScaleSetPrepared'],
  ['ScaleSetReady', 'in trouble', aState({ stepFailures: { prepare: secret } }), 'False', 'SecretNotFound'],
  ['ScaleSetReady', 'not yet', aState({ scaleSet: { specHash: 'other' } }), 'False', 'Pending'],
  ['LabelsDiffer', 'all kept', aState(), 'False', 'LabelsApplied'],
  [
    'LabelsDiffer',
    'some lost',
    aState({ prepared: { ...prepared, missingLabels: ['gpu'] } }),
    'True',
    'LabelsDropped',
  ],
  ['Outdated', 'no', aState(), 'False', 'Accepted'],
  ['Outdated', 'yes', aState({ sets: [outdated] }), 'True', 'RunnerVersionDeprecated'],
  ['Paused', 'no', aState(), 'False', 'NotPaused'],
  ['Paused', 'yes', aState({ scaleSet: { paused: true } }), 'True', 'PausedByAnnotation'],
  ['Paused', 'its set alone', aState({ sets: [aChildSet({ paused: true })] }), 'True', 'RunnerSetPaused'],
  [
    'Paused',
    'an older set alone',
    aState({ sets: [aChildSet(), anOlderSet({ paused: true })] }),
    'False',
    'NotPaused',
  ],
  ['UpdatePending', 'no', aState(), 'False', 'UpToDate'],
  [
    'UpdatePending',
    'yes',
    aState({ scaleSet: { eventual: true }, sets: [aChildSet({ stale: 'template', busy: true })] }),
    'True',
    'WaitingForJobs',
  ],
])('%s: %s', (type, _what, state, status, reason) => {
  expect(condition(state, type)).toMatchObject({ status, reason });
});

describe('Events', () => {
  const step = { name: 'prepare', key: 'k' } as const;
  const fail = (state: AutoscalingRunnerSetState, reason: string) =>
    settleStep(state, { step, stopped: { reason, message: 'm' } }, NOW);
  test('tell when trouble begins, not of every try', () => {
    const state = aState();
    for (const reason of ['SecretNotFound', 'SecretNotFound', 'GitHubRefused']) fail(state, reason);
    expect(state.events.map(({ reason }) => reason)).toEqual(['SecretNotFound', 'GitHubRefused']);
    settleStep(state, { step }, NOW);
    expect(state.stepFailures).toEqual({});
  });
  test('tell of labels that GitHub dropped, once', () => {
    const state = aState();
    const result = { ...prepared, missingLabels: ['gpu'], events: [] };
    settleStep(state, { step, prepared: result }, NOW);
    settleStep(state, { step, prepared: result }, NOW);
    expect(state.events.map(({ reason }) => reason)).toEqual(['LabelsDropped']);
  });
  test('tell when runners become outdated, and when a new template ends that', () => {
    const state = aState({ sets: [outdated] });
    noteOutdated(state);
    noteOutdated(state);
    state.seen!.runnerSets = [aChildSet()];
    noteOutdated(state);
    expect(state.events.map(({ reason }) => reason)).toEqual(['Outdated', 'Resumed']);
  });
});

describe('observations', () => {
  const observation = {
    at: NOW,
    autoscalingRunnerSet: aScaleSet(),
    wanted: 'w',
    runnerSets: [],
    listeners: [],
  };
  test('replace what was known, and bring the settings', () => {
    const state = emptyAutoscalingRunnerSetState();
    observeAutoscalingRunnerSet(state, { ...observation, settings: { deletionDeadlineSeconds: 9 } as never });
    expect(state).toMatchObject({ seen: { wanted: 'w' }, deadlineSeconds: 9 });
  });
  test('another one of the same name starts from nothing', () => {
    const state = aState({ removed: true, released: true, deletingSince: NOW });
    observeAutoscalingRunnerSet(state, { ...observation, autoscalingRunnerSet: aScaleSet({ uid: 'ars-2' }) });
    expect(state.prepared).toBeUndefined();
    expect(state.removed ?? state.released ?? state.deletingSince).toBeUndefined();
  });
  test('the time of a deletion is when it was first seen', () => {
    const state = aState();
    observeAutoscalingRunnerSet(state, {
      ...observation,
      autoscalingRunnerSet: aScaleSet({ deleting: true }),
    });
    observeAutoscalingRunnerSet(state, {
      ...observation,
      at: NOW + 5,
      autoscalingRunnerSet: aScaleSet({ deleting: true }),
    });
    expect(state.deletingSince).toBe(NOW);
  });
  test('annotations that were only late are no news; once they were seen, somebody took them away', () => {
    const bare = { ...observation, autoscalingRunnerSet: aScaleSet({ gitHubAnnotations: '' }) };
    const state = aState({ prepared: { ...prepared, previousAnnotations: '' } });
    observeAutoscalingRunnerSet(state, bare);
    expect(preparationStep(state)).toBeUndefined();
    observeAutoscalingRunnerSet(state, observation);
    observeAutoscalingRunnerSet(state, bare);
    expect(preparationStep(state)).toMatchObject({ name: 'prepare' });
  });
});

test('the state is carried over as JSON, whole', () => {
  const state = aState({
    stepFailures: { apply: secret },
    stepBackoffs: { apply: { key: 'k', tries: 1, notBefore: 2 } },
  });
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});

test('the views are short and name what is in the way', () => {
  const state = aState({ stepFailures: { prepare: secret } });
  expect(viewAutoscalingRunnerSet(state)).toMatchObject({ scaleSetId: 7, runnerSet: 'demo', held: false });
  expect(describeAutoscalingRunnerSet(state)).toContain('Cannot prepare: **SecretNotFound** s');
  expect(describeAutoscalingRunnerSet(aState())).toContain('Listening: The scale set takes jobs.');
  expect(describeAutoscalingRunnerSet(aState())).not.toContain('Paused');
  expect(describeAutoscalingRunnerSet(aState({ scaleSet: { paused: true } }))).toContain(
    'Paused: No job is taken.',
  );
});
