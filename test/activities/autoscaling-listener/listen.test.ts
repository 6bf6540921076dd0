import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import { clusterSessionActivities } from '../../../src/activities/autoscaling-listener/index.ts';
import type { ListenInput } from '../../../src/activities/autoscaling-listener/listen.ts';
import type { ListenProgress } from '../../../src/activities/autoscaling-listener/message-loop.ts';
import { noListenerMetrics } from '../../../src/activities/autoscaling-listener/metrics.ts';
import type { AutoscalingListener } from '../../../src/api/v1alpha1/autoscaling-listener.ts';
import type { GitHubConnections } from '../../../src/github/connections.ts';
import { createGitHubConnections } from '../../../src/github/connections.ts';
import {
  autoscalingListeners,
  ephemeralRunnerSets,
  secrets,
} from '../../../src/kubernetes/client/resources.ts';
import type { ListenerReport } from '../../../src/messages/autoscaling-listener.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const NAMESPACE = 'arc-runners';
const KEY = { namespace: NAMESPACE, name: 'demo-listener' };

let github: GitHubStandIn;
let cluster: ClusterStandIn;
let connections: GitHubConnections;
let reports: ListenerReport[];
let scaleSetId: number;
let lease: { lapse: AbortController; renewed: PromiseWithResolvers<undefined> };
let running: { env: MockActivityEnvironment; ended: Promise<ListenProgress> }[];

beforeEach(async () => {
  github = await startGitHub();
  connections = createGitHubConnections({ registrationWaitsMs: [] });
  cluster = new ClusterStandIn();
  reports = [];
  running = [];
  lease = { lapse: new AbortController(), renewed: Promise.withResolvers() };
  scaleSetId = github.admin.createScaleSet({ name: 'demo' }).id;
  const data = { github_token: Buffer.from(github.token).toString('base64') };
  cluster.put(secrets, NAMESPACE, { metadata: { name: 'github' }, data });
  cluster.put(ephemeralRunnerSets, NAMESPACE, {
    metadata: { name: 'demo' },
    spec: { replicas: 0, patchID: 0 },
  });
  cluster.put(autoscalingListeners, NAMESPACE, {
    metadata: { name: KEY.name },
    spec: {
      githubConfigUrl: github.configUrl('octo/app'),
      githubConfigSecret: 'github',
      runnerScaleSetId: scaleSetId,
      ephemeralRunnerSetName: 'demo',
      maxRunners: 5,
    } satisfies AutoscalingListener['spec'],
  });
});

afterEach(async () => {
  for (const { env, ended } of running) {
    cancel(env);
    await ended.catch(() => undefined);
  }
  await connections.close();
  await github.stop();
});

const cancel = (env: MockActivityEnvironment): void =>
  env.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));

