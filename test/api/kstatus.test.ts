import { kstatusConditions } from '../../src/api/kstatus.ts';

const ready = (status: 'True' | 'False', reason: string) => [
  { type: 'ScaleSetReady', status: 'True', reason: 'ScaleSetPrepared', message: 'There.' } as const,
  { type: 'Ready', status, reason, message: 'Words.' } as const,
];

const statuses = (...args: Parameters<typeof ready>) =>
  Object.fromEntries(kstatusConditions(ready(...args)).map(({ type, status }) => [type, status]));

test('while it is ready, nothing is under way and nothing stands still', () => {
  expect(statuses('True', 'Listening')).toEqual({ Reconciling: 'False', Stalled: 'False' });
});

test.each([
  ...['Pending', 'Scaling', 'ListenerStarting', 'SessionConflict', 'SessionExpired', 'JobStillRunning'],
  ...['GitHubUnavailable', 'GitHubRateLimited', 'KubernetesUnavailable', 'AdmissionUnavailable'],
  ...['QuotaExceeded', 'VaultUnreachable', 'WorkerLost', 'Unexpected', 'ScaleSetNotFound'],
])('%s passes', (reason) => {
  expect(statuses('False', reason)).toEqual({ Reconciling: 'True', Stalled: 'False' });
});

test.each([
  ...['InvalidSpec', 'InvalidName', 'NameTaken', 'Outdated', 'RunnersFailing', 'ScaleSetNameTaken'],
  ...['ScaleSetTaken', 'RunnerGroupNotFound', 'GitHubRefused', 'SecretNotFound', 'InvalidCredentials'],
  ...['InvalidGitHubConfigUrl', 'CertificateNotFound', 'InvalidProxy', 'VaultSecretNotFound'],
  ...['InvalidPodTemplate', 'DeniedByAdmission', 'KubernetesForbidden'],
])('%s needs a person, and the condition says so in the same words', (reason) => {
  expect(statuses('False', reason)).toEqual({ Reconciling: 'False', Stalled: 'True' });
  const stalled = kstatusConditions(ready('False', reason)).find(({ type }) => type === 'Stalled');
  expect(stalled).toMatchObject({ reason, message: 'Words.' });
});

test('without Ready there is nothing to say', () => {
  expect(kstatusConditions([])).toEqual([]);
});
