import {
  RejectedError,
  RunnerLeavingError,
  createRunner,
} from '../../../src/activities/ephemeral-runner-set/create-runner.ts';
import { NameTakenError } from '../../../src/activities/ephemeral-runner-set/register-runner.ts';
import { PodInTheWayError } from '../../../src/activities/failures.ts';
import { PATCH_ID_ANNOTATION } from '../../../src/api/annotations.ts';
import { EPHEMERAL_RUNNER_FINALIZERS } from '../../../src/api/finalizers.ts';
import { ephemeralRunners, pods, secrets } from '../../../src/kubernetes/client/resources.ts';
import { runnerIdOf } from '../../../src/kubernetes/objects/runner.ts';
import { aScene, namespace } from './scene.ts';

const scene = aScene();
const name = 'r1';
const key = { namespace, name };
let begun: number;
beforeEach(() => void (begun = 0));

/** @param ofSet whether it is made for the set, or exists already and belongs to none */
const create = (ofSet = true): Promise<number> =>
  createRunner(
    {
      kubernetes: scene.cluster.client,
      github: scene.client(),
      version: '1.2.3',
      signal: new AbortController().signal,
    },
    { ...key, patchId: 4, onBegun: () => (begun += 1), ...(ofSet && { runnerSet: scene.runnerSet() }) },
  );

const secretId = () => runnerIdOf(scene.cluster.find(secrets, key)!);
const jitConfigs = () => scene.callsOf('generatejitconfig');
const endPod = (status: object) => scene.cluster.client.mergePatch(pods, key, { status });

test('a runner is its object, its registration, and Secret and pod that belong together', async () => {
  const id = await create();
  expect(scene.objectsOf(name)).toEqual(['EphemeralRunner', 'Pod', 'Secret']);
  expect(scene.github.admin.runners()).toMatchObject([{ id, name }]);
  expect(secretId()).toBe(id);
  expect(scene.runner(name)?.metadata).toMatchObject({
    finalizers: EPHEMERAL_RUNNER_FINALIZERS,
    annotations: { [PATCH_ID_ANNOTATION]: '4' },
  });
  expect(begun).toBe(1);
});

test('once it is registered it is finished, though the signal aborts: nothing is left half', async () => {
  const { client } = scene.cluster;
  const aborting = new AbortController();
  const kubernetes: typeof client = Object.assign(Object.create(client), {
    create: (...[resource, where, object, options]: Parameters<typeof client.create>) => {
      if (resource === pods) aborting.abort();
      options?.signal?.throwIfAborted();
      return client.create(resource, where, object, options);
    },
  });
  const maker = { kubernetes, github: scene.client(), version: '1.2.3', signal: aborting.signal };
  await createRunner(maker, { ...key, patchId: 4, onBegun: () => undefined, runnerSet: scene.runnerSet() });
  expect(scene.objectsOf(name)).toEqual(['EphemeralRunner', 'Pod', 'Secret']);
});

describe('what an earlier try left', () => {
  test('whole, is taken over as it is', async () => {
    const id = await create();
    scene.cluster.writes.length = 0;
    expect(await create()).toBe(id);
    expect(scene.cluster.writes).toEqual([]);
    expect(jitConfigs()).toBe(1);
  });

  test('whole, is taken over also when its pod has done its job and ended meanwhile', async () => {
    const id = await create();
    await endPod({ phase: 'Succeeded' });
    expect(await create()).toBe(id);
    expect(jitConfigs()).toBe(1);
  });

  test('without a pod, is registered anew: no JIT config ever serves two pods', async () => {
    const before = await create();
    await scene.cluster.client.delete(pods, key);
    const id = await create();
    expect(id).not.toBe(before);
    expect(secretId()).toBe(id);
    expect(scene.objectsOf(name)).toContain('Pod');
    expect(scene.registered()).toEqual([name]);
  });

  test('a pod that waits for its Secret stays, and gets one', async () => {
    await create();
    const { uid } = scene.cluster.find(pods, key)!.metadata!;
    await scene.cluster.client.delete(secrets, key);
    const id = await create();
    expect(secretId()).toBe(id);
    expect(scene.cluster.find(pods, key)?.metadata?.uid).toBe(uid);
  });

  test('a pod that ended before it had a Secret goes first', async () => {
    await create();
    await scene.cluster.client.delete(secrets, key);
    await endPod({ phase: 'Failed' });
    await expect(create()).rejects.toBeInstanceOf(PodInTheWayError);
    expect(scene.objectsOf(name)).toEqual(['EphemeralRunner']);
    expect(await create()).toBe(secretId());
  });

  test('a runner that is being deleted is not made any more', async () => {
    await create();
    await scene.cluster.client.delete(ephemeralRunners, key);
    await expect(create()).rejects.toBeInstanceOf(RunnerLeavingError);
    expect(jitConfigs()).toBe(1);
  });
});

describe('a runner that belongs to no set', () => {
  beforeEach(
    () =>
      void scene.cluster.put(ephemeralRunners, namespace, { metadata: { name }, spec: scene.runnerSpec() }),
  );

  test('gets its finalizers before it is registered', async () => {
    expect(await create(false)).toBe(secretId());
    expect(scene.runner(name)?.metadata.finalizers).toEqual([...EPHEMERAL_RUNNER_FINALIZERS]);
    expect(scene.cluster.writes[0]).toMatchObject({ verb: 'patch', resource: 'ephemeralrunners' });
  });

  test('is made again under its name after its pod has ended', async () => {
    const before = await create(false);
    await endPod({ phase: 'Succeeded' });
    await expect(create(false)).rejects.toBeInstanceOf(PodInTheWayError);
    expect(await create(false)).not.toBe(before);
  });
});

