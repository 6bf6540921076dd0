import type { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { GitHubStandIn } from '../../dev/github/stand-in.ts';
import { startGitHub } from '../../dev/github/stand-in.ts';
import type {
  CreateRunnersInput,
  CreateRunnersResult,
} from '../../src/activities/ephemeral-runner-set/create-runners.ts';
import { createRunnersActivity } from '../../src/activities/ephemeral-runner-set/create-runners.ts';
import type { EphemeralRunnerSet } from '../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { EphemeralRunner } from '../../src/api/v1alpha1/ephemeral-runner.ts';
import { createGitHubConnections } from '../../src/github/connections.ts';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../../src/kubernetes/client/create-client.ts';
import { KubernetesError } from '../../src/kubernetes/client/errors.ts';
import {
  ephemeralRunnerSets,
  ephemeralRunners,
  pods,
  secrets,
} from '../../src/kubernetes/client/resources.ts';
import type { FreshNamespace } from './support/servers.ts';
import { freshNamespace, suiteServers } from './support/servers.ts';

/**
 * Creation step by step: whatever an earlier try left behind, the next one ends with one runner, registered once, with
 * one pod, and no JIT config used twice.
 */
let github: GitHubStandIn;
let kubernetes: KubernetesClient;
let namespace: FreshNamespace;
let set: EphemeralRunnerSet;
const scaleSetId = 7;

beforeAll(async () => {
  github = await startGitHub();
  github.admin.createScaleSet({ id: scaleSetId, name: 'demo' });
  kubernetes = createKubernetesClient({ kubeConfig: suiteServers().kubeconfig });
  namespace = await freshNamespace('create');
  await kubernetes.create(secrets, namespace.name, {
    metadata: { name: 'github' },
    data: { github_token: Buffer.from(github.token).toString('base64') },
  });
  set = await kubernetes.create(ephemeralRunnerSets, namespace.name, {
    metadata: { name: 'demo' },
    spec: {
      replicas: 0,
      patchID: 0,
      ephemeralRunnerSpec: {
        githubConfigUrl: github.configUrl('octo/repo'),
        githubConfigSecret: 'github',
        runnerScaleSetId: scaleSetId,
        spec: { containers: [{ name: 'runner', image: 'runner:1' }] },
      },
    },
  } as EphemeralRunnerSet);
});

afterAll(async () => {
  await namespace.remove();
  await kubernetes.close();
  await github.stop();
});

/** A client whose calls stop working from the one on that `breaks` says so of: as if the worker had died there. */
function dyingAt(
  breaks: (verb: string, plural: string, subresource: string | undefined) => boolean,
): KubernetesClient {
  let dead = false;
  const through = <A extends unknown[], R>(verb: string, call: (...args: A) => Promise<R>) => {
    return (...args: A): Promise<R> => {
      const { plural } = args[0] as { plural: string };
      const { subresource } = (args[3] ?? {}) as { subresource?: string };
      dead ||= breaks(verb, plural, subresource);
      const death = new KubernetesError({ verb, resource: plural }, { message: 'the worker died here' });
      return dead ? Promise.reject(death) : call(...args);
    };
  };
  return {
    ...kubernetes,
    create: through('create', kubernetes.create.bind(kubernetes)),
    get: through('get', kubernetes.get.bind(kubernetes)),
    mergePatch: through('patch', kubernetes.mergePatch.bind(kubernetes)),
    delete: through('delete', kubernetes.delete.bind(kubernetes)),
  };
}

const durations: number[] = [];

function create(
  names: string[],
  client = kubernetes,
  over: Partial<CreateRunnersInput> = {},
): Promise<CreateRunnersResult> {
  const activity = createRunnersActivity({
    kubernetes: client,
    github: connections,
    version: '0.0.0',
    metrics: { runnerCreated: (_namespace, _set, seconds) => durations.push(seconds) },
  });
  const input: CreateRunnersInput = {
    ...{ namespace: namespace.name, runnerSet: 'demo', names, patchId: 3, probe: false },
    ...over,
  };
  return new MockActivityEnvironment(undefined, { logger: new DefaultLogger('ERROR') }).run<
    [CreateRunnersInput],
    CreateRunnersResult,
    typeof activity
  >(activity, input);
}

const connections = createGitHubConnections();
afterAll(() => connections.close());

const key = (name: string) => ({ namespace: namespace.name, name });
const registered = (name: string) => github.admin.runners().filter((runner) => runner.name === name);

/** The one good end: object, Secret and pod agree with the only registration. */
async function expectWhole(name: string): Promise<void> {
  const [runner, secret, pod] = await Promise.all([
    kubernetes.get(ephemeralRunners, key(name)),
    kubernetes.get(secrets, key(name)),
    kubernetes.get(pods, key(name)),
  ]);
  const [registration, ...others] = registered(name);
  expect(others).toEqual([]);
  const id = Buffer.from(secret.data?.['runnerId'] ?? '', 'base64').toString();
  expect(id).toBe(String(registration?.id));
  expect(pod.metadata?.ownerReferences?.[0]).toMatchObject({
    kind: 'EphemeralRunner',
    uid: runner.metadata.uid,
  });
  expect(pod.metadata?.deletionTimestamp).toBeUndefined();
}

test('a batch of one lane makes its runners one after the other', async () => {
  durations.length = 0;
  const result = await create(['demo-runner-one', 'demo-runner-two']);
  expect(result).toMatchObject({
    created: [{ name: 'demo-runner-one' }, { name: 'demo-runner-two' }],
    rejected: [],
    begun: [],
  });
  await expectWhole('demo-runner-one');
  await expectWhole('demo-runner-two');
  expect(durations).toHaveLength(2);
});

test('as many at the same time as it is told to; when one fails, the others are finished', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'].map((letter) => `demo-runner-${letter}`);
  github.admin.addFault({ match: 'generatejitconfig', kind: 'status', status: 500, times: 1 });
  await expect(create(names, kubernetes, { atOnce: 3 })).rejects.toMatchObject({ type: 'GitHubUnavailable' });
  const made = names.filter((name) => registered(name).length > 0);
  expect(made).toHaveLength(2);
  await Promise.all(made.map(expectWhole));
  github.admin.setLatency({ generatejitconfig: 100 });
  const { created, begun } = await create(names, kubernetes, { atOnce: 3 });
  github.admin.setLatency({ generatejitconfig: 0 });
  expect(created.map(({ name }) => name).sort()).toEqual(names);
  expect(begun).toEqual([]);
  await Promise.all(names.map(expectWhole));
  expect(github.admin.stats().calls['generatejitconfig']?.maxInFlight).toBe(3);
});

