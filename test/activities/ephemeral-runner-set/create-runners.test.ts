import { MockActivityEnvironment } from '@temporalio/testing';
import type {
  CreateRunnersInput,
  CreateRunnersResult,
} from '../../../src/activities/ephemeral-runner-set/create-runners.ts';
import {
  createRunnersActivity,
  wouldTakePod,
} from '../../../src/activities/ephemeral-runner-set/create-runners.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client/client.ts';
import {
  ephemeralRunnerSets,
  ephemeralRunners,
  pods,
  secrets,
} from '../../../src/kubernetes/client/resources.ts';
import { aScene, namespace, run, set } from './scene.ts';

const scene = aScene();
let measured: string[];
beforeEach(() => void (measured = []));

const activity = (stopping?: AbortSignal, reads: Pick<KubernetesClient, 'get'> = scene.cluster.client) =>
  createRunnersActivity({
    stopping,
    reads,
    kubernetes: scene.cluster.client,
    github: scene.connections,
    version: '1.2.3',
    metrics: { runnerCreated: (...[where, of]) => void measured.push(`${where}/${of}`) },
  });

const input = (names: string[], over: Partial<CreateRunnersInput> = {}): CreateRunnersInput => ({
  namespace,
  runnerSet: set,
  names,
  patchId: 1,
  probe: false,
  ...over,
});

const create = (
  names: string[],
  over: Partial<CreateRunnersInput> = {},
  heartbeatDetails?: unknown,
): Promise<CreateRunnersResult> =>
  run(activity(), input(names, over), heartbeatDetails === undefined ? {} : { heartbeatDetails });

const namesOf = ({ created }: CreateRunnersResult): string[] => created.map(({ name }) => name).sort();

test('all that are named are made, and measured once', async () => {
  const result = await create(['r1', 'r2', 'r3'], { atOnce: 2 });
  expect(namesOf(result)).toEqual(['r1', 'r2', 'r3']);
  expect(result).toMatchObject({ rejected: [], begun: [] });
  expect(scene.registered().sort()).toEqual(['r1', 'r2', 'r3']);
  expect(measured).toEqual(['team/demo', 'team/demo', 'team/demo']);
});

test.each([
  ['a set that the workflow knows to be newer', { generation: 2 }],
  ['a try whether something was repaired', { probe: true }],
])('%s is not made from what was read before the edit', async (_what, over) => {
  const before = structuredClone(scene.runnerSet());
  scene.runnerSet().metadata.generation = 2;
  scene.runnerSet().spec.ephemeralRunnerSpec!.githubConfigSecret = 'repaired';
  scene.cluster.put(secrets, namespace, {
    ...scene.cluster.find(secrets, { namespace, name: 'github' }),
    metadata: { name: 'repaired' },
  });
  const get: typeof scene.cluster.client.get = (resource, key) =>
    resource === (ephemeralRunnerSets as never)
      ? (Promise.resolve(before) as never)
      : scene.cluster.client.get(resource, key);
  await run(activity(undefined, { get }), input(['r1'], over));
  expect(scene.runner('r1')?.spec.githubConfigSecret).toBe('repaired');
});

test('what an earlier attempt told of is not made again', async () => {
  const before = { created: [{ name: 'r1', runnerId: 41 }], rejected: [], begun: ['r2'] };
  const result = await create(['r1', 'r2'], {}, { result: before, beganAt: {} });
  expect(result.created[0]).toEqual({ name: 'r1', runnerId: 41 });
  expect(namesOf(result)).toEqual(['r1', 'r2']);
  expect(scene.registered()).toEqual(['r2']);
  expect(result.begun).toEqual([]);
});

test('what an earlier attempt made without telling of it is taken over', async () => {
  const first = await create(['r1']);
  expect(await create(['r1'])).toEqual(first);
  expect(scene.callsOf('generatejitconfig')).toBe(1);
});

test('without the Secret it stops, and nothing is there', async () => {
  await scene.cluster.client.delete(secrets, { namespace, name: 'github' });
  expect(await create(['r1'])).toMatchObject({
    created: [],
    begun: [],
    stopped: { reason: 'SecretNotFound', message: expect.stringContaining('create Secret "github"') },
  });
  expect(scene.runner('r1')).toBeUndefined();
});

test('a long wait at GitHub stops it, with what was done and begun by then', async () => {
  await create(['r1']);
  scene.github.admin.addFault({ match: 'generatejitconfig', kind: 'status', status: 429, retryAfter: 60 });
  expect(await create(['r1', 'r2', 'r3'])).toMatchObject({
    created: [{ name: 'r1' }],
    begun: ['r2'],
    stopped: { reason: 'GitHubRateLimited', retryAfterMs: 60_000 },
  });
  expect(scene.runner('r3')).toBeUndefined();
});

test('a short wait is left to the next attempt', async () => {
  scene.github.admin.addFault({ match: 'generatejitconfig', kind: 'status', status: 429, retryAfter: 2 });
  await expect(create(['r1'])).rejects.toMatchObject({
    type: 'GitHubRateLimited',
    nonRetryable: false,
    nextRetryDelay: 2_000,
  });
});

test('a pod that Kubernetes will not have is told of by its runner, and the others are not tried', async () => {
  const message = 'spec.containers: required';
  scene.cluster.failNext({ verb: 'create', resource: pods, status: 422, reason: 'Invalid', message });
  expect(await create(['r1', 'r2'])).toMatchObject({
    created: [],
    rejected: [{ name: 'r1', reason: 'InvalidPod', message: `Failed to create the pod: ${message}` }],
    stopped: { reason: 'InvalidPodTemplate' },
  });
  expect(scene.runner('r2')).toBeUndefined();
  expect(scene.registered()).toEqual([]);
});

