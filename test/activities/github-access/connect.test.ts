import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { GitHubAccess } from '../../../src/activities/github-access/connect.ts';
import {
  accessGitHub,
  readCertificate,
  runnerSpecOf,
} from '../../../src/activities/github-access/connect.ts';
import type { EphemeralRunnerSpec } from '../../../src/api/v1alpha1/ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { GitHubConnections } from '../../../src/github/connections.ts';
import { createGitHubConnections } from '../../../src/github/connections.ts';
import { configMaps, secrets } from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const namespace = 'team';

let github: GitHubStandIn;
let connections: GitHubConnections;
let cluster: ClusterStandIn;

beforeEach(async () => {
  github = await startGitHub();
  connections = createGitHubConnections({ timeoutMs: 5_000, registrationWaitsMs: [] });
  cluster = new ClusterStandIn();
});
afterEach(async () => {
  await connections.close();
  await github.stop();
});

const encoded = (data: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));

const putSecret = (data: Record<string, string>, name = 'github'): void =>
  void cluster.put(secrets, namespace, { metadata: { name }, data: encoded(data) });

const access = (over: Partial<GitHubAccess> = {}) =>
  accessGitHub({ kubernetes: cluster.client, github: connections }, namespace, {
    githubConfigUrl: github.configUrl('octo/app'),
    githubConfigSecret: 'github',
    ...over,
  });

const tls = { certificateFrom: { configMapKeyRef: { name: 'ca', key: 'ca.crt' } } };

test('with the credentials of the Secret, GitHub answers', async () => {
  putSecret({ github_token: `${github.token}\n` });
  github.admin.createScaleSet({ id: 7, name: 'demo' });
  expect(await (await access()).getScaleSet(7)).toMatchObject({ name: 'demo' });
});

test('a changed Secret takes effect with the next access', async () => {
  putSecret({ github_token: 'ghp_wrong' });
  await expect((await access()).getScaleSet(7)).rejects.toMatchObject({ decision: 'refused' });
  await cluster.client.mergePatch(
    secrets,
    { namespace, name: 'github' },
    { data: encoded({ github_token: github.token }) },
  );
  expect(await (await access()).getScaleSet(7)).toBeUndefined();
});

test.each<[string, Record<string, string> | undefined, Partial<GitHubAccess>, string, RegExp]>([
  ['no Secret', undefined, {}, 'SecretNotFound', /^githubConfigSecret: create Secret "github"/],
  ['a Secret without credentials', { note: 'x' }, {}, 'InvalidCredentials', /^Secret team\/github: /],
  [
    'credentials of two kinds',
    { github_token: 'x', github_app_id: '1' },
    {},
    'InvalidCredentials',
    /^Secret team\/github: /,
  ],
  [
    'a URL that is none',
    { github_token: 'x' },
    { githubConfigUrl: 'nowhere' },
    'InvalidGitHubConfigUrl',
    /^githubConfigUrl /,
  ],
  [
    'a proxy that is none',
    { github_token: 'x' },
    { proxy: { https: { url: 'ftp://proxy' } } },
    'InvalidProxy',
    /proxy/,
  ],
  [
    'a certificate that is none',
    { github_token: 'x' },
    { githubServerTLS: tls },
    'CertificateNotFound',
    /ConfigMap "ca"/,
  ],
])('%s is told under the name of what is wrong', async (_what, data, over, reason, message) => {
  if (data) putSecret(data);
  const error = await access(over).catch((thrown: unknown) => thrown as Error);
  expect(error).toMatchObject({ name: 'SetupError', reason });
  expect((error as Error).message).toMatch(message);
});

test('a certificate that cannot be read is told of as such', async () => {
  putSecret({ github_token: github.token });
  cluster.put(configMaps, namespace, { metadata: { name: 'ca' }, data: { 'ca.crt': 'no PEM' } });
  await expect(access({ githubServerTLS: tls })).rejects.toMatchObject({ reason: 'InvalidCertificate' });
});

test('an API server that is away is told as it is', async () => {
  putSecret({ github_token: github.token });
  cluster.failNext({ verb: 'get', resource: secrets, status: 503, reason: 'Unavailable' });
  await expect(access()).rejects.toMatchObject({ name: 'KubernetesError', status: 503 });
});

describe('the certificate that a spec names', () => {
  const read = (githubServerTLS?: GitHubAccess['githubServerTLS']) =>
    readCertificate(cluster.client, namespace, {
      ...{ githubConfigUrl: '', githubConfigSecret: '' },
      ...(githubServerTLS && { githubServerTLS }),
    });

  test('is the text of its key; without a name there is none', async () => {
    cluster.put(configMaps, namespace, { metadata: { name: 'ca' }, data: { 'ca.crt': 'PEM' } });
    expect(await read(tls)).toBe('PEM');
    expect(await read()).toBeUndefined();
  });

  test.each<[string, NonNullable<GitHubAccess['githubServerTLS']>, RegExp]>([
    [
      'a key that is missing',
      { certificateFrom: { configMapKeyRef: { name: 'ca', key: 'x' } } },
      /has no key "x"/,
    ],
    [
      'a ConfigMap that is missing',
      { certificateFrom: { configMapKeyRef: { name: 'y', key: 'x' } } },
      /ConfigMap "y"/,
    ],
    ['nothing', {}, /githubServerTLS\.certificateFrom is not specified/],
    ['no ConfigMap', { certificateFrom: {} }, /certificateFrom\.configMapKeyRef is not specified/],
    [
      'a ConfigMap without a name',
      { certificateFrom: { configMapKeyRef: { name: '', key: 'x' } } },
      /certificateFrom\.configMapKeyRef\.name is not specified/,
    ],
  ])('is no default when it names %s', async (_what, given, message) => {
    cluster.put(configMaps, namespace, { metadata: { name: 'ca' }, data: { 'ca.crt': 'PEM' } });
    await expect(read(given)).rejects.toMatchObject({
      reason: 'CertificateNotFound',
      message: expect.stringMatching(message),
    });
  });

  test('is not missing because the API server is away', async () => {
    cluster.failNext({ verb: 'get', resource: configMaps, status: 500, reason: 'InternalError' });
    await expect(read(tls)).rejects.toMatchObject({ name: 'KubernetesError' });
  });
});

test('a set without a template says where it belongs', () => {
  const ephemeralRunnerSpec = { runnerScaleSetId: 1 } as EphemeralRunnerSpec;
  const set = (spec: EphemeralRunnerSet['spec']) => ({ metadata: {}, spec }) as EphemeralRunnerSet;
  expect(runnerSpecOf(set({ ephemeralRunnerSpec }))).toBe(ephemeralRunnerSpec);
  expect(() => runnerSpecOf(set({}))).toThrow(
    expect.objectContaining({ reason: 'InvalidTemplate' }) as Error,
  );
});
