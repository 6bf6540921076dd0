import type {
  PublishStatusInput,
  RunnerSetStatusUpdate,
} from '../../../src/activities/ephemeral-runner-set/publish-status.ts';
import { publishStatusActivity } from '../../../src/activities/ephemeral-runner-set/publish-status.ts';
import { JOB_PROTECTION_ANNOTATIONS } from '../../../src/api/annotations.ts';
import { EPHEMERAL_RUNNER_SET_FINALIZER } from '../../../src/api/finalizers.ts';
import {
  ephemeralRunnerSets,
  ephemeralRunners,
  events,
  podDisruptionBudgets,
  pods,
  secrets,
} from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';
import { run } from './scene.ts';

const namespace = 'team';
const key = { namespace, name: 'demo' };

let cluster: ClusterStandIn;
let runnerSet: NonNullable<PublishStatusInput['runnerSet']>;

beforeEach(() => {
  cluster = new ClusterStandIn();
  const { metadata } = cluster.put(ephemeralRunnerSets, namespace, { metadata: { name: 'demo' }, spec: {} });
  runnerSet = { name: 'demo', uid: metadata.uid ?? '', generation: 3 };
  for (const name of ['r1', 'r2']) cluster.put(ephemeralRunners, namespace, { metadata: { name }, spec: {} });
});

const publish = (input: Partial<PublishStatusInput>): Promise<void> =>
  run(publishStatusActivity({ kubernetes: cluster.client }), {
    ...{ namespace, runnerSet, runners: [], events: [] },
    ...input,
  });

const publishAlone = ({ runnerSet: _none, ...input }: Partial<PublishStatusInput>): Promise<void> =>
  run(publishStatusActivity({ kubernetes: cluster.client }), {
    namespace,
    runners: [],
    events: [],
    ...input,
  });

const set = () => cluster.find(ephemeralRunnerSets, key)!;
const runner = (name: string) => cluster.find(ephemeralRunners, { namespace, name })!;

const status: RunnerSetStatusUpdate = {
  currentReplicas: 2,
  pendingEphemeralRunners: 1,
  runningEphemeralRunners: 1,
  failedEphemeralRunners: 0,
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True', reason: 'Scaled', message: 'm' }],
};

describe('a set', () => {
  test('has its counts, its phase and its conditions with the generation that was judged', async () => {
    await publish({ status });
    const { conditions, ...counts } = status;
    expect(set().status).toMatchObject(counts);
    expect(set().status?.conditions).toMatchObject([
      { ...conditions[0], observedGeneration: 3 },
      { type: 'Reconciling' },
      { type: 'Stalled' },
    ]);
  });

  test('that was made anew under the same name is left alone', async () => {
    await publish({ status, runnerSet: { ...runnerSet, uid: 'another' } });
    expect(set().status).toBeUndefined();
  });

  test('that is gone needs no status', async () => {
    await cluster.client.delete(ephemeralRunnerSets, key);
    await expect(publish({ status, addFinalizer: true })).resolves.toBeUndefined();
  });

  test('gets its finalizer beside those of others', async () => {
    await cluster.client.mergePatch(ephemeralRunnerSets, key, { metadata: { finalizers: ['of/others'] } });
    await publish({ addFinalizer: true });
    expect(set().metadata.finalizers).toEqual(['of/others', EPHEMERAL_RUNNER_SET_FINALIZER]);
    await publish({ removeFinalizer: true, status });
    expect(set().metadata.finalizers).toEqual(['of/others']);
    expect(set().status).toBeUndefined();
  });

  test('whose finalizers change at the same moment is tried again', async () => {
    cluster.failNext({ verb: 'patch', resource: ephemeralRunnerSets, status: 409, reason: 'Conflict' });
    await expect(publish({ addFinalizer: true })).rejects.toMatchObject({
      type: 'KubernetesRefused',
      nonRetryable: false,
    });
  });
});

describe('a runner', () => {
  test('that is up is ready, with its id and name at GitHub', async () => {
    await publish({ runners: [{ name: 'r1', phase: 'Running', ready: true, runnerId: 9 }] });
    expect(runner('r1').status).toMatchObject({
      phase: 'Running',
      ready: true,
      runnerId: 9,
      runnerName: 'r1',
      conditions: [{ type: 'Ready', status: 'True', reason: 'PodReady' }],
    });
  });

  test('that is not up says why, and no longer once it is', async () => {
    const why = { reason: 'ImagePullBackOff', message: 'no such image' };
    await publish({ runners: [{ name: 'r1', phase: 'Pending', ready: false, ...why }] });
    expect(runner('r1').status).toMatchObject({
      ...why,
      ready: false,
      conditions: [{ status: 'False', ...why }],
    });
    await publish({ runners: [{ name: 'r1', phase: 'Running', ready: true }] });
    expect(runner('r1').status).not.toHaveProperty('reason');
    expect(runner('r1').status).not.toHaveProperty('message');
  });

  test('whose maker was lost before it told has the id that its Secret knows', async () => {
    const data = { runnerId: Buffer.from('17').toString('base64') };
    cluster.put(secrets, namespace, { metadata: { name: 'r1' }, data });
    const runners = ['r1', 'r2'].map((name) => ({ name, phase: 'Pending', ready: false }));
    await publish({ runners });
    expect(runner('r1').status).toMatchObject({ runnerId: 17, runnerName: 'r1' });
    expect(runner('r2').status).not.toHaveProperty('runnerId');
  });

  test('that outlives its job says how it ended', async () => {
    await publish({ runners: [{ name: 'r1', phase: 'Succeeded', ready: false, jobResult: 'canceled' }] });
    expect(runner('r1').status).toMatchObject({ jobResult: 'canceled' });
  });

  test('which of its pods failed, and when, beside those before', async () => {
    for (const podUid of ['one', 'two'])
      await publish({ runners: [{ name: 'r1', phase: 'Pending', ready: false, failed: { podUid, at: 0 } }] });
    const at = '1970-01-01T00:00:00.000Z';
    expect(runner('r1').status).toMatchObject({ failures: { one: at, two: at } });
  });

  test('that is gone does not hold up the others', async () => {
    const runners = ['gone', 'r1'].map((name) => ({ name, phase: 'Running', ready: true }));
    await publish({ runners });
    expect(runner('r1').status).toMatchObject({ phase: 'Running' });
  });

  test('after runner, one at a time, when others are being created', async () => {
    const runners = ['r1', 'r2'].map((name) => ({ name, phase: 'Running', ready: true }));
    await publish({ runners, status, oneAtATime: true });
    const written = cluster.writes.filter(({ resource }) => resource === 'ephemeralrunners');
    expect(written.map(({ name }) => name)).toEqual(['r1', 'r2']);
    expect(set().status?.phase).toBe('Running');
  });
});

