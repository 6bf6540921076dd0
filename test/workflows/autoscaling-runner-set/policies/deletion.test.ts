import {
  deadlineOf,
  deletionStep,
  orphansStep,
} from '../../../../src/workflows/autoscaling-runner-set/policies/deletion.ts';
import { settleStep } from '../../../../src/workflows/autoscaling-runner-set/settle.ts';
import type { AutoscalingRunnerSetState } from '../../../../src/workflows/autoscaling-runner-set/state.ts';
import { emptyAutoscalingRunnerSetState } from '../../../../src/workflows/autoscaling-runner-set/state.ts';
import { NOW } from '../../ephemeral-runner-set/builders.ts';
import { aChildSet, aListener, anOlderSet, aState } from '../builders.ts';

const deleting = { scaleSet: { deleting: true }, deletingSince: NOW } as const;
const childless = { ...deleting, runnerSets: [], listeners: [] };
const going = { deleting: true } as const;

describe('the next step of a deletion', () => {
  test.each<[string, AutoscalingRunnerSetState, object | undefined]>([
    ['first the listener', aState(deleting), { name: 'drop', listeners: [{ uid: 'al-1' }], runnerSets: [] }],
    ['which is awaited', aState({ ...deleting, listeners: [aListener(going)] }), undefined],
    [
      'then the runners, of all sets',
      aState({ ...deleting, runnerSets: [aChildSet(), anOlderSet()], listeners: [] }),
      { name: 'drop', runnerSets: [{ uid: 'ers-1' }, { uid: 'ers-0' }], listeners: [] },
    ],
    ['which are awaited', aState({ ...childless, runnerSets: [aChildSet(going)] }), undefined],
    ['then the scale set at GitHub', aState(childless), { name: 'remove', key: '7/Default/demo false' }],
    ['then the protection', aState({ ...childless, removed: true }), { name: 'release', key: 'ars-1' }],
    [
      'without an id there is nothing to do at GitHub',
      aState({ ...childless, scaleSet: { deleting: true, gitHubAnnotations: '' } }),
      { name: 'release' },
    ],
    [
      'with what was left at another URL, there is',
      aState({ ...childless, scaleSet: { deleting: true, gitHubAnnotations: '', left: true } }),
      { name: 'remove' },
    ],
    [
      'what is to be left alone: the listener goes, which nobody could end later',
      aState({ ...deleting, scaleSet: { deleting: true, orphaning: true } }),
      { name: 'drop', listeners: [{ uid: 'al-1' }], runnerSets: [] },
    ],
    [
      'what is to be left alone: runners and scale set stay',
      aState({ ...deleting, listeners: [], scaleSet: { deleting: true, orphaning: true } }),
      { name: 'release', key: 'ars-1' },
    ],
    ['then nothing', aState({ ...childless, removed: true, released: true }), undefined],
    [
      'nor when somebody took the finalizer off',
      aState({ ...deleting, scaleSet: { deleting: true, hasFinalizer: undefined as never } }),
      undefined,
    ],
    ['nor before anything was seen', emptyAutoscalingRunnerSetState(), undefined],
  ])('%s', (_what, state, expected) => {
    const step = deletionStep(state, NOW);
    if (expected) expect(step).toMatchObject(expected);
    else expect(step).toBeUndefined();
  });

  test('after the deadline GitHub no longer holds it up: another reason, so it is done at once', () => {
    const state = aState({ ...childless, deadlineSeconds: 60 });
    expect(deletionStep(state, NOW + 59_999)).toEqual({ name: 'remove', key: '7/Default/demo false' });
    expect(deletionStep(state, NOW + 60_000)).toEqual({
      name: 'remove',
      key: '7/Default/demo true',
      force: true,
    });
  });

  test('what is left at GitHub is told', () => {
    const state = aState(childless);
    const step = deletionStep(state, NOW + 300_000)!;
    settleStep(state, { repairs: 0, uid: 'ars-1', step, leaked: 'Scale set 7 was left.' }, NOW + 300_000);
    expect(state.events).toEqual([
      { type: 'Warning', reason: 'ScaleSetLeaked', message: 'Scale set 7 was left.' },
    ]);
    expect(deletionStep(state, NOW + 300_000)).toMatchObject({ name: 'release' });
  });
});

test('the deadline counts from when the deletion was seen; without one there is none', () => {
  expect(deadlineOf(aState({ deletingSince: NOW, deadlineSeconds: 60 }))).toBe(NOW + 60_000);
  expect(deadlineOf(aState())).toBe(Infinity);
});

test('one that went without us leaves its listener, which goes once', () => {
  expect(orphansStep(aState({ scaleSet: null }))).toMatchObject({
    name: 'drop',
    listeners: [{ uid: 'al-1' }],
    runnerSets: [],
  });
  expect(orphansStep(aState({ scaleSet: null, listeners: [aListener(going)] }))).toBeUndefined();
  expect(orphansStep(aState({ scaleSet: null, listeners: [] }))).toBeUndefined();
  expect(orphansStep(emptyAutoscalingRunnerSetState())).toBeUndefined();
});
