import type { RunnerSettings } from '../../../../src/messages/settings.ts';
import { needsProtection } from '../../../../src/workflows/ephemeral-runner-set/policies/job-protection.ts';
import type { RunnerState } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import { DEFAULT_SETTINGS } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { aPod, busyRunner, idleRunner } from '../builders.ts';

const protectedOf = (runners: RunnerState[], settings: Partial<RunnerSettings> = {}): string[] =>
  runners
    .filter((runner) => needsProtection(runner, { ...DEFAULT_SETTINGS, ...settings }))
    .map(({ name }) => name);

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

test('not at all when it is turned off; with annotations alone as well', () => {
  expect(protectedOf([busyRunner('a')], { jobProtection: 'off' })).toEqual([]);
  expect(protectedOf([busyRunner('a')], { jobProtection: 'annotations' })).toEqual(['a']);
});
