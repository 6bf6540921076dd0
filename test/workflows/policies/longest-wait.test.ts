import { longestWaitMs, waitAfterStopMs } from '../../../src/workflows/policies/longest-wait.ts';

test.each([
  ['SecretNotFound', 300_000],
  ['QuotaExceeded', 300_000],
  ['AdmissionUnavailable', 10_000],
  ['GitHubUnavailable', 10_000],
  ['KubernetesUnavailable', 10_000],
  ['WorkerLost', 10_000],
])('%s is tried after %i ms at the latest', (reason, expected) => {
  expect(longestWaitMs({ reason }, 300_000)).toBe(expected);
});

test.each([
  ['the first time', { reason: 'SecretNotFound' }, 1, 1_000],
  ['longer each time', { reason: 'SecretNotFound' }, 4, 8_000],
  ['up to the longest', { reason: 'SecretNotFound' }, 30, 300_000],
  ['of what passes, never for long', { reason: 'GitHubUnavailable' }, 30, 10_000],
  ['as long as was asked for', { reason: 'GitHubUnavailable', retryAfterMs: 60_000 }, 1, 60_000],
])('the wait after a stop: %s', (_what, stop, tries, expected) => {
  expect(waitAfterStopMs(stop, tries, { firstMs: 1_000, longestMs: 300_000 })).toBe(expected);
});
