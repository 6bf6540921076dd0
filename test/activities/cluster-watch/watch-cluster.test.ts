import { setTimeout as sleep } from 'node:timers/promises';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { WatchClusterDeps } from '../../../src/activities/cluster-watch/watch-cluster.ts';
import { epochOf, watchClusterActivity } from '../../../src/activities/cluster-watch/watch-cluster.ts';
import type { WatchRefusal } from '../../../src/activities/cluster-watch/watch-refusals.ts';
import {
  COMPONENT_LABEL,
  EPHEMERAL_RUNNER_LABEL,
  EPHEMERAL_RUNNER_LABEL_VALUE,
  LISTENER_COMPONENT,
} from '../../../src/api/labels.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunnerSets,
  ephemeralRunners,
  events,
  pods,
} from '../../../src/kubernetes/client/resources.ts';
import type { AnyObservation } from '../../../src/messages/observations.ts';
import { DEFAULT_SETTINGS } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const SET = 'c1/ephemeralrunnerset/team/demo';
const SCALE_SET = 'c1/autoscalingrunnerset/team/demo';
const LISTENER = 'c1/autoscalinglistener/team/demo-listener';

const template = { githubConfigUrl: 'https://github.com/octo/app', runnerScaleSetId: 7 };
const owner = (kind: string) => [{ kind, name: 'demo', controller: true, apiVersion: 'v', uid: 'u' }];

let cluster: ClusterStandIn;
let told: { id: string; observation: AnyObservation }[];
let gauges: { name: string; desired: number; current: number }[];
let unwatched: number;
let refusals: readonly WatchRefusal[];
let logged: string[];
let ends: (() => Promise<void>)[];

beforeEach(() => {
  cluster = new ClusterStandIn();
  [told, gauges, unwatched, logged, ends, refusals] = [[], [], 0, [], [], []];
});
afterEach(() => Promise.all(ends.map((end) => end())));

function putSet(namespace = 'team', over: object = {}): void {
  cluster.put(ephemeralRunnerSets, namespace, {
    metadata: { name: 'demo', ownerReferences: owner('AutoscalingRunnerSet') },
    spec: { replicas: 1, patchID: 0, ephemeralRunnerSpec: template, ...over },
  });
}

const putRunner = (name: string, namespace = 'team'): void =>
  void cluster.put(ephemeralRunners, namespace, {
    metadata: { name, ownerReferences: owner('EphemeralRunnerSet') },
    spec: template,
  });

const putPod = (name: string, labels: Record<string, string>): void =>
  void cluster.put(pods, 'team', {
    metadata: { name, labels },
    spec: { containers: [] },
    status: { phase: 'Running' },
  });

const putListener = (namespace = 'team'): void =>
  void cluster.put(autoscalingListeners, namespace, {
    metadata: { name: 'demo-listener' },
    spec: {
      ...{ autoscalingRunnerSetNamespace: 'team', autoscalingRunnerSetName: 'demo' },
      ...{ ephemeralRunnerSetName: 'demo', githubConfigUrl: template.githubConfigUrl, runnerScaleSetId: 7 },
    },
  });

/** Begins to watch; ended with the test. */
function watch(over: Partial<WatchClusterDeps> = {}): {
  env: MockActivityEnvironment;
  ended: Promise<unknown>;
} {
  const take = (id: string, observation: AnyObservation): Promise<void> => {
    told.push({ id, observation });
    return Promise.resolve();
  };
  const activity = watchClusterActivity({
    cluster: 'c1',
    kubernetes: cluster.client,
    wouldTakePod: () => Promise.resolve(true),
    workflows: {
      signalWithStart: (
        _type: unknown,
        { workflowId, signalArgs }: { workflowId: string; signalArgs: [AnyObservation] },
      ) => take(workflowId, signalArgs[0]),
      getHandle: (id: string) => ({ signal: (_signal: unknown, news: AnyObservation) => take(id, news) }),
    } as unknown as WatchClusterDeps['workflows'],
    settings: DEFAULT_SETTINGS,
    namespaces: [],
    snapshotIntervalMs: 60_000,
    metrics: {
      replicas: (sets) => void (gauges = sets),
      runners: () => undefined,
      unwatched: () => void (unwatched += 1),
      rebuilt: () => undefined,
      refused: (all) => void (refusals = all),
    },
    log: (message) => void logged.push(message),
    ...over,
  });
  const env = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const ended = env.run(activity);
  ended.catch(() => undefined);
  ends.push(async () => {
    env.cancel();
    await ended.catch(() => undefined);
  });
  return { env, ended };
}

