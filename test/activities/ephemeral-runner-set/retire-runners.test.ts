import type { RetireRunnersInput } from '../../../src/activities/ephemeral-runner-set/retire-runners.ts';
import { retireRunnersActivity } from '../../../src/activities/ephemeral-runner-set/retire-runners.ts';
import { EPHEMERAL_RUNNER_FINALIZERS } from '../../../src/api/finalizers.ts';
import { RUNNER_POD_LABEL } from '../../../src/api/labels.ts';
import {
  ephemeralRunnerSets,
  ephemeralRunners,
  pods,
  secrets,
} from '../../../src/kubernetes/client/resources.ts';
import { aScene, namespace, run, set } from './scene.ts';

const scene = aScene();
const ALL = ['EphemeralRunner', 'Pod', 'Secret'];

/** Puts the objects of a runner into the cluster, with the finalizers that hold it. */
function put(
  name: string,
  spec: object = {},
  finalizers: readonly string[] = EPHEMERAL_RUNNER_FINALIZERS,
): void {
  scene.cluster.put(ephemeralRunners, namespace, {
    metadata: { name, finalizers },
    spec: { ...scene.runnerSpec(), ...spec },
  });
  scene.cluster.put(pods, namespace, { metadata: { name } });
  scene.cluster.put(secrets, namespace, { metadata: { name } });
}

/** An idle runner, whole. @returns how it is named to the activity */
async function idle(name: string): Promise<{ name: string; runnerId: number }> {
  put(name);
  return { name, runnerId: await scene.register(name) };
}

async function busy(name: string): Promise<{ name: string; runnerId: number }> {
  put(name);
  return { name, runnerId: await scene.registerBusy(name) };
}

const retire = (
  runners: RetireRunnersInput['runners'],
  { heartbeatDetails, ...over }: Partial<RetireRunnersInput> & { heartbeatDetails?: unknown } = {},
) =>
  run(
    retireRunnersActivity({ kubernetes: scene.cluster.client, github: scene.connections }),
    { namespace, runnerSet: set, runners, ...over },
    heartbeatDetails === undefined ? {} : { heartbeatDetails },
  );

const removals = () => scene.callsOf('removerunner');

test('runners go from GitHub and from the cluster, whole', async () => {
  const runners = [await idle('r1'), await idle('r2')];
  const { retired, ...rest } = await retire(runners);
  expect(retired.sort()).toEqual(['r1', 'r2']);
  expect(rest).toEqual({ kept: [], busy: [] });
  expect(scene.registered()).toEqual([]);
  expect([...scene.objectsOf('r1'), ...scene.objectsOf('r2')]).toEqual([]);
});

test('one whose job still runs is not touched; the others go', async () => {
  const runners = [await busy('r1'), await idle('r2')];
  expect(await retire(runners)).toEqual({ retired: ['r2'], kept: [], busy: ['r1'] });
  expect(scene.objectsOf('r1')).toEqual(ALL);
  expect(scene.runner('r1')?.metadata.deletionTimestamp).toBeUndefined();
  expect(scene.registered()).toEqual(['r1']);
});

test('one whose id is not known is looked for by its name: its creation may have been cut short', async () => {
  const { name } = await idle('r1');
  const { name: other } = await busy('r2');
  expect(await retire([{ name }, { name: other }])).toEqual({ retired: ['r1'], kept: [], busy: ['r2'] });
  expect(scene.registered()).toEqual(['r2']);
});

test('a name that another scale set has at GitHub is left there, and the runner goes', async () => {
  scene.github.admin.createScaleSet({ id: 2, name: 'other' });
  await scene.register('r1', 2);
  put('r1');
  expect(await retire([{ name: 'r1' }])).toMatchObject({ retired: ['r1'] });
  expect(scene.registered()).toEqual(['r1']);
});