test('asked to probe, it learns of a refusal before anything is made', async () => {
  scene.cluster.failNext({ verb: 'create', resource: pods, status: 422, reason: 'Invalid' });
  expect(await create(['r1'], { probe: true })).toMatchObject({
    rejected: [],
    begun: [],
    stopped: { reason: 'InvalidPodTemplate' },
  });
  expect(scene.runner('r1')).toBeUndefined();
  expect(scene.callsOf('generatejitconfig')).toBe(0);
});

test.each([
  ['runner', ephemeralRunners, 'DeniedByAdmission'],
  ['pod', pods, 'InvalidPodTemplate'],
  ['Secret', secrets, 'InvalidPodTemplate'],
])('asked to probe, it asks for each object: the %s is refused', async (_what, resource, reason) => {
  const message = 'admission webhook "a.b" denied the request: no';
  const fault = {
    verb: 'create',
    resource: resource as never,
    status: 403,
    reason: 'Forbidden',
    message,
  } as const;
  scene.cluster.failNext(fault);
  expect(await create(['r1'], { probe: true })).toMatchObject({ begun: [], stopped: { reason } });
  scene.cluster.failNext({ ...fault, status: 503 });
  expect(await create(['r1'], { probe: true })).toMatchObject({
    stopped: { reason: 'AdmissionUnavailable' },
  });
  expect(scene.callsOf('generatejitconfig')).toBe(0);
});

test.each(['pods', 'secrets', 'ephemeralrunners'])(
  'whether a runner would be taken: %s refused',
  async (plural) => {
    const resource = [pods, secrets, ephemeralRunners].find((each) => each.plural === plural) as never;
    const would = () =>
      wouldTakePod({ kubernetes: scene.cluster.client, version: 'v' })(
        scene.cluster.find(ephemeralRunnerSets, { namespace, name: set })!,
        new AbortController().signal,
      );
    expect(await would()).toBe(true);
    const message = 'admission webhook "a.b" denied the request: no';
    for (const status of [403, 409, 500]) {
      scene.cluster.failNext({ verb: 'create', resource, status, reason: 'Some', message });
      expect(await would()).toBe(false);
    }
  },
);

test('a probe that succeeds leaves no pod behind, and the runner is made', async () => {
  expect(namesOf(await create(['r1'], { probe: true }))).toEqual(['r1']);
  expect(scene.cluster.all(pods, namespace)).toHaveLength(1);
});

test('a quota that is full stops it', async () => {
  const message = 'exceeded quota: q';
  scene.cluster.failNext({ verb: 'create', resource: pods, status: 403, reason: 'Forbidden', message });
  expect(await create(['r1', 'r2'])).toMatchObject({
    rejected: [],
    begun: ['r1'],
    stopped: { reason: 'QuotaExceeded' },
  });
});

test('a name that is taken is passed over: it counts neither as created nor as begun', async () => {
  await scene.registerBusy('r1');
  const result = await create(['r1', 'r2']);
  expect(namesOf(result)).toEqual(['r2']);
  expect(result).toMatchObject({ rejected: [], begun: [] });
  expect(result.stopped).toBeUndefined();
});

test('runners of no set are made with the configuration of their own', async () => {
  scene.cluster.put(ephemeralRunners, namespace, { metadata: { name: 'r1' }, spec: scene.runnerSpec() });
  const { runnerSet: _none, ...alone } = input(['r1']);
  expect(namesOf(await run(activity(), alone))).toEqual(['r1']);
  expect(measured).toEqual(['team/']);
});

test('of runners of no set each is for itself: what one lacks holds up no other', async () => {
  const long = 'n'.repeat(65);
  const put = (name: string, over: object = {}) =>
    scene.cluster.put(ephemeralRunners, namespace, {
      metadata: { name },
      spec: { ...scene.runnerSpec(), ...over },
    });
  put('r1', { githubConfigSecret: 'missing' });
  put(long);
  put('r2');
  const { runnerSet: _none, ...alone } = input(['r1', long, 'r2']);
  const result = await run(activity(), alone);
  expect(namesOf(result)).toEqual(['r2']);
  expect(result.stopped).toBeUndefined();
  expect(result.heldUp).toMatchObject([
    { name: 'r1', reason: 'SecretNotFound', message: expect.stringContaining('missing') },
    { name: long, reason: 'InvalidName', message: expect.stringContaining('at most 64') },
  ]);
});

test('a set without a template cannot make any', async () => {
  scene.cluster.put(ephemeralRunnerSets, namespace, {
    metadata: { name: 'empty' },
    spec: {},
  });
  expect(await create(['r1'], { runnerSet: 'empty' })).toMatchObject({
    stopped: { reason: 'InvalidTemplate' },
  });
});

test('cancelled, it answers with what was done by then', async () => {
  const environment = new MockActivityEnvironment();
  scene.github.admin.setLatency({ generatejitconfig: 50 });
  const ended = environment.run(activity(), input(['r1', 'r2']));
  while (scene.callsOf('generatejitconfig') === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  environment.cancel();
  expect(await ended).toEqual({ created: [], rejected: [], begun: ['r1'] });
  expect(scene.runner('r2')).toBeUndefined();
});

test('when its worker is to end, it finishes the runner that it is at, and leaves the others', async () => {
  const stopping = new AbortController();
  scene.github.admin.setLatency({ generatejitconfig: 50 });
  const ended = run(activity(stopping.signal), input(['r1', 'r2']));
  while (scene.callsOf('generatejitconfig') === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  stopping.abort();
  const result = await ended;
  expect(namesOf(result)).toEqual(['r1']);
  expect(result).toMatchObject({ rejected: [], begun: [] });
  expect(result).not.toHaveProperty('stopped');
  expect(scene.runner('r2')).toBeUndefined();
});