async function eventually(check: () => void): Promise<void> {
  const deadline = Date.now() + 8_000;
  for (;;) {
    try {
      check();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(20);
  }
}

const toldTo = (id: string): AnyObservation[] =>
  told.filter((one) => one.id === id).map(({ observation }) => observation);

test('each workflow begins with everything that concerns it', async () => {
  putSet();
  putRunner('r1');
  putPod('r1', { [EPHEMERAL_RUNNER_LABEL]: EPHEMERAL_RUNNER_LABEL_VALUE });
  cluster.put(autoscalingRunnerSets, 'team', { metadata: { name: 'demo' }, spec: {} });
  putListener();
  watch();
  await eventually(() =>
    expect(new Set(told.map(({ id }) => id))).toEqual(new Set([SET, SCALE_SET, LISTENER])),
  );
  expect(toldTo(SET)[0]).toMatchObject({
    runnerSet: { replicas: 1 },
    runners: [{ name: 'r1', pod: { phase: 'Running' } }],
    snapshot: { part: 1, parts: 1 },
    settings: DEFAULT_SETTINGS,
  });
  expect(toldTo(SCALE_SET)[0]).toMatchObject({
    autoscalingRunnerSet: { uid: expect.any(String) },
    runnerSets: [{ name: 'demo', current: true }],
    listeners: [{ name: 'demo-listener' }],
    snapshot: true,
  });
  expect(toldTo(LISTENER)[0]).toMatchObject({
    listener: { scaleSetId: 7, capacity: 'open' },
    snapshot: true,
  });
});

test('nobody is told anything before all that there is has been listed', async () => {
  putSet();
  putRunner('r1');
  cluster.failNext({ verb: 'list', resource: ephemeralRunners, status: 503, reason: 'Unavailable' });
  watch();
  await eventually(() => expect(told).not.toEqual([]));
  expect(toldTo(SET)[0]).toMatchObject({ runners: [{ name: 'r1' }] });
  expect(logged).toContainEqual(expect.stringContaining('cannot be read'));
});

test('a change is told to the workflow it concerns, as a change', async () => {
  putSet();
  watch();
  await eventually(() => expect(toldTo(SET)).toHaveLength(1));
  putRunner('r1');
  await eventually(() => expect(toldTo(SET)).toHaveLength(2));
  expect(toldTo(SET)[1]).toMatchObject({ runners: [{ name: 'r1' }] });
  expect(toldTo(SET)[1]).not.toHaveProperty('snapshot');
  await cluster.client.delete(ephemeralRunners, { namespace: 'team', name: 'r1' });
  await eventually(() => expect(toldTo(SET).at(-1)).toMatchObject({ gone: ['r1'] }));
  await cluster.client.delete(ephemeralRunnerSets, { namespace: 'team', name: 'demo' });
  await eventually(() => expect(toldTo(SET).at(-1)).toMatchObject({ runnerSet: null }));
});

test('the pod of a listener is told to the listener, that of a runner to its set', async () => {
  putSet();
  putRunner('r1');
  putListener();
  watch({ scaleSets: { listenerMode: 'pod', listenerImage: 'ours' } });
  await eventually(() => expect(toldTo(LISTENER)).toHaveLength(1));
  putPod('demo-listener', { [COMPONENT_LABEL]: LISTENER_COMPONENT });
  putPod('r1', { [EPHEMERAL_RUNNER_LABEL]: EPHEMERAL_RUNNER_LABEL_VALUE });
  await eventually(() =>
    expect(toldTo(LISTENER).at(-1)).toMatchObject({ listener: { pod: { phase: 'Running' } } }),
  );
  await eventually(() => expect(toldTo(SET).at(-1)).toMatchObject({ runners: [{ name: 'r1', pod: {} }] }));
});

test('everything is told again at intervals, so that nothing depends on one message', async () => {
  putSet();
  watch({ snapshotIntervalMs: 300 });
  await eventually(() => expect(toldTo(SET).length).toBeGreaterThanOrEqual(2));
  expect(toldTo(SET)[1]).toMatchObject({ runnerSet: { replicas: 1 }, snapshot: { part: 1, parts: 1 } });
});

test('only the namespaces that are served are looked at; listeners also where the controller lives', async () => {
  putSet('team');
  putSet('other');
  putListener('systems');
  putListener('other');
  watch({ namespaces: ['team'], scaleSets: { controllerNamespace: 'systems' } });
  const listener = 'c1/autoscalinglistener/systems/demo-listener';
  await eventually(() => expect(toldTo(SET)).not.toEqual([]));
  await eventually(() => expect(toldTo(listener)).not.toEqual([]));
  expect(told.filter(({ id }) => id.includes('/other/'))).toEqual([]);
});

test('the gauges follow what is wanted and what there is, until the watch ends', async () => {
  putSet('team', { replicas: 3 });
  putRunner('r1');
  const { env, ended } = watch();
  await eventually(() =>
    expect(gauges).toEqual([{ namespace: 'team', name: 'demo', desired: 3, current: 1 }]),
  );
  env.cancel();
  await expect(ended).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(unwatched).toBe(1);
});

test('an object that cannot be read is logged and passed over; all others are told', async () => {
  putSet();
  cluster.put(ephemeralRunnerSets, 'team', {
    metadata: { name: 'odd', annotations: null },
    spec: null,
  });
  watch();
  await eventually(() => expect(toldTo('c1/ephemeralrunnerset/team/demo')).toHaveLength(1));
  cluster.put(ephemeralRunnerSets, 'team', { metadata: { name: 'odder' }, spec: null });
  putRunner('r1');
  await eventually(() => expect(toldTo('c1/ephemeralrunnerset/team/demo').length).toBeGreaterThan(1));
  expect(logged).toContain('An object cannot be read and is passed over.');
  expect(toldTo('c1/ephemeralrunnerset/team/odd')).toEqual([]);
});

test('a list with an object that cannot be read tells of nobody that he is gone', async () => {
  putSet();
  putRunner('r1');
  cluster.put(ephemeralRunnerSets, 'team', { metadata: { name: 'odd' }, spec: null });
  cluster.put(ephemeralRunnerSets, 'team', { metadata: { name: 'next' }, spec: { replicas: 4 } });
  watch();
  await eventually(() => expect(toldTo('c1/ephemeralrunnerset/team/next')).toHaveLength(1));
  expect(toldTo(SET)[0]).toMatchObject({ runnerSet: { replicas: 1 }, runners: [{ name: 'r1' }] });
});

test('a namespace that may not be looked at holds up nobody else; people are told what is missing', async () => {
  putSet('team');
  putSet('other');
  const fault = { verb: 'list', resource: ephemeralRunners, namespace: 'other' } as const;
  cluster.failNext({ ...fault, status: 403, reason: 'Forbidden', times: 2 });
  watch({ namespaces: ['team', 'other'], eventNamespace: 'systems' });
  await eventually(() => expect(toldTo(SET)).toHaveLength(1));
  const missing = {
    namespace: 'other',
    resource: 'ephemeralrunners.actions.github.com',
    reason: 'Forbidden',
  };
  expect(refusals).toMatchObject([missing]);
  expect(refusals[0]?.message).toContain('--watch-namespace');
  expect(cluster.all(events, 'other')).toMatchObject([
    { reason: 'WatchForbidden', involvedObject: { kind: 'Namespace', name: 'other' } },
  ]);
  await eventually(() => expect(toldTo('c1/ephemeralrunnerset/other/demo')).toHaveLength(1));
});

test('a CRD that is missing keeps only those from being served that need it', async () => {
  putSet();
  cluster.put(autoscalingRunnerSets, 'team', { metadata: { name: 'demo' }, spec: {} });
  const fault = { verb: 'list', resource: autoscalingListeners } as const;
  cluster.failNext({ ...fault, status: 404, reason: 'NotFound', times: 100 });
  watch();
  await eventually(() => expect(toldTo(SET)).toHaveLength(1));
  await eventually(() =>
    expect(refusals).toMatchObject([{ resource: 'autoscalinglisteners.actions.github.com', namespace: '' }]),
  );
  expect(toldTo(SCALE_SET)).toEqual([]);
});

test.each([
  ['a further attempt', { scheduledTimestampMs: 5_000, attempt: 2 }],
  ['the hundredth', { scheduledTimestampMs: 5_000, attempt: 100 }],
  ['a watch that was begun after it', { scheduledTimestampMs: 5_001, attempt: 1 }],
])('%s has a greater epoch', (_what, later) => {
  expect(epochOf(later)).toBeGreaterThan(epochOf({ scheduledTimestampMs: 5_000, attempt: 1 }));
});

test('an epoch is a number that JSON keeps exactly, for 200 years', () => {
  expect(epochOf({ scheduledTimestampMs: Date.parse('2226-01-01'), attempt: 1 })).toBeLessThan(
    Number.MAX_SAFE_INTEGER,
  );
});

test('with its worker ending, the watch fails such that another one begins at once, not after a backoff', async () => {
  putSet();
  const { env, ended } = watch();
  await eventually(() => expect(toldTo(SET)).toHaveLength(1));
  env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
  await expect(ended).rejects.toMatchObject({
    type: 'WorkerStopping',
    nonRetryable: false,
    nextRetryDelay: 50,
  });
  expect(unwatched).toBe(1);
});
