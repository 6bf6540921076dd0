import {
  allowAfterFailures,
  backoffMs,
  isProof,
  withDisruption,
  withFailure,
} from '../../../../src/workflows/ephemeral-runner-set/policies/failure-backoff.ts';
import {
  DEFAULT_SETTINGS as settings,
  NO_DISRUPTIONS,
  NO_FAILURES,
} from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { NOW, busyRunner, idleRunner, placed } from '../builders.ts';

const failure = { now: NOW, reason: 'ExitCode1', message: '' };

function fail(times: number) {
  let failures = NO_FAILURES;
  for (let i = 0; i < times; i += 1) failures = withFailure(failures, failure, settings);
  return failures;
}

describe('failures in a row', () => {
  test('the wait grows by the table, the last entry repeats', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 99].map((n) => backoffMs(n, settings) / 1000)).toEqual([
      0, 5, 10, 20, 40, 80, 80, 80,
    ]);
  });

  test('the place of each failed runner stays empty for its backoff; others are made at once', () => {
    const failures = fail(2);
    expect(allowAfterFailures(10, { failures, runners: placed([]), now: NOW }, settings)).toEqual({
      count: 8,
      again: NOW + 5_000,
    });
    expect(allowAfterFailures(10, { failures, runners: placed([]), now: NOW + 5_000 }, settings)).toEqual({
      count: 9,
      again: NOW + 10_000,
    });
    expect(allowAfterFailures(10, { failures, runners: placed([]), now: NOW + 10_000 }, settings)).toEqual({
      count: 10,
    });
  });

  test('after five in a row, one runner is tried a backoff, however many are wanted', () => {
    const failures = fail(100);
    const at = (now: number) => allowAfterFailures(100, { failures, runners: placed([]), now }, settings);
    expect(at(NOW)).toEqual({ count: 0, again: NOW + 80_000 });
    expect(at(NOW + 80_000)).toEqual({ count: 1 });
  });

  test('while one is being tried, no other is', () => {
    const failures = fail(5);
    const runners = placed([{ name: 'probe', doing: 'create' }]);
    expect(allowAfterFailures(100, { failures, runners, now: NOW + 200_000 }, settings)).toEqual({
      count: 0,
    });
  });

  test('runners that were there before do not stand in the way of a try', () => {
    const runners = placed([idleRunner('old'), busyRunner('older')]);
    expect(allowAfterFailures(1, { failures: fail(5), runners, now: NOW + 80_000 }, settings).count).toBe(1);
  });

  test('failures long past are forgotten', () => {
    const later = { ...failure, now: NOW + 11 * 60_000 };
    expect(withFailure(fail(4), later, settings).inARow).toBe(1);
  });
});

describe('isProof', () => {
  const failures = fail(5);
  const young = { ...idleRunner('young'), madeAt: NOW + 1, runningSince: NOW + 2 };

  test('a runner made since, that stays up, has a job or completes, proves that runners work', () => {
    expect(isProof(young, failures, NOW + 3)).toBe(false);
    expect(isProof(young, failures, NOW + 20_000)).toBe(true);
    expect(isProof({ ...busyRunner(), madeAt: NOW + 1 }, failures, NOW + 3)).toBe(true);
    expect(isProof({ ...busyRunner(), madeAt: NOW + 1, end: 'completed' }, failures, NOW + 3)).toBe(true);
  });

  test('one that failed, or was there before, proves nothing', () => {
    expect(isProof({ ...young, end: 'failed' }, failures, NOW + 20_000)).toBe(false);
    expect(isProof(idleRunner('old'), failures, NOW + 20_000)).toBe(false);
  });
});

describe('what the platform ends', () => {
  const none = { failures: NO_FAILURES, disruptions: NO_DISRUPTIONS };
  const hit = (before: typeof none, now: number, runner: { madeAt?: number; runningSince?: number } = {}) =>
    withDisruption(before, runner, { now, settings });

  test('is replaced at once, however many there are at a time', () => {
    const one = hit(none, NOW, { madeAt: NOW - 1_000 });
    const two = hit(one, NOW + 5, { madeAt: NOW - 500 });
    expect(two.failures).toEqual(NO_FAILURES);
    expect(two.disruptions).toEqual({ wave: 1, since: NOW });
  });

  test('is paced where it hits those that came in their place, one place each', () => {
    const first = hit(none, NOW);
    const second = hit(first, NOW + 2_000, { madeAt: NOW + 1_000 });
    expect(second.failures).toMatchObject({ inARow: 0, holds: [NOW + 2_000 + backoffMs(1, settings)] });
    const sibling = hit(second, NOW + 2_001, { madeAt: NOW + 1_500 });
    expect(sibling.failures.holds).toHaveLength(2);
    const third = hit(sibling, NOW + 9_000, { madeAt: NOW + 8_000, runningSince: NOW + 8_500 });
    expect(third.disruptions.wave).toBe(3);
  });

  test('begins anew with one that had been up for a while, and after a long time', () => {
    const third = { ...none, disruptions: { wave: 3, since: NOW } };
    const settled = hit(third, NOW + 20_000, { madeAt: NOW + 1, runningSince: NOW + 2 });
    expect(settled.disruptions).toEqual({ wave: 1, since: NOW + 20_000 });
    expect(settled.failures.holds).toEqual([]);
    expect(hit(third, NOW + 3_600_000, { madeAt: NOW + 3_599_000 }).disruptions.wave).toBe(1);
  });

  test('leaves failures as they are', () => {
    const failing = { ...none, failures: { ...NO_FAILURES, inARow: 4, lastAt: NOW, holds: [NOW + 9_000] } };
    expect(hit(failing, NOW + 1).failures).toEqual(failing.failures);
  });
});
