import {
  backoffAfter,
  waitsUntil,
} from '../../../../src/workflows/autoscaling-runner-set/policies/step-backoff.ts';
import { NOW } from '../../ephemeral-runner-set/builders.ts';

test.each([
  ['failed', 'GitHubUnavailable', [1, 2, 4, 8, 10, 10]],
  ['without effect', undefined, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]],
])('the waits after steps that %s', (_what, failed, seconds) => {
  let pace: ReturnType<typeof backoffAfter> | undefined;
  const waits = seconds.map(() => {
    pace = backoffAfter(pace, { key: 'k', failed, now: NOW });
    return (pace.notBefore - NOW) / 1000;
  });
  expect(waits).toEqual(seconds);
});

test('however often a step was tried, the wait stays a number', () => {
  const pace = { key: 'k', tries: 5_000, notBefore: NOW };
  expect(backoffAfter(pace, { key: 'k', failed: 'GitHubUnavailable', now: NOW })).toEqual({
    key: 'k',
    tries: 5_001,
    notBefore: NOW + 10_000,
  });
});

test('for another reason the count begins anew', () => {
  const pace = { key: 'k', tries: 5, notBefore: NOW };
  const after = backoffAfter(pace, { key: 'other', failed: 'GitHubUnavailable', now: NOW });
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