test('under a name that a runner with a job has, the object goes, and another name is needed', async () => {
  const id = await scene.registerBusy(name);
  await expect(create()).rejects.toBeInstanceOf(NameTakenError);
  expect(scene.runner(name)?.metadata.deletionTimestamp).toBeDefined();
  expect(scene.github.admin.runners()).toMatchObject([{ id }]);
});

test.each([
  [422, 'Invalid', 'spec.containers: required'],
  [403, 'Forbidden', 'violates PodSecurity'],
  [400, 'BadRequest', 'admission webhook "a.b" denied the request: no'],
  [401, 'Unauthorized', 'admission webhook "a.b" denied the request: no'],
  [404, 'NotFound', 'admission webhook "a.b" denied the request: no'],
  [409, 'Conflict', 'admission webhook "a.b" denied the request: no'],
  [413, 'RequestEntityTooLarge', 'too large'],
  [
    422,
    'Invalid',
    `pods "r1" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`,
  ],
])(
  'a pod that Kubernetes will not have (%i) leaves no registration, and says why',
  async (status, reason, message) => {
    scene.cluster.failNext({ verb: 'create', resource: pods, status, reason, message });
    await expect(create()).rejects.toBeInstanceOf(RejectedError);
    expect(scene.registered()).toEqual([]);
    expect(scene.objectsOf(name)).toEqual(['EphemeralRunner']);
    expect(scene.runner(name)?.status).toMatchObject({
      phase: 'Failed',
      reason: 'InvalidPod',
      message: `Failed to create the pod: ${message}`,
      ready: false,
    });
  },
);

test('without room in the quota nothing is registered, and the runner is not failed', async () => {
  const message = 'exceeded quota: q';
  scene.cluster.failNext({ verb: 'create', resource: pods, status: 403, reason: 'Forbidden', message });
  await expect(create()).rejects.toMatchObject({ status: 403 });
  expect(scene.registered()).toEqual([]);
  expect(scene.runner(name)?.status).toBeUndefined();
});

test('a quota that others change at that moment is tried again', async () => {
  scene.cluster.failNext({ verb: 'create', resource: pods, status: 409, reason: 'Conflict', times: 3 });
  expect(await create()).toBe(secretId());
  expect(scene.objectsOf(name)).toContain('Pod');
});

test.each([
  [403, 'Forbidden', 'no Secrets here'],
  [404, 'NotFound', 'admission webhook "a.b" denied the request'],
])(
  'a Secret that admission refuses (%i) leaves nothing but the object, which says why',
  async (status, reason, message) => {
    scene.cluster.failNext({ verb: 'create', resource: secrets, status, reason, message });
    await expect(create()).rejects.toBeInstanceOf(RejectedError);
    expect(scene.registered()).toEqual([]);
    expect(scene.objectsOf(name)).toEqual(['EphemeralRunner']);
    expect(scene.runner(name)?.status).toMatchObject({
      phase: 'Failed',
      message: `Failed to create the Secret: ${message}`,
    });
  },
);

test.each([
  [403, 'exceeded quota: q'],
  [500, 'etcd is away'],
  [503, 'busy'],
])(
  'a pod that cannot be for now (%i) leaves nothing behind, for there may be no other try for long',
  async (status, message) => {
    scene.cluster.failNext({ verb: 'create', resource: pods, status, reason: 'Some', message });
    await expect(create()).rejects.toMatchObject({ status });
    expect(scene.registered()).toEqual([]);
    expect(scene.objectsOf(name)).toEqual(['EphemeralRunner']);
    expect(scene.runner(name)?.status).toBeUndefined();
  },
);

const forNow: [status: number, message: string][] = [
  [429, 'admission webhook "a.b" denied the request: no'],
  [500, 'admission webhook "a.b" denied the request: no'],
  [503, 'admission webhook "a.b" denied the request: no'],
  [500, 'Internal error occurred: failed calling webhook "a.b": context deadline exceeded'],
];

describe.each([
  ['pod', pods],
  ['Secret', secrets],
])('admission that refuses a %s for now', (_what, resource) => {
  test.each(forNow)('leaves nothing behind, and no evidence (%i, %s)', async (status, message) => {
    scene.cluster.failNext({ verb: 'create', resource: resource, status, reason: 'Some', message });
    await expect(create()).rejects.toMatchObject({ status });
    expect(scene.registered()).toEqual([]);
    expect(scene.objectsOf(name)).toEqual(['EphemeralRunner']);
    expect(scene.runner(name)?.status).toBeUndefined();
  });
});

test('without a Secret it is not made: the next try registers it anew', async () => {
  scene.cluster.failNext({ verb: 'create', resource: secrets, status: 500, reason: 'InternalError' });
  await expect(create()).rejects.toMatchObject({ status: 500 });
  expect(await create()).toBe(secretId());
  expect(jitConfigs()).toBe(3);
  expect(scene.registered()).toEqual([name]);
});
