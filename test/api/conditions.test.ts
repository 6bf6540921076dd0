import { READY_CONDITION, findCondition, isConditionTrue, setCondition } from '../../src/api/conditions.ts';
import type { Condition } from '../../src/api/conditions.ts';

const ready: Condition = {
  type: READY_CONDITION,
  status: 'True',
  reason: 'AllReady',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};
const paused: Condition = { ...ready, type: 'Paused', status: 'False', reason: 'NotPaused' };
const later = '2026-01-02T00:00:00Z';

describe('setCondition', () => {
  it('adds to what is there, or to nothing', () => {
    expect(setCondition(undefined, ready)).toEqual([ready]);
    expect(setCondition([paused], ready)).toEqual([paused, ready]);
  });

  it('keeps the time while the status stays, and takes over the rest', () => {
    const again: Condition = {
      ...ready,
      reason: 'StillReady',
      lastTransitionTime: later,
      observedGeneration: 2,
    };
    const { lastTransitionTime } = ready;
    expect(setCondition([ready, paused], again)).toEqual([{ ...again, lastTransitionTime }, paused]);
  });

  it('takes the new time when the status changes', () => {
    const broken: Condition = { ...ready, status: 'False', lastTransitionTime: later };
    expect(setCondition([ready, paused], broken)).toEqual([broken, paused]);
  });

  it('leaves its input as it was', () => {
    const list = Object.freeze([Object.freeze({ ...ready })]);
    expect(setCondition(list, { ...ready, status: 'Unknown' })).not.toBe(list);
    expect(list).toEqual([ready]);
  });
});

test('conditions are found by their type', () => {
  expect(findCondition([paused, ready], READY_CONDITION)).toBe(ready);
  expect(findCondition(undefined, READY_CONDITION)).toBeUndefined();
  expect([paused, ready].map(({ type }) => isConditionTrue([paused, ready], type))).toEqual([false, true]);
});