test('an EphemeralRunner has both finalizers, its owner and the order’s number from the start', async () => {
  await create(['demo-runner-meta']);
  const { metadata } = await kubernetes.get(ephemeralRunners, key('demo-runner-meta'));
  expect(metadata.finalizers).toEqual([
    'ephemeralrunner.actions.github.com/finalizer',
    'ephemeralrunner.actions.github.com/runner-registration-finalizer',
  ]);
  expect(metadata.ownerReferences?.[0]).toMatchObject({
    kind: 'EphemeralRunnerSet',
    uid: set.metadata.uid,
    controller: true,
  });
  expect(metadata.annotations).toMatchObject({ 'actions.github.com/patch-id': '3' });
});

test.each([
  [
    'after the EphemeralRunner',
    (verb: string, plural: string) => verb === 'create' && plural !== 'ephemeralrunners',
  ],
  ['before the Secret', (verb: string, plural: string) => verb === 'create' && plural === 'secrets'],
  ['before the pod', (verb: string, plural: string) => verb === 'create' && plural === 'pods'],
])('a worker that dies %s: the next try ends well', async (what, breaks) => {
  const name = `demo-runner-${what.replaceAll(/[^a-z]/gi, '').toLowerCase()}`;
  await expect(create([name], dyingAt(breaks))).rejects.toMatchObject({ type: 'KubernetesUnavailable' });
  await create([name]);
  await expectWhole(name);
});

test('the same activity twice makes one runner', async () => {
  await create(['demo-runner-twice']);
  const before = registered('demo-runner-twice');
  await create(['demo-runner-twice']);
  expect(registered('demo-runner-twice')).toEqual(before);
  await expectWhole('demo-runner-twice');
});

test('one that has done its job before the activity is tried again is not made a second time', async () => {
  const name = 'demo-runner-done';
  await create([name]);
  const [before] = registered(name);
  const { metadata: pod } = await kubernetes.get(pods, key(name));
  await kubernetes.mergePatch(pods, key(name), { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  expect(await create([name])).toMatchObject({ created: [{ name, runnerId: before?.id }] });
  expect(registered(name)).toEqual([before]);
  expect((await kubernetes.get(pods, key(name))).metadata?.uid).toBe(pod?.uid);
});

test('a name that another scale set holds is given up, not taken away', async () => {
  github.admin.createScaleSet({ id: 8, name: 'other' });
  const other = connections.connect({
    configUrl: github.configUrl('octo/repo'),
    credentials: { kind: 'token', token: github.token },
  });
  await other.generateJitConfig(8, { name: 'demo-runner-taken' });
  const result = await create(['demo-runner-taken', 'demo-runner-free']);
  expect(result.created.map(({ name }) => name)).toEqual(['demo-runner-free']);
  expect(registered('demo-runner-taken')[0]).toMatchObject({ scaleSetId: 8 });
  const object: EphemeralRunner = await kubernetes.get(ephemeralRunners, key('demo-runner-taken'));
  expect(object.metadata.deletionTimestamp).toBeDefined();
});

test('a failure that concerns all ends the batch: what was made stays made, the rest was not begun', async () => {
  github.admin.addFault({ match: 'generatejitconfig', kind: 'status', status: 403, times: 1 });
  const result = await create(['demo-runner-f1', 'demo-runner-f2']);
  expect(result).toMatchObject({
    created: [],
    begun: ['demo-runner-f1'],
    stopped: { reason: 'GitHubRefused' },
  });
  await expect(kubernetes.get(ephemeralRunners, key('demo-runner-f2'))).rejects.toMatchObject({
    status: 404,
  });
});

test('Retry-After is handed to Temporal', async () => {
  github.admin.addFault({ match: 'generatejitconfig', kind: 'status', status: 429, retryAfter: 2, times: 1 });
  const failure = await create(['demo-runner-limited']).catch((error: unknown) => error);
  expect(failure).toMatchObject({ type: 'GitHubRateLimited', nonRetryable: false });
  const { nextRetryDelay } = failure as ApplicationFailure;
  expect(Number(nextRetryDelay)).toBeGreaterThan(1_500);
  expect(Number(nextRetryDelay)).toBeLessThanOrEqual(2_000);
});
