import type { ObservedPod } from '../../../../src/messages/observations.ts';
import {
  endingDueAt,
  endingOf,
  hadCountedJob,
  isPremature,
  noteDeadlines,
} from '../../../../src/workflows/ephemeral-runner-set/policies/runner-ending.ts';
import type { RunnerState } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import { stageOf } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import { aPod, busyRunner, idleRunner, NOW, pendingRunner, seen } from '../builders.ts';

const withPod = (pod: Partial<ObservedPod>, over: Partial<RunnerState> = {}): RunnerState => ({
  ...idleRunner('r', { pod: aPod(pod) }),
  ...over,
});
const { pod: _gone, ...noPod } = seen({ runnerId: 1 });

describe('the end of a runner, in words', () => {
  test.each<[string, RunnerState, object]>([
    [
      'completed',
      withPod({ ended: true, exitCode: 0 }, { used: true }),
      { end: 'completed', reason: 'Completed' },
    ],
    [
      'the pod’s own words',
      withPod({ phase: 'Failed', ended: true, reason: 'DeadlineExceeded', message: 'too long' }),
      { end: 'failed', reason: 'DeadlineExceeded', message: 'too long' },
    ],
    ['its exit code', withPod({ ended: true, exitCode: 3 }), { end: 'failed', reason: 'ExitCode3' }],
    ['no words at all', withPod({ phase: 'Failed', ended: true }), { end: 'failed', reason: 'PodFailed' }],
    [
      'the platform’s words',
      withPod({ phase: 'Failed', ended: true, disrupted: true, reason: 'OutOfcpu', message: 'no room' }),
      { end: 'disrupted', reason: 'OutOfcpu', message: 'no room' },
    ],
    ['deleted', withPod({ going: true }), { end: 'disrupted', reason: 'PodTerminating' }],
    ['gone', { name: 'r', podSeen: true, seen: noPod }, { end: 'disrupted', reason: 'PodGone' }],
    [
      'gone with its job',
      { ...busyRunner(), podSeen: true, seen: { ...noPod, hasJob: true } },
      { end: 'lost', reason: 'PodGone' },
    ],
    [
      'never used',
      withPod({ ended: true, exitCode: 0 }, { unused: true }),
      {
        end: 'failed',
        reason: 'EndedWithoutJob',
        message: expect.stringMatching(/"runner" ended with exit code 0 .* The likely cause: .* no command/),
      },
    ],
    [
      'stopped after a while',
      withPod({ ended: true, exitCode: 0 }, { unused: true, settledIn: true }),
      { end: 'disrupted', reason: 'RunnerStopped' },
    ],
    [
      'version',
      withPod({ ended: true, exitCode: 7 }),
      { end: 'outdated', message: expect.stringContaining('version') },
    ],
    ['left as Failed', { name: 'r', seen: seen({ phase: 'Failed' }) }, { end: 'rejected' }],
    [
      'outlived',
      { ...busyRunner(), jobEndedAt: NOW, jobResult: 'succeeded', outlived: true },
      { end: 'outlived', reason: 'RunnerOutlivedJob', message: expect.stringContaining('(succeeded)') },
    ],
  ])('%s', (_what, runner, expected) => {
    expect(endingOf(runner, NOW)).toMatchObject(expected);
  });

  test.each([
    ['pending', pendingRunner()],
    ['idle', idleRunner()],
    ['busy', busyRunner()],
    ['after its job', { ...busyRunner(), jobEndedAt: NOW }],
    ['unclear', withPod({ ended: true, exitCode: 0 })],
  ])('not of one that goes on: %s', (_what, runner) => {
    expect(endingOf(runner, NOW)).toBeUndefined();
  });
});

describe('time alone', () => {
  test('lets a pod be missing that was never seen', () => {
    const runner: RunnerState = { name: 'r', madeAt: NOW, seen: seen() };
    expect(endingDueAt(runner, {})).toBe(NOW + 60_000);
    noteDeadlines(runner, NOW + 59_999, {});
    expect(endingOf(runner, NOW)).toBeUndefined();
    noteDeadlines(runner, NOW + 60_000, {});
    expect(endingOf(runner, NOW)?.reason).toBe('PodGone');
    expect(endingDueAt(runner, {})).toBe(Infinity);
  });

  test.each([
    [{}, 60_000],
    [{ jobEndGraceSeconds: 5 }, 5_000],
    [{ jobEndGraceSeconds: 0 }, 0],
  ])('ends a runner that outlives its job: %j', (limits, graceMs) => {
    const runner = { ...busyRunner(), jobEndedAt: NOW };
    expect(stageOf(runner)).toBe('ending');
    expect(endingDueAt(runner, limits)).toBe(NOW + graceMs);
    noteDeadlines(runner, NOW + graceMs - 1, limits);
    expect(endingOf(runner, NOW)).toBeUndefined();
    noteDeadlines(runner, NOW + graceMs, limits);
    expect(endingOf(runner, NOW)?.end).toBe('outlived');
  });

  test('believes that a runner had a job where GitHub cannot be asked', () => {
    const runner = withPod({ ended: true, exitCode: 0 }, { endedAt: NOW });
    expect(endingDueAt(runner, {})).toBe(NOW + 30_000);
    noteDeadlines(runner, NOW + 30_000, {});
    expect(endingOf(runner, NOW)?.end).toBe('completed');
  });

  test('ends nothing twice', () => {
    expect(endingDueAt({ ...busyRunner(), jobEndedAt: NOW, end: 'completed' }, {})).toBe(Infinity);
  });
});

test('only an end that was noted while the pod goes on is taken back when GitHub says that there is a job', () => {
  expect(isPremature(withPod({ going: true }, { end: 'disrupted' }))).toBe(true);
  expect(isPremature(withPod({}, { end: 'unregistered' }))).toBe(true);
  expect(isPremature(withPod({ ended: true }, { end: 'disrupted' }))).toBe(false);
  expect(isPremature(withPod({}, { end: 'outlived' }))).toBe(false);
  expect(isPremature({ name: 'r', seen: noPod, end: 'disrupted' })).toBe(false);
});

test('an order counts the job of a runner that completed, unless the listener told that it does not', () => {
  const completed = { end: 'completed', reason: 'Completed' } as const;
  expect(hadCountedJob(busyRunner(), completed)).toBe(true);
  expect(hadCountedJob({ ...idleRunner(), heldByJob: true }, completed)).toBe(true);
  expect(hadCountedJob({ ...busyRunner(), jobEndedAt: NOW }, completed)).toBe(false);
  expect(hadCountedJob(idleRunner(), completed)).toBe(false);
  expect(hadCountedJob(busyRunner(), { end: 'lost', reason: 'PodGone' })).toBe(false);
});