test('one that GitHub has forgotten, and one whose objects are gone, count as retired', async () => {
  put('r1');
  const runners = [
    { name: 'r1', runnerId: 99 },
    { name: 'r2', runnerId: await scene.register('r2') },
  ];
  const { retired } = await retire(runners);
  expect(retired.sort()).toEqual(['r1', 'r2']);
  expect(scene.registered()).toEqual([]);
});

test('finalizers of others hold the object, which is being deleted without ours', async () => {
  put('r1', {}, [...EPHEMERAL_RUNNER_FINALIZERS, 'of/others']);
  await retire([{ name: 'r1', runnerId: await scene.register('r1') }]);
  expect(scene.runner('r1')?.metadata.finalizers).toEqual(['of/others']);
  expect(scene.objectsOf('r1')).toEqual(['EphemeralRunner']);
});

test('one that is to be kept loses its registration, pod and Secret, and says why it ended', async () => {
  const keepAs = { phase: 'Failed', reason: 'TooManyPodFailures', message: 'gave up' };
  expect(await retire([{ ...(await idle('r1')), keepAs }])).toEqual({
    retired: ['r1'],
    kept: ['r1'],
    busy: [],
  });
  expect(scene.registered()).toEqual([]);
  expect(scene.objectsOf('r1')).toEqual(['EphemeralRunner']);
  expect(scene.runner('r1')).toMatchObject({
    metadata: { finalizers: EPHEMERAL_RUNNER_FINALIZERS },
    status: { ...keepAs, ready: false, conditions: [{ type: 'Ready', status: 'False' }] },
  });
  expect(scene.runner('r1')?.metadata.deletionTimestamp).toBeUndefined();
});

test('what stands in the way of one is told, and does not hold up the others', async () => {
  const runners = [await idle('r1'), await idle('r2')];
  scene.github.admin.addFault({ match: 'removerunner', kind: 'status', status: 500 });
  await expect(retire(runners)).rejects.toMatchObject({ type: 'GitHubUnavailable', nonRetryable: false });
  expect(scene.registered()).toHaveLength(1);
  expect([scene.objectsOf('r1'), scene.objectsOf('r2')].sort()).toEqual([[], ALL]);
});

test('what an earlier attempt told of is not asked again', async () => {
  const runners = [await idle('r1'), await idle('r2'), await idle('r3')];
  const heartbeatDetails = { retired: ['r1'], kept: [], busy: ['r2'] };
  expect(await retire(runners, { heartbeatDetails })).toEqual({
    retired: ['r1', 'r3'],
    kept: [],
    busy: ['r2'],
  });
  expect(removals()).toBe(1);
});

describe('while GitHub cannot be asked', () => {
  beforeEach(() => scene.cluster.client.delete(secrets, { namespace, name: 'github' }));

  test('nothing is touched, and the reason is told', async () => {
    put('r1');
    expect(await retire([{ name: 'r1', runnerId: 1 }])).toMatchObject({
      retired: [],
      stopped: { reason: 'SecretNotFound' },
    });
    expect(scene.objectsOf('r1')).toEqual(ALL);
  });

  test('those go whose time has passed, and are told of as left behind', async () => {
    put('r1');
    put('r2');
    expect(await retire([{ name: 'r1', runnerId: 1, force: true }, { name: 'r2' }])).toMatchObject({
      retired: ['r1'],
      leaked: ['r1'],
      stopped: { reason: 'SecretNotFound' },
    });
    expect(scene.objectsOf('r1')).toEqual([]);
    expect(scene.objectsOf('r2')).toEqual(ALL);
  });
});

test('force does not end a job', async () => {
  expect(await retire([{ ...(await busy('r1')), force: true }])).toEqual({
    retired: [],
    kept: [],
    busy: ['r1'],
  });
});

describe('runners whose set is gone', () => {
  beforeEach(() => scene.cluster.client.delete(ephemeralRunnerSets, { namespace, name: set }));

  test('are deregistered with the configuration of their own', async () => {
    expect(await retire([await idle('r1')])).toMatchObject({ retired: ['r1'] });
    expect(scene.registered()).toEqual([]);
  });

  test('are done without GitHub when their object is gone as well', async () => {
    await scene.register('r1');
    expect(await retire([{ name: 'r1' }])).toMatchObject({ retired: ['r1'] });
    expect(removals()).toBe(0);
  });
});

