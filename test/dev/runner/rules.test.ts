import { createRules } from '../../../dev/runner/rules.ts';

const pod = (name: string) => ({ namespace: 'ns', name });

it('hits the pods of its set, as often as it says', () => {
  const rules = createRules();
  rules.add({ set: 'demo', exitCode: 7, times: 2 });
  expect(rules.take(pod('other-runner-a'))).toBeUndefined();
  expect(rules.take(pod('demo-runner-a'))?.exitCode).toBe(7);
  expect(rules.take(pod('demo-runner-b'))?.exitCode).toBe(7);
  expect(rules.take(pod('demo-runner-c'))).toBeUndefined();
});

it('hits everything without a set, until the rules are cleared', () => {
  const rules = createRules();
  rules.add({ evict: true });
  expect(rules.take(pod('a'))?.evict).toBe(true);
  expect(rules.take(pod('b'))?.evict).toBe(true);
  rules.clear();
  expect(rules.take(pod('c'))).toBeUndefined();
});

it('keeps to its namespace', () => {
  const rules = createRules();
  rules.add({ namespace: 'other', exitCode: 1 });
  expect(rules.take(pod('a'))).toBeUndefined();
});
