import {
  childrenStep,
  currentListener,
  currentRunnerSet,
  holdsBack,
  leftoverStep,
} from '../../../../src/workflows/autoscaling-runner-set/policies/children.ts';
import type { AutoscalingRunnerSetState } from '../../../../src/workflows/autoscaling-runner-set/state.ts';
import { emptyAutoscalingRunnerSetState } from '../../../../src/workflows/autoscaling-runner-set/state.ts';
import { aChildSet, aLeftListener, aListener, anOlderSet, aState } from '../builders.ts';

test('the children are the ones that are current', () => {
  const state = aState({
    runnerSets: [anOlderSet(), aChildSet()],
    listeners: [aLeftListener(), aListener()],
  });
  expect([currentRunnerSet(state)?.uid, currentListener(state)?.uid]).toEqual(['ers-1', 'al-1']);
  const none = aState({ runnerSets: [anOlderSet()], listeners: [aLeftListener()] });
  expect([currentRunnerSet(none), currentListener(none)]).toEqual([undefined, undefined]);
  expect(currentRunnerSet(emptyAutoscalingRunnerSetState())).toBeUndefined();
});

describe('whether children are made or brought up to date', () => {
  test.each<[string, AutoscalingRunnerSetState, boolean]>([
    ['both stand', aState(), false],
    ['there are none', aState({ runnerSets: [], listeners: [] }), true],
    ['no listener', aState({ listeners: [] }), true],
    ['no set', aState({ runnerSets: [] }), true],
    ['only an older set', aState({ runnerSets: [anOlderSet()] }), true],
    ['another template', aState({ runnerSets: [aChildSet({ stale: 'template' })] }), true],
    ['another label', aState({ runnerSets: [aChildSet({ stale: 'metadata' })] }), true],
    ['other limits', aState({ listeners: [aListener({ stale: true })] }), true],
    [
      'a stale listener that goes',
      aState({ listeners: [aListener({ stale: true, deleting: true })] }),
      false,
    ],
    [
      'the set was deleted, and its name is still taken',
      aState({ runnerSets: [anOlderSet({ name: 'demo', deleting: true })] }),
      false,
    ],
    ['one of another name was deleted', aState({ runnerSets: [anOlderSet({ deleting: true })] }), true],
  ])('%s', (_what, state, needed) => {
    expect(childrenStep(state, 'demo')?.name).toBe(needed ? 'apply' : undefined);
  });

  test('the reason is what is wanted and what stands there', () => {
    expect(childrenStep(aState({ runnerSets: [aChildSet({ stale: 'metadata' })] }), 'demo')).toEqual({
      name: 'apply',
      key: 'wanted-1 ers-1 metadata al-1  false',
    });
    expect(childrenStep(aState({ runnerSets: [], listeners: [] }), 'demo')?.key).toBe('wanted-1     false');
  });
});

describe('eventual: a new template waits for jobs', () => {
  const eventual = { eventual: true } as const;
  const set = aChildSet({ stale: 'template', busy: true });
  const { busy: _busy, ...idle } = { ...set, draining: true } as const;

  test.each<[string, AutoscalingRunnerSetState, boolean]>([
    ['a job runs', aState({ scaleSet: eventual, runnerSets: [set] }), true],
    ['the last job has ended', aState({ scaleSet: eventual, runnerSets: [idle] }), false],
    ['without the strategy', aState({ runnerSets: [set] }), false],
    [
      'only a label is new',
      aState({ scaleSet: eventual, runnerSets: [{ ...set, stale: 'metadata' }] }),
      false,
    ],
    [
      'a scale set that vanished gets no job to wait for',
      aState({ scaleSet: eventual, runnerSets: [{ ...set, scaleSetId: 6 }] }),
      false,
    ],
    [
      'an older set has a job',
      aState({
        scaleSet: eventual,
        runnerSets: [aChildSet(), anOlderSet({ stale: 'template', busy: true })],
      }),
      false,
    ],
  ])('whether it waits: %s', (_what, state, expected) => {
    expect(holdsBack(state)).toBe(expected);
  });

  test('the set is marked as draining first', () => {
    expect(childrenStep(aState({ scaleSet: eventual, runnerSets: [set] }), 'demo')).toMatchObject({
      name: 'apply',
      hold: true,
    });
  });

  test('then nothing happens until the last job has ended', () => {
    expect(
      childrenStep(aState({ scaleSet: eventual, runnerSets: [{ ...set, draining: true }] }), 'demo'),
    ).toBeUndefined();
    const then = childrenStep(aState({ scaleSet: eventual, runnerSets: [idle] }), 'demo');
    expect(then).toMatchObject({ name: 'apply' });
    expect(then).not.toHaveProperty('hold');
  });

  test('its listener does not wait with it', () => {
    const state = aState({ scaleSet: eventual, runnerSets: [{ ...set, draining: true }], listeners: [] });
    expect(childrenStep(state, 'demo')).toMatchObject({ name: 'apply', hold: true });
  });

  test('a scale set that vanished, and one without the strategy, take the template at once', () => {
    for (const state of [
      aState({ scaleSet: eventual, runnerSets: [{ ...set, scaleSetId: 6 }] }),
      aState({ runnerSets: [set] }),
    ]) {
      expect(childrenStep(state, 'demo')).toMatchObject({ name: 'apply' });
      expect(childrenStep(state, 'demo')).not.toHaveProperty('hold');
    }
  });
});

describe('what is left of earlier days', () => {
  const busy = anOlderSet({ busy: true, replicas: 2 });

  test.each<[string, AutoscalingRunnerSetState, object | undefined]>([
    ['nothing', aState(), undefined],
    [
      'a listener of an earlier URL goes',
      aState({ listeners: [aListener(), aLeftListener()] }),
      { listeners: [{ uid: 'al-0' }], runnerSets: [], empty: [] },
    ],
    [
      'also while its successor is missing',
      aState({ listeners: [aLeftListener()] }),
      { listeners: [{ uid: 'al-0' }] },
    ],
    ['not twice', aState({ listeners: [aListener(), aLeftListener({ deleting: true })] }), undefined],
    [
      'an older set goes',
      aState({ runnerSets: [aChildSet(), anOlderSet()] }),
      { runnerSets: [{ uid: 'ers-0' }], empty: [] },
    ],
    ['not before its successor stands', aState({ runnerSets: [anOlderSet()] }), undefined],
    ['not twice, either', aState({ runnerSets: [aChildSet(), anOlderSet({ deleting: true })] }), undefined],
    [
      'one with a job wants no further runner',
      aState({ runnerSets: [aChildSet(), busy] }),
      { empty: ['demo-older'], runnerSets: [] },
    ],
    ['and goes after its job', aState({ runnerSets: [aChildSet(), { ...busy, replicas: 0 }] }), undefined],
  ])('%s', (_what, state, expected) => {
    const step = leftoverStep(state);
    if (expected) expect(step).toMatchObject({ name: 'drop', ...expected });
    else expect(step).toBeUndefined();
  });
});
