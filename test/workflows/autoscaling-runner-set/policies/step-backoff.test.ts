import {
  backoffAfter,
  waitsUntil,
} from '../../../../src/workflows/autoscaling-runner-set/policies/step-backoff.ts';
import { NOW } from '../../ephemeral-runner-set/builders.ts';

const missing = { reason: 'SecretNotFound', message: 'm' };

test.each([
  [
    'failed for what a person must repair',
    { reason: 'SecretNotFound', message: 'm' },
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300],
  ],
  ['failed for what ends by itself', { reason: 'GitHubUnavailable', message: 'm' }, [1, 2, 4, 8, 10, 10]],
  ['were told when to come again', { reason: 'GitHubRefused', message: 'm', retryAfterMs: 60_000 }, [60, 60]],
  ['without effect', undefined, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]],
])('the waits after steps that %s', (_what, stopped, seconds) => {
  let pace: ReturnType<typeof backoffAfter> | undefined;
  const waits = seconds.map(() => {
    pace = backoffAfter(pace, { key: 'k', stopped, now: NOW });
    return (pace.notBefore - NOW) / 1000;
  });
  expect(waits).toEqual(seconds);
});

test('however often a step was tried, the wait stays a number', () => {
  const pace = { key: 'k', tries: 5_000, notBefore: NOW };
  expect(backoffAfter(pace, { key: 'k', stopped: missing, now: NOW })).toEqual({
    key: 'k',
    tries: 5_001,
    notBefore: NOW + 300_000,
  });
});

test('for another reason the count begins anew', () => {
  const pace = { key: 'k', tries: 5, notBefore: NOW };
  const after = backoffAfter(pace, { key: 'other', stopped: missing, now: NOW });
  expect(after).toEqual({ key: 'other', tries: 1, notBefore: NOW + 1_000 });
});

test.each([
  ['never done', undefined, undefined],
  ['done for this reason a moment ago', { key: 'k', tries: 1, notBefore: NOW + 1 }, NOW + 1],
  ['its time has come', { key: 'k', tries: 1, notBefore: NOW }, undefined],
  ['done for another reason', { key: 'other', tries: 9, notBefore: NOW + 1 }, undefined],
])('until when a step waits: %s', (_what, pace, expected) => {
  expect(waitsUntil(pace, 'k', NOW)).toBe(expected);
});
