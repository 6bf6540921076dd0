import {
  isPrepared,
  preparationStep,
} from '../../../../src/workflows/autoscaling-runner-set/policies/preparation.ts';
import type { AutoscalingRunnerSetState } from '../../../../src/workflows/autoscaling-runner-set/state.ts';
import { emptyAutoscalingRunnerSetState } from '../../../../src/workflows/autoscaling-runner-set/state.ts';
import { aChildSet, aLeftListener, aListener, anOlderSet, aState, prepared } from '../builders.ts';

const gone = { reason: 'ScaleSetNotFound', message: '' };
const fresh = {
  scaleSet: { gitHubAnnotations: '', hasFinalizer: undefined as never },
  runnerSets: [],
  listeners: [],
};
const unprepared = (parts: Parameters<typeof aState>[0] = {}) => {
  const { prepared: _none, ...state } = aState(parts);
  return state;
};

describe('whether the scale set at GitHub is looked after', () => {
  test.each<[string, AutoscalingRunnerSetState, boolean]>([
    ['nothing was seen yet', emptyAutoscalingRunnerSetState(), false],
    ['it no longer exists', aState({ scaleSet: null }), false],
    ['everything stands', aState(), false],
    ['a new one', unprepared(fresh), true],
    ['a workflow that lost its memory', unprepared(), true],
    ['the spec asks for something else', aState({ scaleSet: { specHash: 'asked-2' } }), true],
    ['the finalizer was taken off', aState({ scaleSet: { hasFinalizer: undefined as never } }), true],
    ['the id was edited', aState({ scaleSet: { gitHubAnnotations: '8/Default/demo' } }), true],
    ['the annotations were taken away', aState({ scaleSet: { gitHubAnnotations: '' } }), true],
    [
      'its own annotations come late',
      aState({ scaleSet: { gitHubAnnotations: '' }, prepared: { ...prepared, previousAnnotations: '' } }),
      false,
    ],
    ['the set says that it is gone', aState({ runnerSets: [aChildSet({ blocked: gone })] }), true],
    [
      'the set says something else',
      aState({ runnerSets: [aChildSet({ blocked: { reason: 'QuotaExceeded', message: '' } })] }),
      false,
    ],
    [
      'the listener says that it is gone',
      aState({ listeners: [aListener({ ready: { status: 'False', ...gone } })] }),
      true,
    ],
    [
      'a set of an earlier scale set says so',
      aState({ runnerSets: [aChildSet({ scaleSetId: 6, blocked: gone })] }),
      false,
    ],
    [
      'a listener of an earlier scale set says so',
      aState({ listeners: [aListener({ scaleSetId: 6, ready: { status: 'False', ...gone } })] }),
      false,
    ],
    ['an older set says so', aState({ runnerSets: [aChildSet(), anOlderSet({ blocked: gone })] }), false],
    [
      'a listener that was left says so',
      aState({ listeners: [aListener(), aLeftListener({ ready: { status: 'False', ...gone } })] }),
      false,
    ],
  ])('%s', (_what, state, needed) => {
    expect(preparationStep(state)?.name).toBe(needed ? 'prepare' : undefined);
  });
});

test('the reason is what the spec asks for, what the annotations say, and that it is gone', () => {
  const keyOf = (state: AutoscalingRunnerSetState) => preparationStep(state)?.key;
  expect(keyOf(aState({ scaleSet: { specHash: 'asked-2' } }))).toBe('1 asked-2 7/Default/demo false');
  expect(keyOf(aState({ scaleSet: { gitHubAnnotations: '' } }))).toBe('1 asked-1  false');
  expect(keyOf(aState({ runnerSets: [aChildSet({ blocked: gone })] }))).toBe('1 asked-1 7/Default/demo gone');
});

test.each<[string, AutoscalingRunnerSetState, boolean]>([
  ['it is what the spec asks for', aState(), true],
  ['it never was looked after', unprepared(), false],
  ['the spec asks for something else', aState({ scaleSet: { specHash: 'asked-2' } }), false],
  ['only its annotations differ', aState({ scaleSet: { gitHubAnnotations: '' } }), true],
  ['it no longer exists', aState({ scaleSet: null }), false],
])('whether children can be made for it: %s', (_what, state, expected) => {
  expect(isPrepared(state)).toBe(expected);
});

test('what was left at another URL is tried until it is gone, as one and the same step', () => {
  const state = aState({ scaleSet: { left: true } });
  expect(preparationStep(state)?.key).toBe('1 asked-1 7/Default/demo false left');
  expect(preparationStep(aState())).toBeUndefined();
});

test('what GitHub would not change is tried again, as one and the same step; children are made all the same', () => {
  const refused = { reason: 'ScaleSetNameTaken', message: '' };
  const state = aState({ prepared: { ...prepared, refused } });
  expect(preparationStep(state)?.key).toBe('1 asked-1 7/Default/demo false');
  expect(isPrepared(state)).toBe(true);
});
