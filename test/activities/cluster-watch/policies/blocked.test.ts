import {
  blockedListener,
  blockedRunnerSet,
  blockedScaleSet,
} from '../../../../src/activities/cluster-watch/policies/blocked.ts';

const metadata = { namespace: 'team', name: 'demo' };
const access = {
  githubConfigUrl: 'u',
  githubConfigSecret: 'github',
  githubServerTLS: { certificateFrom: { configMapKeyRef: { name: 'ca', key: 'k' } } },
  proxy: { https: { url: 'p', credentialSecretRef: 'login' } },
};
const secret = (name: string, namespace = 'team') => ({ kind: 'Secret', namespace, name });
const references = [secret('github'), secret('login'), { kind: 'ConfigMap', namespace: 'team', name: 'ca' }];
const conditions = (type: string, status: string, reason: string) => ({
  status: { conditions: [{ type, status, reason, message: '', lastTransitionTime: '' }] },
});
const runnerSet = (status: string, reason: string, spec: object = access) =>
  blockedRunnerSet({
    metadata,
    spec: { ephemeralRunnerSpec: spec },
    ...conditions('CreationBlocked', status, reason),
  } as never);

test('what is not blocked is not looked at', () => {
  expect(runnerSet('False', 'Unblocked')).toBeUndefined();
  expect(blockedRunnerSet({ metadata, spec: {} } as never)).toBeUndefined();
  expect(
    blockedScaleSet({ metadata, spec: access, ...conditions('ScaleSetReady', 'True', 'r') } as never),
  ).toBeUndefined();
  expect(
    blockedListener({ metadata, spec: access, ...conditions('Ready', 'True', 'r') } as never),
  ).toBeUndefined();
});

test.each([
  ['SecretNotFound', false],
  ['GitHubRefused', false],
  ['QuotaExceeded', true],
  ['DeniedByAdmission', true],
  ['AdmissionUnavailable', true],
  ['InvalidPodTemplate', true],
])('a set that is blocked by %s', (reason, asksForPod) => {
  expect(runnerSet('True', reason)).toMatchObject({
    target: { namespace: 'team', runnerSet: 'demo' },
    references,
  });
  expect('set' in (runnerSet('True', reason) ?? {})).toBe(asksForPod);
});

test('what is being deleted may wait for the credentials to do so, and for no pod', () => {
  const going = { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
  const blocked = conditions('CreationBlocked', 'True', 'QuotaExceeded');
  const set = { metadata: going, spec: { ephemeralRunnerSpec: access }, ...blocked };
  expect(blockedRunnerSet(set as never)).toEqual({
    target: { namespace: 'team', runnerSet: 'demo' },
    references,
  });
  expect(blockedScaleSet({ metadata: going, spec: access } as never)).toMatchObject({ references });
});

test('a vault is not looked at, and a set without a template names nothing', () => {
  const spec = { ...access, vaultConfig: { type: 'azure_key_vault' } };
  expect(runnerSet('True', 'VaultRefused', spec)?.references).toEqual(references.slice(1));
  expect(
    blockedRunnerSet({ metadata, spec: {}, ...conditions('CreationBlocked', 'True', 'r') } as never),
  ).toMatchObject({ references: [] });
});

test('a scale set, and a listener in another namespace', () => {
  const scaleSet = { metadata, spec: access, ...conditions('ScaleSetReady', 'False', 'SecretNotFound') };
  expect(blockedScaleSet(scaleSet as never)).toMatchObject({
    target: { autoscalingRunnerSet: 'demo' },
    references,
  });
  const spec = { githubConfigSecret: 'github', autoscalingRunnerSetNamespace: 'runners' };
  const listener = { metadata, spec, ...conditions('Ready', 'False', 'GitHubRefused') };
  expect(blockedListener(listener as never)).toEqual({
    target: { namespace: 'team', listener: 'demo' },
    references: [secret('github', 'runners')],
  });
});
