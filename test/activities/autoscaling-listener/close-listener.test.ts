import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { CloseListenerInput } from '../../../src/activities/autoscaling-listener/close-listener.ts';
import { closeListenerActivity } from '../../../src/activities/autoscaling-listener/close-listener.ts';
import { noListenerMetrics } from '../../../src/activities/autoscaling-listener/metrics.ts';
import { NO_DEMAND } from '../../../src/activities/autoscaling-listener/policies/demand.ts';
import { NO_SCALING } from '../../../src/activities/autoscaling-listener/policies/desired-replicas.ts';
import { SESSION_ID_ANNOTATION } from '../../../src/api/annotations.ts';
import { AUTOSCALING_LISTENER_FINALIZER } from '../../../src/api/finalizers.ts';
import type { GitHubConnections } from '../../../src/github/connections.ts';
import { createGitHubConnections } from '../../../src/github/connections.ts';
import { createMessageSession } from '../../../src/github/message-session.ts';
import { autoscalingListeners, events, pods, secrets } from '../../../src/kubernetes/client/resources.ts';
import { clientOf } from '../../dev/github/client.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const key = { namespace: 'arc-system', name: 'demo-listener' };
const beside = 'arc-runners';

let github: GitHubStandIn;
let connections: GitHubConnections;
let cluster: ClusterStandIn;
let scaleSetId: number;
let sessionId: string;
let uid: string;
let forgotten: string[];

beforeEach(async () => {
  github = await startGitHub();
  connections = createGitHubConnections({ timeoutMs: 5_000, registrationWaitsMs: [] });
  cluster = new ClusterStandIn();
  forgotten = [];
  scaleSetId = github.admin.createScaleSet({ name: 'demo' }).id;
  const { signal } = new AbortController();
  const session = await createMessageSession(clientOf(github.url), { scaleSetId, owner: key.name, signal });
  sessionId = session.state().sessionId;
  cluster.put(secrets, beside, {
    metadata: { name: 'github' },
    data: { github_token: Buffer.from(github.token).toString('base64') },
  });
  const { metadata } = cluster.put(autoscalingListeners, key.namespace, {
    metadata: {
      name: key.name,
      finalizers: [AUTOSCALING_LISTENER_FINALIZER],
      annotations: { [SESSION_ID_ANNOTATION]: sessionId },
    },
    spec: {
      githubConfigUrl: github.configUrl('org/repo'),
      githubConfigSecret: 'github',
      runnerScaleSetId: scaleSetId,
      autoscalingRunnerSetNamespace: beside,
      autoscalingRunnerSetName: 'demo',
      ephemeralRunnerSetName: 'demo',
    },
  });
  uid = metadata.uid ?? '';
  await cluster.client.delete(autoscalingListeners, key);
});
afterEach(async () => {
  await connections.close();
  await github.stop();
});

async function close(input: Partial<CloseListenerInput> = {}): Promise<void> {
  const activity = closeListenerActivity({
    kubernetes: cluster.client,
    github: connections,
    listenerMetrics: {
      ...noListenerMetrics,
      forget: ({ namespace, name }) => void forgotten.push(`${namespace}/${name}`),
    },
  });
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  await environment.run(activity, { ...key, uid, ...input });
}

const hasSession = () => github.admin.scaleSets()[0]?.hasSession;
const listener = () => cluster.find(autoscalingListeners, key);
const progress = (id: string) => ({
  ...{ scaleSetId, sessionId: id, lastMessageId: 0, handledMessageId: 0 },
  ...{ scaling: NO_SCALING, demand: NO_DEMAND },
});

test('its session ends at GitHub, then it goes, with its pod and its metrics', async () => {
  cluster.put(pods, key.namespace, { metadata: { name: key.name } });
  await close();
  expect(hasSession()).toBe(false);
  expect(cluster.find(pods, key)).toBeUndefined();
  expect(listener()).toBeUndefined();
  expect(forgotten).toEqual(['arc-system/demo-listener']);
  expect(cluster.all(events)).toEqual([]);
});

