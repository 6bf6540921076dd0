import { dropStep, keyOf } from '../../../src/workflows/autoscaling-runner-set/steps.ts';
import { aChildSet, aListener, anOlderSet } from './builders.ts';

test.each([
  [['asked-1', 7, true], 'asked-1 7 true'],
  [['a', undefined, 'c'], 'a  c'],
  [['a', '', false], 'a  false'],
  [[], ''],
] as const)('a reason in one line: %j', (parts, key) => {
  expect(keyOf(...parts)).toBe(key);
});

test('a missing part keeps its place, so that two reasons do not read as one', () => {
  expect(keyOf('a', undefined)).not.toBe(keyOf(undefined, 'a'));
});

test('nothing to drop is no step', () => {
  expect(dropStep({})).toBeUndefined();
  expect(dropStep({ empty: [], runnerSets: [], listeners: [] })).toBeUndefined();
});

test('what is dropped is named by uid, what is emptied by name; its order makes no other reason', () => {
  const [set, older, listener] = [aChildSet(), anOlderSet(), aListener()];
  expect(dropStep({ runnerSets: [set, older], listeners: [listener], empty: [set, older] })).toEqual({
    name: 'drop',
    key: 'al-1 ers-0 ers-1 demo demo-older',
    empty: ['demo', 'demo-older'],
    runnerSets: [set, older],
    listeners: [listener],
  });
  expect(dropStep({ runnerSets: [older, set] })?.key).toBe(dropStep({ runnerSets: [set, older] })?.key);
});
