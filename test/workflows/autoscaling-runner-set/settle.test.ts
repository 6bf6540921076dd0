import { noteOutdated, settleStep } from '../../../src/workflows/autoscaling-runner-set/settle.ts';
import type { AutoscalingRunnerSetState } from '../../../src/workflows/autoscaling-runner-set/state.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';
import { aChildSet, aState, prepared } from './builders.ts';

const step = { name: 'prepare', key: 'k' } as const;
const fail = (state: AutoscalingRunnerSetState, reason: string) =>
  settleStep(state, { repairs: 0, uid: 'ars-1', step, stopped: { reason, message: 'm' } }, NOW);
const { previousAnnotations: _before, ...result } = { ...prepared, events: [] };

describe('Events', () => {
  test('tell when trouble begins, not of every try', () => {
    const state = aState();
    for (const reason of ['SecretNotFound', 'SecretNotFound', 'GitHubRefused']) fail(state, reason);
    expect(state.events.map(({ reason }) => reason)).toEqual(['SecretNotFound', 'GitHubRefused']);
    settleStep(state, { repairs: 0, uid: 'ars-1', step }, NOW);
    expect(state.stepFailures).toEqual({});
  });

  test('tell of the same trouble again once it was over', () => {
    const state = aState();
    fail(state, 'SecretNotFound');
    settleStep(state, { repairs: 0, uid: 'ars-1', step }, NOW);
    fail(state, 'SecretNotFound');
    expect(state.events.map(({ reason }) => reason)).toEqual(['SecretNotFound', 'SecretNotFound']);
  });

  test('tell of labels that GitHub dropped, once', () => {
    const state = aState();
    const dropped = { ...prepared, missingLabels: ['gpu'], events: [] };
    settleStep(state, { repairs: 0, uid: 'ars-1', step, prepared: dropped }, NOW);
    settleStep(state, { repairs: 0, uid: 'ars-1', step, prepared: dropped }, NOW);
    expect(state.events.map(({ reason }) => reason)).toEqual(['LabelsDropped']);
    settleStep(
      state,
      { repairs: 0, uid: 'ars-1', step, prepared: { ...dropped, missingLabels: ['gpu', 'arm'] } },
      NOW,
    );
    expect(state.events.at(-1)?.message).toContain('gpu, arm');
    settleStep(state, { repairs: 0, uid: 'ars-1', step, prepared: { ...dropped, missingLabels: [] } }, NOW);
    expect(state.events).toHaveLength(2);
  });

  test('tell what GitHub would not change, once as long as it is the same', () => {
    const state = aState();
    const settle = (over: object) =>
      settleStep(
        state,
        { repairs: 0, uid: 'ars-1', step, prepared: { ...prepared, ...over, events: [] } },
        NOW,
      );
    const refused = { reason: 'ScaleSetNameTaken', message: 'm' };
    for (const over of [{ refused }, { refused }, {}, { refused }]) settle(over);
    expect(state.events.map(({ reason }) => reason)).toEqual(['ScaleSetNameTaken', 'ScaleSetNameTaken']);
    expect(state.prepared?.refused).toEqual(refused);
  });

  test('tell that a scale set stays for another one', () => {
    const state = aState();
    const removal = { name: 'remove', key: 'k' } as const;
    settleStep(state, { repairs: 0, uid: 'ars-1', step: removal, kept: 'It stays.' }, NOW);
    expect(state.events).toEqual([{ type: 'Normal', reason: 'ScaleSetKept', message: 'It stays.' }]);
    expect(state.removed).toBe(true);
  });

  test('tell when runners become outdated, and when a new template ends that', () => {
    const state = aState({ runnerSets: [aChildSet({ phase: 'Outdated' })] });
    noteOutdated(state);
    noteOutdated(state);
    state.seen!.runnerSets = [aChildSet()];
    noteOutdated(state);
    noteOutdated(state);
    expect(state.events.map(({ reason }) => reason)).toEqual(['Outdated', 'Resumed']);
  });

  test('tell nothing of a scale set whose runners were always accepted', () => {
    const state = aState();
    noteOutdated(state);
    expect(state.events).toEqual([]);
  });
});

describe('what a step came to', () => {
  test.each(['prepare', 'apply', 'remove', 'release'] as const)(
    'of another one of the same name is true of that one only: %s',
    (name) => {
      const state = aState();
      const before = structuredClone(state);
      const outcome = { step: { name, key: 'k' }, uid: 'of-the-first', repairs: 0 } as const;
      settleStep(state, { ...outcome, prepared: { ...result, events: [] } }, NOW);
      settleStep(state, { ...outcome, stopped: { reason: 'GitHubRefused', message: 'm' } }, NOW);
      expect(state).toEqual(before);
    },
  );

  test('a failure of a try that began before something was repaired tells nothing of now', () => {
    const state = { ...aState(), repairs: 1 };
    fail(state, 'SecretNotFound');
    expect(state).toMatchObject({ stepBackoffs: {}, stepFailures: {}, events: [] });
  });

  test('the scale set is remembered with what the annotations said before, and has its finalizer', () => {
    const { prepared: _none, ...state } = aState({
      scaleSet: { gitHubAnnotations: '', hasFinalizer: undefined as never },
    });
    const created = { type: 'Normal' as const, reason: 'ScaleSetCreated', message: 'm' };
    const after: AutoscalingRunnerSetState = state;
    settleStep(after, { repairs: 0, uid: 'ars-1', step, prepared: { ...result, events: [created] } }, NOW);
    expect(after.prepared).toEqual({ ...prepared, previousAnnotations: '' });
    expect(after.seen?.autoscalingRunnerSet?.hasFinalizer).toBe(true);
    expect(after.events).toEqual([created]);
  });

  test('one that could not be done is not repeated at once, and neither is one without effect', () => {
    const state = aState();
    fail(state, 'SecretNotFound');
    expect(state.stepBackoffs['prepare']).toEqual({ key: 'k', tries: 1, notBefore: NOW + 1_000 });
    settleStep(state, { repairs: 0, uid: 'ars-1', step: { ...step, key: 'other' } }, NOW);
    expect(state.stepBackoffs['prepare']).toEqual({ key: 'other', tries: 1, notBefore: NOW + 2_000 });
  });

  test('a failure is of its step alone', () => {
    const state = aState();
    fail(state, 'SecretNotFound');
    settleStep(state, { repairs: 0, uid: 'ars-1', step: { name: 'apply', key: 'k' } }, NOW);
    expect(state.stepFailures).toEqual({ prepare: { reason: 'SecretNotFound', message: 'm' } });
  });

  test('removed and released is what was done, not what was tried', () => {
    const state = aState();
    for (const name of ['remove', 'release'] as const) {
      settleStep(
        state,
        { repairs: 0, uid: 'ars-1', step: { name, key: 'k' }, stopped: { reason: 'r', message: 'm' } },
        NOW,
      );
    }
    expect(state.removed ?? state.released).toBeUndefined();
    settleStep(state, { repairs: 0, uid: 'ars-1', step: { name: 'remove', key: 'k' } }, NOW);
    expect(state.removed).toBe(true);
    expect(state.released).toBeUndefined();
    settleStep(state, { repairs: 0, uid: 'ars-1', step: { name: 'release', key: 'k' } }, NOW);
    expect(state.released).toBe(true);
  });
});
