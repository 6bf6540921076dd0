import { longestWaitMs } from '../../../src/workflows/policies/longest-wait.ts';

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