/** Begins to listen. */
function listen(input: Partial<ListenInput> = {}): (typeof running)[number] {
  const activities = clusterSessionActivities({
    cluster: 'test',
    kubernetes: cluster.client,
    github: connections,
    lease: {
      get signal() {
        return lease.lapse.signal;
      },
      check: () => lease.lapse.signal.throwIfAborted(),
      held: (signal) =>
        Promise.race([
          lease.renewed.promise,
          new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
        ]),
    },
    listenerMetrics: noListenerMetrics,
    workflows: {
      getHandle: () => ({
        signal: (_name: string, report: ListenerReport) => Promise.resolve(void reports.push(report)),
      }),
    } as never,
    log: () => undefined,
  });
  const env = new MockActivityEnvironment(undefined, { logger: new DefaultLogger('ERROR') });
  const ended = env.run<[ListenInput], ListenProgress, (input: ListenInput) => Promise<ListenProgress>>(
    (given) => activities.listen(given),
    {
      ...KEY,
      capacity: 'open',
      ...input,
    },
  );
  ended.catch(() => undefined);
  const one = { env, ended };
  running.push(one);
  return one;
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
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const change = (patch: object): Promise<unknown> =>
  cluster.client.mergePatch(autoscalingListeners, KEY, patch);

const listening = (): Promise<void> =>
  eventually(() => expect(reports.at(-1)).toMatchObject({ ready: true }));

const replicas = (): unknown =>
  cluster.find(ephemeralRunnerSets, { namespace: NAMESPACE, name: 'demo' })?.spec.replicas;

const sessions = (): number => github.admin.calls().filter(({ name }) => name === 'createsession').length;

const polls = (): number => github.admin.calls().filter(({ name }) => name === 'getmessage').length;

const capacity = (): number | undefined => github.admin.scaleSets()[0]?.capacity;

test('opens a session, says so, announces its capacity and orders runners for queued jobs', async () => {
  listen();
  await listening();
  await eventually(() => expect(capacity()).toBe(5));
  github.admin.queueJobs({ scaleSetId, count: 3 });
  await eventually(() => expect(replicas()).toBe(3));
  expect(reports).toEqual([
    expect.objectContaining({ ready: true, scaleSetId, sessionId: expect.any(String) }),
  ]);
});

test.each([
  ['closed', 0],
  [2, 2],
  [9, 5],
] as const)('what its set can take bounds what is announced: %s', async (room, announced) => {
  listen({ capacity: room });
  await listening();
  await eventually(() => expect(capacity()).toBe(announced));
});

test('cancelled, it answers where it left off, and the next one goes on with the same session', async () => {
  const first = listen();
  await listening();
  github.admin.queueJobs({ scaleSetId, count: 2 });
  await eventually(() => expect(replicas()).toBe(2));
  cancel(first.env);
  const progress = await first.ended;
  expect(progress).toMatchObject({ scaleSetId, sessionId: expect.any(String), demand: { assignedJobs: 2 } });
  expect(progress.scaling.patchSeq).toBeGreaterThan(0);
  const { ended } = listen({ progress });
  github.admin.queueJobs({ scaleSetId, count: 1 });
  await eventually(() => expect(replicas()).toBe(3));
  expect(sessions()).toBe(1);
  await Promise.race([ended, Promise.resolve()]);
});

test('without any memory, it finds the session in the annotation of its resource', async () => {
  const first = listen();
  await listening();
  const { sessionId = '' } = reports[0]!;
  cancel(first.env);
  await first.ended;
  await change({ metadata: { annotations: { 'temporal-arc/session-id': sessionId } } });
  listen();
  await eventually(() => expect(reports).toHaveLength(2));
  expect(reports[1]).toMatchObject({ ready: true, sessionId });
  expect(sessions()).toBe(1);
});

test('cut off from Temporal it does not poll; when Temporal is back it goes on with the same session', async () => {
  listen();
  await listening();
  await eventually(() => expect(capacity()).toBe(5));
  lease.lapse.abort();
  const before = polls();
  github.admin.queueJobs({ scaleSetId, count: 2 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([polls(), replicas()]).toEqual([before, 0]);
  lease.lapse = new AbortController();
  lease.renewed.resolve(undefined);
  await eventually(() => expect(replicas()).toBe(2));
  expect(sessions()).toBe(1);
});

test('an expired session is opened anew in place', async () => {
  listen();
  await listening();
  await eventually(() => expect(capacity()).toBe(5));
  github.admin.expire(scaleSetId, 'session');
  await eventually(() => expect(sessions()).toBe(2));
  await eventually(() => expect(reports).toHaveLength(2));
  expect(reports[1]?.sessionId).not.toBe(reports[0]?.sessionId);
});

test('a session of somebody else is told of, and waited for', async () => {
  github.admin.addFault({
    match: 'createsession',
    kind: 'status',
    status: 409,
    typeName: 'RunnerScaleSetSessionConflictException',
    times: 1,
  });
  listen();
  await eventually(() => expect(reports.at(-1)).toMatchObject({ ready: false, reason: 'SessionConflict' }));
});

test('a scale set that is gone ends it, under that reason', async () => {
  await change({ spec: { runnerScaleSetId: 99 } });
  await expect(listen().ended).rejects.toMatchObject({ type: 'ScaleSetNotFound', nonRetryable: true });
});

test('a missing Secret ends it, under that reason and with the remedy', async () => {
  await change({ spec: { githubConfigSecret: 'lost' } });
  await expect(listen().ended).rejects.toMatchObject({
    type: 'SecretNotFound',
    message: expect.stringContaining('create Secret "lost"'),
  });
});

test('told that its worker ends, it fails with where it left off', async () => {
  const { env, ended } = listen();
  await listening();
  env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
  await expect(ended).rejects.toMatchObject({
    type: 'WorkerStopping',
    details: [expect.objectContaining({ scaleSetId, sessionId: expect.any(String) })],
  });
});

test('no token or key is in what it tells or keeps', async () => {
  const { env, ended } = listen();
  await listening();
  cancel(env);
  expect(JSON.stringify([reports, await ended])).not.toMatch(/ghp_|eyJ|[Tt]oken/);
});
