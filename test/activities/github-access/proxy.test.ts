import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { publishStatusActivity } from '../../../src/activities/ephemeral-runner-set/publish-status.ts';
import {
  dropProxySecret,
  keepProxySecret,
  resolveProxy,
} from '../../../src/activities/github-access/proxy.ts';
import { EPHEMERAL_RUNNER_SET_FINALIZER } from '../../../src/api/finalizers.ts';
import { runnerProxySecretName } from '../../../src/api/names.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client/client.ts';
import { KubernetesError } from '../../../src/kubernetes/client/errors.ts';
import { ephemeralRunnerSets, secrets } from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

/** Secrets by name, their data as text. */
const holding = (secrets: Record<string, Record<string, string>>): Pick<KubernetesClient, 'get'> => ({
  get: (_resource, { name }) => {
    const data = secrets[name];
    if (!data)
      return Promise.reject(
        new KubernetesError(
          { verb: 'get', resource: 'secrets' },
          { message: 'none', status: 404, reason: 'NotFound' },
        ),
      );
    const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    return Promise.resolve({ data: Object.fromEntries(encoded) } as never);
  },
});

const https = { url: 'http://proxy.example:3128', credentialSecretRef: 'proxy' };

describe("a spec's proxy", () => {
  it('is its URLs with the credentials of its Secret, whatever signs they have', async () => {
    const kubernetes = holding({ proxy: { username: 'a@b', password: 'p:/?#[]@%\n' } });
    const resolved = await resolveProxy(kubernetes, 'arc', {
      https,
      http: { url: 'https://plain.example' },
      noProxy: ['10.0.0.0/8', '.internal'],
    });
    expect(resolved).toEqual({
      httpsProxy: `http://a%40b:${encodeURIComponent('p:/?#[]@%')}@proxy.example:3128`,
      httpProxy: 'https://plain.example',
      noProxy: '10.0.0.0/8,.internal',
    });
    expect(decodeURIComponent(new URL(resolved.httpsProxy).password)).toBe('p:/?#[]@%');
  });

  it.each([
    ['is missing', {}, 'ProxyCredentialsNotFound'],
    ['has no username', { proxy: { password: 'x' } }, 'ProxyCredentialsNotFound'],
  ])('whose Secret %s is told of by its field', async (_, secrets, reason) => {
    const refused = resolveProxy(holding(secrets), 'arc', {
      https,
    });
    await expect(refused).rejects.toMatchObject({
      reason,
      message: expect.stringMatching(/^proxy\.https\.credentialSecretRef: .*"proxy"/) as string,
    });
  });

  it('needs a URL to put credentials into', async () => {
    const kubernetes = holding({ proxy: { username: 'a', password: 'b' } });
    const refused = resolveProxy(kubernetes, 'arc', { http: { ...https, url: 'nowhere' } });
    await expect(refused).rejects.toMatchObject({ reason: 'InvalidProxy' });
  });
});

describe('the proxy Secret of a set', () => {
  const key = { namespace: 'team', name: 'demo' };
  const secretKey = { ...key, name: runnerProxySecretName(key.name, key.namespace) };
  const spec = (proxy?: object) =>
    ({
      githubConfigUrl: 'https://github.com/octo/app',
      githubConfigSecret: 'github',
      runnerScaleSetId: 7,
      ...(proxy && { proxy }),
    }) as NonNullable<EphemeralRunnerSet['spec']['ephemeralRunnerSpec']>;
  const proxy = { https: { url: 'http://proxy:3128' } };

  let cluster: ClusterStandIn;
  let set: EphemeralRunnerSet;
  beforeEach(() => {
    cluster = new ClusterStandIn();
    const finalizers = [EPHEMERAL_RUNNER_SET_FINALIZER];
    set = cluster.put(ephemeralRunnerSets, key.namespace, {
      metadata: { name: key.name, finalizers },
      spec: { replicas: 0, patchID: 0, ephemeralRunnerSpec: spec(proxy) },
    });
  });

  const keep = (given: object | undefined = proxy) => keepProxySecret(cluster.client, set, spec(given));
  const secret = () => cluster.find(secrets, secretKey);
  const hash = () => secret()?.metadata?.annotations?.['actions.github.com/integrity-hash'];

  it('is made once, and follows the proxy with its hash', async () => {
    await keep();
    await keep();
    expect(cluster.writes).toHaveLength(1);
    const before = hash();
    await keep({ https: { url: 'http://other:3128' } });
    expect(Buffer.from(secret()?.data?.['https_proxy'] ?? '', 'base64').toString()).toBe('http://other:3128');
    expect(hash()).not.toBe(before);
  });

  it('is not made without a proxy', async () => {
    await keepProxySecret(cluster.client, set, spec());
    expect(cluster.writes).toEqual([]);
  });

  it('that another controller made gets our hash', async () => {
    await keep();
    const wanted = hash();
    const annotations = { 'actions.github.com/integrity-hash': 'of-another' };
    await cluster.client.mergePatch(secrets, secretKey, { metadata: { annotations } });
    await keep();
    expect(hash()).toBe(wanted);
  });

  it('is deleted before the finalizer of its set is', async () => {
    await keep();
    cluster.writes.length = 0;
    const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
    await environment.run(publishStatusActivity({ kubernetes: cluster.client }), {
      namespace: key.namespace,
      runnerSet: { name: key.name, uid: set.metadata.uid ?? '', generation: 1 },
      removeFinalizer: true as const,
      runners: [],
      events: [],
    });
    expect(cluster.writes.map(({ verb, resource }) => `${verb} ${resource}`)).toEqual([
      'delete secrets',
      'patch ephemeralrunnersets',
    ]);
    expect(secret()).toBeUndefined();
    expect(cluster.find(ephemeralRunnerSets, key)?.metadata.finalizers).toEqual([]);
  });

  it('need not be there to be deleted', async () => {
    await expect(dropProxySecret(cluster.client, key)).resolves.toBeUndefined();
  });
});
