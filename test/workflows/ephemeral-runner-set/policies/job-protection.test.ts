import { needsProtection } from '../../../../src/workflows/ephemeral-runner-set/policies/job-protection.ts';
import type { RunnerState } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import { aPod, busyRunner, idleRunner } from '../builders.ts';

const protectedOf = (runners: RunnerState[]): string[] =>
  runners.filter(needsProtection).map(({ name }) => name);

test('the pod of a runner that has a job is to be marked, once; idle ones are not', () => {
  expect(protectedOf([busyRunner('a'), { ...busyRunner('b'), protected: true }, idleRunner('c')])).toEqual([
    'a',
  ]);
});

test('one that GitHub says has a job counts, one that has ended or has no pod yet does not', () => {
  const runners = [
    { ...idleRunner('held'), heldByJob: true },
    { ...busyRunner('ended'), end: 'completed' as const },
    idleRunner('early', { hasJob: true, pod: aPod({ phase: 'Pending' }) }),
  ];
  expect(protectedOf(runners)).toEqual(['held']);
});

test('one that is being deleted is marked all the same', () => {
  expect(protectedOf([idleRunner('a', { hasJob: true, deleting: true })])).toEqual(['a']);
});