describe('Events', () => {
  const event = { type: 'Warning' as const, reason: 'RunnerFailed', message: 'it crashed', runner: 'r1' };

  test('are about the set, and name the runner', async () => {
    await publish({ events: [event] });
    expect(cluster.all(events, namespace)).toMatchObject([
      {
        type: 'Warning',
        reason: 'RunnerFailed',
        message: 'r1: it crashed',
        involvedObject: { kind: 'EphemeralRunnerSet', name: 'demo', uid: runnerSet.uid },
      },
    ]);
  });

  test('are about the runner where there is no set', async () => {
    await publishAlone({ events: [event] });
    expect(cluster.all(events, namespace)).toMatchObject([
      { message: 'it crashed', involvedObject: { kind: 'EphemeralRunner', name: 'r1' } },
    ]);
  });
});

test('pods that have a job are protected with the same batch', async () => {
  cluster.put(pods, namespace, { metadata: { name: 'r1' } });
  await publish({ protect: { runners: ['r1'], by: 'annotations' } });
  expect(cluster.find(pods, { namespace, name: 'r1' })?.metadata?.annotations).toEqual(
    JOB_PROTECTION_ANNOTATIONS,
  );
});

test('what fails is told together, after the rest was written', async () => {
  const fault = { verb: 'patch', status: 500, reason: 'InternalError' } as const;
  cluster.failNext({ ...fault, resource: ephemeralRunners, name: 'r1', message: 'down' });
  cluster.failNext({ ...fault, resource: ephemeralRunnerSets, message: 'full' });
  const runners = ['r1', 'r2'].map((name) => ({ name, phase: 'Running', ready: true }));
  const told = [{ type: 'Normal' as const, reason: 'RunnerCreated', message: 'm' }];
  await expect(publish({ runners, status, events: told })).rejects.toMatchObject({
    type: 'KubernetesUnavailable',
    message: expect.stringMatching(/full.*down|down.*full/),
  });
  expect(runner('r2').status).toMatchObject({ phase: 'Running' });
  expect(cluster.all(events, namespace)).toHaveLength(1);
});

describe('what the API server refuses for good', () => {
  const refusal = { status: 403, reason: 'Forbidden' };
  const all: Partial<PublishStatusInput> = {
    ...{ status, addFinalizer: true, runners: [] },
    protect: { runners: ['r1'], by: 'budget' },
    events: [{ type: 'Normal', reason: 'RunnerCreated', message: 'm' }],
  };
  const runners = ['r1', 'r2'].map((name) => ({ name, phase: 'Running', ready: true }));

  test.each([
    ['an Event', { verb: 'create', resource: events }],
    ['a budget', { verb: 'create', resource: podDisruptionBudgets }],
    ['the mark of a job', { verb: 'patch', resource: pods }],
    ['the status of one runner', { verb: 'patch', resource: ephemeralRunners, name: 'r1' }],
  ] as const)('%s: the rest is written, and the batch is not repeated', async (_what, fault) => {
    cluster.put(pods, namespace, { metadata: { name: 'r1' } });
    cluster.failNext({ ...refusal, ...fault });
    await expect(publish({ ...all, runners })).resolves.toBeUndefined();
    expect(set().metadata.finalizers).toEqual([EPHEMERAL_RUNNER_SET_FINALIZER]);
    expect(set().status?.phase).toBe('Running');
    expect(runner('r2').status).toMatchObject({ phase: 'Running' });
  });

  test('its own status: the finalizer and the runners go on', async () => {
    cluster.failNext({ ...refusal, verb: 'get', resource: ephemeralRunnerSets });
    await publish({ status, runners });
    expect(set().status).toBeUndefined();
    expect(runner('r2').status).toMatchObject({ phase: 'Running' });
  });

  test('its finalizer: that is done, not told, and is tried again', async () => {
    cluster.failNext({ ...refusal, verb: 'patch', resource: ephemeralRunnerSets });
    await expect(publish({ addFinalizer: true, runners })).rejects.toMatchObject({
      type: 'KubernetesForbidden',
    });
    expect(runner('r2').status).toMatchObject({ phase: 'Running' });
  });
});
