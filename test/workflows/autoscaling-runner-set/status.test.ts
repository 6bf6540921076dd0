import type { AutoscalingRunnerSetState } from '../../../src/workflows/autoscaling-runner-set/state.ts';
import {
  autoscalingRunnerSetStatus,
  isOutdated,
  publicationKey,
  wordsKey,
} from '../../../src/workflows/autoscaling-runner-set/status.ts';
import { aChildSet, aListener, anOlderSet, aState, prepared } from './builders.ts';

const condition = (state: AutoscalingRunnerSetState, type: string) =>
  autoscalingRunnerSetStatus(state).conditions.find((each) => each.type === type);

test('counters are those of all sets', () => {
  const runnerSets = [aChildSet({ pending: 1, running: 2, failed: 3 }), anOlderSet({ running: 4 })];
  expect(autoscalingRunnerSetStatus(aState({ runnerSets }))).toMatchObject({
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
  ['no set', aState({ runnerSets: [] }), 'Pending'],
  ['its runners are outdated', aState({ runnerSets: [outdated] }), 'Outdated'],
  ['a newer template is on its way', aState({ runnerSets: [{ ...outdated, stale: 'template' }] }), 'Running'],
])('phase: %s', (_what, state, phase) => {
  expect(autoscalingRunnerSetStatus(state).phase).toBe(phase);
});

test.each<[string, AutoscalingRunnerSetState, string, string]>([
  ['all is well', aState(), 'True', 'Listening'],
  ['a lost Secret', aState({ stepFailures: { prepare: secret } }), 'False', 'SecretNotFound'],
  ['children refused', aState({ stepFailures: { apply: secret } }), 'False', 'SecretNotFound'],
  [
    'the deepest cause first',
    aState({
      stepFailures: { drop: { ...secret, reason: 'Forbidden' }, prepare: secret },
      runnerSets: [outdated],
    }),
    'False',
    'SecretNotFound',
  ],
  ['what is not dropped', aState({ stepFailures: { drop: secret } }), 'False', 'SecretNotFound'],
  [
    'a deletion that is held up is no matter of jobs',
    aState({ stepFailures: { remove: secret } }),
    'True',
    'Listening',
  ],
  ['outdated', aState({ runnerSets: [outdated] }), 'False', 'Outdated'],
  ['being set up', aState({ listeners: [] }), 'False', 'Pending'],
  ['no runner can be created', aState({ runnerSets: [blocked] }), 'False', 'QuotaExceeded'],
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
  ['Outdated', 'yes', aState({ runnerSets: [outdated] }), 'True', 'RunnerVersionDeprecated'],
  ['Paused', 'no', aState(), 'False', 'NotPaused'],
  ['Paused', 'yes', aState({ scaleSet: { paused: true } }), 'True', 'PausedByAnnotation'],
  [
    'Paused',
    'its set alone',
    aState({ runnerSets: [aChildSet({ paused: true })] }),
    'True',
    'RunnerSetPaused',
  ],
  [
    'Paused',
    'an older set alone',
    aState({ runnerSets: [aChildSet(), anOlderSet({ paused: true })] }),
    'False',
    'NotPaused',
  ],
  ['UpdatePending', 'no', aState(), 'False', 'UpToDate'],
  [
    'UpdatePending',
    'yes',
    aState({ scaleSet: { eventual: true }, runnerSets: [aChildSet({ stale: 'template', busy: true })] }),
    'True',
    'WaitingForJobs',
  ],
])('%s: %s', (type, _what, state, status, reason) => {
  expect(condition(state, type)).toMatchObject({ status, reason });
});

test('a status differs by what it says and by the generation; its words, by what is no counter', () => {
  const keys = (state: AutoscalingRunnerSetState, generation = 1) => {
    const status = autoscalingRunnerSetStatus(state);
    return { key: publicationKey(status, generation), words: wordsKey(status, generation) };
  };
  const [calm, counting] = [keys(aState()), keys(aState({ runnerSets: [aChildSet({ running: 3 })] }))];
  expect(calm).toEqual(keys(aState()));
  expect(counting.key).not.toBe(calm.key);
  expect(counting.words).toBe(calm.words);
  expect(keys(aState({ stepFailures: { apply: secret } })).words).not.toBe(calm.words);
  expect(keys(aState(), 2).key).not.toBe(calm.key);
  expect(keys(aState(), 2).words).not.toBe(calm.words);
});

test.each<[string, AutoscalingRunnerSetState, boolean]>([
  ['its runners are refused', aState({ runnerSets: [outdated] }), true],
  ['only a label is new', aState({ runnerSets: [{ ...outdated, stale: 'metadata' }] }), true],
  ['a newer template is on its way', aState({ runnerSets: [{ ...outdated, stale: 'template' }] }), false],
  ['an older set is', aState({ runnerSets: [aChildSet(), anOlderSet({ phase: 'Outdated' })] }), false],
  ['it has no set', aState({ runnerSets: [] }), false],
])('whether it is outdated: %s', (_what, state, expected) => {
  expect(isOutdated(state)).toBe(expected);
});

test('what GitHub would not change is said of the scale set, which takes jobs as it is', () => {
  const refused = { reason: 'RunnerGroupNotFound', message: 'Scale set 7 goes on.' };
  const state = aState({ prepared: { ...prepared, refused } });
  expect(condition(state, 'ScaleSetReady')).toMatchObject({ status: 'False', ...refused });
  expect(condition(state, 'Ready')).toMatchObject({ status: 'True' });
});