describe('what container hooks made for the job', () => {
  const env = [{ name: 'ACTIONS_RUNNER_CONTAINER_HOOKS', value: '/k8s/index.js' }];
  const helper = (name: string, runner: string): void => {
    for (const resource of [pods, secrets])
      scene.cluster.put(resource, namespace, {
        metadata: { name, labels: { [RUNNER_POD_LABEL]: runner } },
      });
  };

  test.each([
    ['goes with its runner', env, ['Pod', 'Secret']],
    ['is not looked for without hooks', [], ['Pod', 'Secret', 'Pod', 'Secret']],
  ])('%s', async (_what, given, left) => {
    put('r1', { spec: { containers: [{ name: 'runner', image: 'r', env: given }] } });
    helper('r1-workflow', 'r1');
    helper('r2-workflow', 'r2');
    await retire([{ name: 'r1', runnerId: await scene.register('r1') }]);
    expect([...scene.objectsOf('r1-workflow'), ...scene.objectsOf('r2-workflow')]).toEqual(left);
    expect(scene.runner('r1')).toBeUndefined();
  });
});

test("Secrets of container hooks that may not be deleted unseen stay: no runner is held up by a role of ARC's charts", async () => {
  const env = [{ name: 'ACTIONS_RUNNER_CONTAINER_HOOKS', value: '/k8s/index.js' }];
  put('r1', { spec: { containers: [{ name: 'runner', image: 'r', env }] } });
  const labels = { [RUNNER_POD_LABEL]: 'r1' };
  scene.cluster.put(secrets, namespace, { metadata: { name: 'r1-workflow', labels } });
  scene.cluster.failNext({ verb: 'deletecollection', resource: secrets, status: 403, reason: 'Forbidden' });
  const retired = await retire([{ name: 'r1', runnerId: await scene.register('r1') }]);
  expect(retired).toMatchObject({ retired: ['r1'] });
  expect(scene.runner('r1')).toBeUndefined();
  expect(scene.objectsOf('r1-workflow')).toEqual(['Secret']);
});

test('one that is to be left alone keeps pod, Secret and registration, and loses what holds it', async () => {
  const runner = await busy('r1');
  await scene.cluster.client.delete(ephemeralRunners, { namespace, name: 'r1' });
  expect(await retire([{ ...runner, leavePod: true }])).toMatchObject({ retired: ['r1'] });
  expect(scene.objectsOf('r1')).toEqual(['Pod', 'Secret']);
  expect(scene.registered()).toEqual(['r1']);
  expect(removals()).toBe(0);
});

test('another one of the same name is left alone', async () => {
  const runner = await idle('r1');
  expect(await retire([{ ...runner, uid: 'of-the-one-before' }])).toMatchObject({ retired: ['r1'] });
  expect(scene.objectsOf('r1')).toEqual(ALL);
  expect(scene.runner('r1')?.metadata.deletionTimestamp).toBeUndefined();
  expect(removals()).toBe(0);
  const { uid = '' } = scene.runner('r1')!.metadata;
  await retire([{ ...runner, uid }]);
  expect(scene.objectsOf('r1')).toEqual([]);
});

test('one of an earlier template is deregistered where it is registered: its id means another one elsewhere', async () => {
  const elsewhere = await idle('other');
  put('r1', { githubConfigUrl: 'https://github.invalid/octo/before', githubConfigSecret: 'absent' });
  const asked = retire([{ name: 'r1', runnerId: elsewhere.runnerId, ofOlderTemplate: true }]);
  expect(await asked).toMatchObject({ retired: [], stopped: { reason: 'SecretNotFound' } });
  expect(scene.registered()).toEqual(['other']);
  expect(await retire([{ ...elsewhere, ofOlderTemplate: true }])).toMatchObject({ retired: ['other'] });
});
