import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { ListenerPods } from '../../../src/activities/autoscaling-listener/pod.ts';
import {
  applyListenerPodActivity,
  removePodObjects,
} from '../../../src/activities/autoscaling-listener/pod.ts';
import type {
  AutoscalingListener,
  AutoscalingListenerSpec,
} from '../../../src/api/v1alpha1/autoscaling-listener.ts';
import type { Pod, Resource } from '../../../src/kubernetes/client/resources.ts';
import {
  autoscalingListeners,
  configMaps,
  pods,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
} from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

/** A listener in one namespace, its scale set in another, as with ARC's charts. */
const key = { namespace: 'arc-system', name: 'demo-listener' };
const beside = { namespace: 'arc-runners', name: key.name };
const configKey = { ...key, name: `${key.name}-config` };
const proxyKey = { ...key, name: `${key.name}-proxy` };

const listenerPods: ListenerPods = {
  image: 'listener:1',
  command: ['/ghalistener'],
  environment: { env: [], volumes: [], volumeMounts: [] },
  logLevel: 'info',
  logFormat: 'json',
  metricsAddress: '',
  metricsEndpoint: '/metrics',
};

let cluster: ClusterStandIn;
beforeEach(() => {
  cluster = new ClusterStandIn();
  putSecret('github', { github_token: 'ghp_one' });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function putSecret(name: string, data: Record<string, string>): void {
  const encoded = Object.entries(data).map(([each, text]) => [each, base64(text)]);
  cluster.put(secrets, beside.namespace, { metadata: { name }, data: Object.fromEntries(encoded) });
}

const spec: AutoscalingListenerSpec = {
  githubConfigUrl: 'https://github.com/octo/app',
  githubConfigSecret: 'github',
  runnerScaleSetId: 7,
  autoscalingRunnerSetNamespace: beside.namespace,
  autoscalingRunnerSetName: 'demo',
  ephemeralRunnerSetName: 'demo',
};

function putListener(more: Partial<AutoscalingListenerSpec> = {}): AutoscalingListener {
  const metadata = { name: key.name, labels: { team: 'one' } };
  return cluster.put(autoscalingListeners, key.namespace, { metadata, spec: { ...spec, ...more } });
}

const edit = (patch: object) => cluster.client.mergePatch(autoscalingListeners, key, patch);

/** Runs the activity as Temporal does, and answers which kinds it wrote. */
async function apply(excludedLabelPrefixes: readonly string[] = []): Promise<string[]> {
  cluster.writes.length = 0;
  const activity = applyListenerPodActivity({
    kubernetes: cluster.client,
    listenerPods,
    excludedLabelPrefixes,
  });
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const { uid = '' } = cluster.find(autoscalingListeners, key)?.metadata ?? {};
  await environment.run(activity, { ...key, uid });
  return cluster.writes.map(({ verb, resource }) => `${verb} ${resource}`);
}

/** Deletes what was made from something else, and then makes it anew. */
const applyAnew = async (): Promise<string[]> => [...(await apply()), ...(await apply())];

const pod = (): Pod | undefined => cluster.find(pods, key);
const config = (): Record<string, unknown> => {
  const text = Buffer.from(
    cluster.find(secrets, configKey)?.data?.['config.json'] ?? '',
    'base64',
  ).toString();
  return JSON.parse(text) as Record<string, unknown>;
};

const MADE = [
  'create serviceaccounts',
  'create roles',
  'create rolebindings',
  'create secrets',
  'create pods',
];

describe('applyListenerPod', () => {
  test('labels under an excluded prefix do not go down to what the pod needs', async () => {
    const labels = { 'argocd.argoproj.io/instance': 'x', tier: 'ci' };
    const given = { labels };
    putListener({ serviceAccountMetadata: given, roleMetadata: given, configSecretMetadata: given });
    await apply(['argocd.argoproj.io/']);
    const made = [
      cluster.find(serviceAccounts, key),
      cluster.find(roles, beside),
      cluster.find(secrets, configKey),
    ];
    for (const each of made) {
      expect(each?.metadata?.labels).toMatchObject({ tier: 'ci' });
      expect(each?.metadata?.labels).not.toHaveProperty(['argocd.argoproj.io/instance']);
    }
  });

  test('makes everything that the pod needs, the pod last; a second time it writes nothing', async () => {
    putListener();
    expect(await apply()).toEqual(MADE);
    expect(cluster.find(roles, beside)).toBeDefined();
    expect(config()).toMatchObject({ github_token: 'ghp_one', runner_scale_set_id: 7 });
    expect(await apply()).toEqual([]);
  });

  test('takes the rules of a role for the same whatever their order: an API server has its own', async () => {
    putListener();
    await apply();
    const { rules = [] } = cluster.find(roles, beside) ?? {};
    const turned = rules.map((rule) => Object.fromEntries(Object.entries(rule).toReversed()));
    await cluster.client.mergePatch(roles, beside, { rules: turned });
    expect(await apply()).toEqual([]);
  });

  test('lets the role follow the EphemeralRunnerSet', async () => {
    putListener();
    await apply();
    await edit({ spec: { ephemeralRunnerSetName: 'demo-2' } });
    await apply();
    expect(cluster.find(roles, beside)?.rules?.[0]?.resourceNames).toEqual(['demo-2']);
    expect(config()).toMatchObject({ ephemeral_runner_set_name: 'demo-2' });
  });

  test('hands changed metadata to all that is the listener’s, and leaves what others added', async () => {
    const block = (note: string) => ({ annotations: { note } });
    const blocks = (note: string) => ({
      serviceAccountMetadata: block(note),
      roleMetadata: block(note),
      roleBindingMetadata: block(note),
      configSecretMetadata: { ...block(note), labels: { note } },
    });
    putListener(blocks('one'));
    await apply();
    const stranger = { metadata: { labels: { stranger: 'here' } } };
    await cluster.client.mergePatch(serviceAccounts, key, stranger);
    const uid = cluster.find(secrets, configKey)?.metadata?.uid;
    await edit({ metadata: { labels: { team: 'two' } }, spec: blocks('two') });
    await applyAnew();
    const labelled: [Resource, typeof key][] = [
      [serviceAccounts, key],
      [roles, beside],
      [roleBindings, beside],
    ];
    for (const [resource, where] of labelled)
      expect(cluster.find(resource, where)?.metadata).toMatchObject({
        labels: { team: 'two' },
        annotations: { note: 'two' },
      });
    expect(cluster.find(serviceAccounts, key)?.metadata?.labels).toMatchObject({ stranger: 'here' });
    expect(cluster.find(secrets, configKey)?.metadata).toMatchObject({
      uid,
      labels: { note: 'two' },
      annotations: { note: 'two' },
    });
    expect(pod()?.metadata?.labels).toMatchObject({ team: 'two' });
  });

  test('restores what somebody took away', async () => {
    putListener();
    await apply();
    await cluster.client.mergePatch(roles, beside, { rules: [] });
    await cluster.client.delete(roleBindings, beside);
    await cluster.client.mergePatch(serviceAccounts, key, { metadata: { labels: { team: null } } });
    expect(await apply()).toEqual(['patch serviceaccounts', 'patch roles', 'create rolebindings']);
    expect(cluster.find(roles, beside)?.rules).toHaveLength(2);
  });

  const ended = (name: string, exitCode: number) => ({
    phase: 'Running',
    containerStatuses: [{ name, state: { terminated: { exitCode } } }],
  });
  test.each<[string, 'is made anew' | 'stays', object]>([
    ['its listener ended well', 'is made anew', ended('listener', 0)],
    ['its listener ended with a failure', 'is made anew', ended('listener', 1)],
    ['it was evicted', 'is made anew', { phase: 'Failed', reason: 'Evicted' }],
    ['it failed in another way', 'is made anew', { phase: 'Failed', reason: 'NodeLost' }],
    ['another container of it ended', 'stays', ended('side', 1)],
    ['it has no container status yet', 'stays', { phase: 'Pending' }],
  ])('when %s, the pod %s; its configuration stays in any case', async (_what, outcome, status) => {
    putListener();
    await apply();
    const before = pod()?.metadata?.uid;
    const secretUid = cluster.find(secrets, configKey)?.metadata?.uid;
    await cluster.client.mergePatch(pods, key, { status });
    expect(await applyAnew()).toEqual(outcome === 'stays' ? [] : ['delete pods', 'create pods']);
    expect(pod()?.metadata?.uid === before).toBe(outcome === 'stays');
    expect(cluster.find(secrets, configKey)?.metadata?.uid).toBe(secretUid);
  });

  test('a pod that was deleted is made anew; one that leaves is awaited', async () => {
    putListener();
    await apply();
    await cluster.client.mergePatch(pods, key, { metadata: { finalizers: ['of/others'] } });
    await cluster.client.delete(pods, key);
    expect(await apply()).toEqual([]);
    await cluster.client.mergePatch(pods, key, { metadata: { finalizers: [] } });
    expect(await apply()).toEqual(['create pods']);
  });

  test.each<[string, object]>([
    ['a template', { spec: { template: { spec: { containers: [], priorityClassName: 'high' } } } }],
    ['another image', { spec: { image: 'listener:2' } }],
    ['other limits', { spec: { maxRunners: 3 } }],
    ['another label', { metadata: { labels: { team: 'two' } } }],
  ])('%s: another pod', async (_what, change) => {
    putListener();
    await apply();
    await edit(change);
    expect((await applyAnew()).filter((write) => write.endsWith(' pods'))).toEqual([
      'delete pods',
      'create pods',
    ]);
  });

  test('changed credentials reach the configuration, and the pod is made anew', async () => {
    putListener();
    await apply();
    await cluster.client.mergePatch(
      secrets,
      { namespace: beside.namespace, name: 'github' },
      { data: { github_token: base64('ghp_two') } },
    );
    expect(await applyAnew()).toEqual(['patch secrets', 'delete pods', 'create pods']);
    expect(config()).toMatchObject({ github_token: 'ghp_two' });
  });

  const tls = { certificateFrom: { configMapKeyRef: { name: 'ca', key: 'ca.crt' } } };

  test('the certificate of GitHub is in the configuration', async () => {
    cluster.put(configMaps, beside.namespace, { metadata: { name: 'ca' }, data: { 'ca.crt': 'PEM\n' } });
    putListener({ githubServerTLS: tls });
    await apply();
    expect(config()).toMatchObject({ server_root_ca: 'PEM\n' });
  });

  test.each<[string, object, RegExp]>([
    ['says nothing', {}, /githubServerTLS\.certificateFrom is not specified/],
    ['names no ConfigMap', { certificateFrom: {} }, /certificateFrom\.configMapKeyRef is not specified/],
    ['names one that is not there', tls, /ConfigMap "ca" in namespace "arc-runners" has no key "ca\.crt"/],
  ])('githubServerTLS that %s is told of', async (_what, githubServerTLS, message) => {
    putListener({ githubServerTLS });
    await expect(apply()).rejects.toMatchObject({
      type: 'CertificateNotFound',
      message: expect.stringMatching(message) as string,
    });
    expect(pod()).toBeUndefined();
  });

  const proxy = { https: { url: 'http://proxy:3128', credentialSecretRef: 'proxy' }, noProxy: ['a', 'b'] };

  test('a proxy with its password is a Secret of its own beside the pod, which goes along with everything', async () => {
    putSecret('proxy', { username: 'user', password: 'password' });
    const listener = putListener({ proxy });
    await apply();
    const { data = {} } = cluster.find(secrets, proxyKey) ?? {};
    const text = Object.entries(data).map(([each, value]) => [each, Buffer.from(value, 'base64').toString()]);
    expect(Object.fromEntries(text)).toEqual({
      http_proxy: '',
      https_proxy: 'http://user:password@proxy:3128',
      no_proxy: 'a,b',
    });
    const secretKeyRef = (each: string) => ({ name: proxyKey.name, key: each });
    expect(pod()?.spec?.containers[0]?.env).toEqual(
      expect.arrayContaining([
        { name: 'https_proxy', valueFrom: { secretKeyRef: secretKeyRef('https_proxy') } },
        { name: 'no_proxy', valueFrom: { secretKeyRef: secretKeyRef('no_proxy') } },
      ]),
    );
    await removePodObjects(cluster.client, listener, new AbortController().signal);
    for (const resource of [pods, secrets, serviceAccounts] as Resource[])
      expect(cluster.all(resource, key.namespace)).toEqual([]);
    for (const resource of [roles, roleBindings] as Resource[])
      expect(cluster.all(resource, beside.namespace)).toEqual([]);
  });
});
