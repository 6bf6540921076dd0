import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { dropProxySecret, keepProxySecret } from '../../../src/activities/github-access/proxy.ts';
import { publishStatusActivity } from '../../../src/activities/ephemeral-runner-set/publish-status.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import { EPHEMERAL_RUNNER_SET_FINALIZER } from '../../../src/api/finalizers.ts';
import { runnerProxySecretName } from '../../../src/api/names.ts';
import { ephemeralRunnerSets, secrets } from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

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

describe('the proxy Secret of a set', () => {
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