test('the session where it left off counts, before the one that is noted', async () => {
  await cluster.client.mergePatch(autoscalingListeners, key, {
    metadata: { annotations: { [SESSION_ID_ANNOTATION]: 'an-older-one' } },
  });
  await close({ progress: progress(sessionId) });
  expect(hasSession()).toBe(false);
});

test('one that never had a session asks nothing of GitHub', async () => {
  const annotations = { [SESSION_ID_ANNOTATION]: null };
  await cluster.client.mergePatch(autoscalingListeners, key, { metadata: { annotations } });
  github.admin.clearCalls();
  await close();
  expect(github.admin.calls()).toEqual([]);
  expect(listener()).toBeUndefined();
});

test('a session that GitHub no longer knows has ended', async () => {
  github.admin.expire(scaleSetId, 'session');
  await close();
  expect(listener()).toBeUndefined();
  expect(cluster.all(events)).toEqual([]);
});

test('without credentials it goes all the same, and says that the session was left open', async () => {
  await cluster.client.delete(secrets, { namespace: beside, name: 'github' });
  await close();
  expect(listener()).toBeUndefined();
  expect(hasSession()).toBe(true);
  expect(cluster.all(events)).toMatchObject([
    {
      type: 'Warning',
      reason: 'SessionLeftOpen',
      involvedObject: { name: key.name },
      message: expect.stringContaining('create Secret "github"'),
    },
  ]);
});

test('a GitHub that fails for a moment is asked again', async () => {
  github.admin.addFault({ match: 'deletesession', kind: 'status', status: 500 });
  await close();
  expect(hasSession()).toBe(false);
  expect(cluster.all(events)).toEqual([]);
});

test('while the objects of its pod cannot be removed, the finalizer stays', async () => {
  cluster.put(pods, key.namespace, { metadata: { name: key.name } });
  cluster.failNext({ verb: 'delete', resource: pods, status: 500, reason: 'InternalError' });
  await expect(close()).rejects.toMatchObject({ type: 'KubernetesUnavailable' });
  expect(listener()?.metadata.finalizers).toEqual([AUTOSCALING_LISTENER_FINALIZER]);
  expect(forgotten).toEqual([]);
  await close();
  expect(listener()).toBeUndefined();
});

test('another one of its name keeps its session, its pod and its finalizer', async () => {
  uid = 'of-the-one-before';
  const ownerReferences = [{ kind: 'AutoscalingListener', uid: listener()!.metadata.uid }];
  cluster.put(pods, key.namespace, { metadata: { name: key.name, ownerReferences } });
  github.admin.clearCalls();
  await close({ progress: progress(sessionId) });
  expect(github.admin.calls()).toEqual([]);
  expect(hasSession()).toBe(true);
  expect(cluster.find(pods, key)).toBeDefined();
  expect(listener()?.metadata.finalizers).toEqual([AUTOSCALING_LISTENER_FINALIZER]);
  expect(forgotten).toEqual([]);
});

test('one that is made anew while it closes keeps what it has made for itself', async () => {
  const made = { name: key.name, ownerReferences: [{ kind: 'AutoscalingListener', uid: 'of-the-next-one' }] };
  cluster.put(pods, key.namespace, { metadata: made });
  cluster.put(secrets, key.namespace, { metadata: { ...made, name: `${key.name}-config` } });
  await close();
  expect(cluster.find(pods, key)).toBeDefined();
  expect(cluster.find(secrets, { ...key, name: `${key.name}-config` })).toBeDefined();
  expect(listener()).toBeUndefined();
});

test('one that is gone needs no end', async () => {
  await cluster.client.mergePatch(autoscalingListeners, key, { metadata: { finalizers: [] } });
  await expect(close()).resolves.toBeUndefined();
  expect(forgotten).toEqual([]);
});
