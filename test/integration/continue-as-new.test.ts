import { waitUntil } from '../../dev/processes.ts';
import type { Runners } from '../../dev/runner/runners.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import type { TemporalServer } from '../../dev/temporal.ts';
import { startTemporal } from '../../dev/temporal.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunnerSets,
  events,
  secrets,
} from '../../src/kubernetes/client/resources.ts';
import type { RunnerSetView } from '../../src/messages/ephemeral-runner-set.ts';
import {
  observeRunnerSetSignal,
  runnerSetStateQuery,
  resumeSignal,
} from '../../src/messages/ephemeral-runner-set.ts';
import type {
  RunnerSetObservation,
  ObservedRunner,
  ObservedRunnerSet,
} from '../../src/messages/observations.ts';
import {
  autoscalingListenerWorkflowId,
  autoscalingRunnerSetWorkflowId,
  taskQueueOf,
} from '../../src/messages/workflow-ids.ts';
import type { AutoscalingListenerInput } from '../../src/workflows/autoscaling-listener/workflow.ts';
import type { AutoscalingRunnerSetInput } from '../../src/workflows/autoscaling-runner-set/workflow.ts';
import type { ephemeralRunnerSet } from '../../src/workflows/index.ts';
import type { CrashScene } from './support/crash-scene.ts';
import { SET, expectCleanEnd, expectWhole, openCrashScene, untilSettled } from './support/crash-scene.ts';
import type { StartedScaleSet } from './support/listener-scene.ts';
import { setToken, startScaleSet } from './support/listener-scene.ts';
import { eventually } from './support/scene.ts';
import { suiteServers } from './support/servers.ts';

/** A history that may have few events: workflows continue as new all the time, and lose nothing by it. */
const EVENTS = 50;

let temporal: TemporalServer;
let runners: Runners;
let scene: CrashScene;

beforeAll(async () => {
  const dynamicConfig = { 'limit.historyCount.suggestContinueAsNew': EVENTS };
  temporal = await startTemporal({ storage: 'memory', dynamicConfig });
  runners = await startRunners({ kubeconfig: suiteServers().kubeconfig });
}, 60_000);

afterAll(async () => {
  await Promise.all([temporal.stop(), runners.stop()]);
}, 60_000);

async function open(concurrency: number, flags: string[] = []): Promise<void> {
  const backoff = ['--failure-backoff', '1,2,4', '--max-consecutive-failures', '3'];
  const workerFlags = [...backoff, '--runner-creation-concurrency', String(concurrency), ...flags];
  const servers = { ...suiteServers(), temporalAddress: temporal.address };
  scene = await openCrashScene('rolling', servers, { jitLatencyMs: 20, workerFlags });
  await scene.startWorker();
}

afterEach(() => scene.close(), 30_000);

const state = (): Promise<RunnerSetView> => scene.workflow.query(runnerSetStateQuery);

const currentRun = async (): Promise<string> => (await scene.workflow.describe()).runId;

/** Waits for the next run of the set's workflow: to resume what is not paused is an event, and changes nothing. */
async function nextRun(): Promise<void> {
  const run = await currentRun();
  const isNext = async (): Promise<boolean> => {
    await scene.workflow.signal(resumeSignal);
    return (await currentRun()) !== run;
  };
  await scene.alive(waitUntil('The next run', isNext, { everyMs: 300 }));
}

/** How many runs of the set's workflow there were. */
async function countRuns(workflowId: string): Promise<number> {
  const { count } = await scene.temporal.workflow.count(`WorkflowId = "${workflowId}"`);
  return count;
}

const until = (what: string, check: (view: RunnerSetView) => boolean): Promise<void> =>
  scene.alive(waitUntil(what, async () => check(await state())));

test('a busy set: 0 to 100 to 0 runners, and up again', async () => {
  await open(10);
  await scene.scaleTo(100);
  await untilSettled(scene, 100);
  await expectWhole(scene, 100);
  expect((await state()).blocked).toBeUndefined();
  expect((await state()).failures.inARow).toBe(0);
  await scene.scaleTo(0);
  await untilSettled(scene, 0);
  await expectWhole(scene, 0);
  await scene.scaleTo(10);
  await untilSettled(scene, 10);
  await expectWhole(scene, 10);
  expect(await countRuns(scene.workflow.workflowId)).toBeGreaterThanOrEqual(3);
  await expectCleanEnd(scene);
}, 180_000);

test('failures, the block on creation and the order are carried', async () => {
  await open(10);
  await scene.scaleTo(2);
  await untilSettled(scene, 2);

  // The order of a listener, of which one runner has done its part.
  const key = { namespace: scene.namespace, name: SET };
  await scene.kubernetes.mergePatch(ephemeralRunnerSets, key, { spec: { replicas: 3, patchID: 7 } });
  await untilSettled(scene, 3);
  const [done] = scene.github.admin.runners();
  scene.github.admin.assignJob(done!.name);
  scene.github.admin.finishJob(done!.name);
  await untilSettled(scene, 2);
  await nextRun();
  await untilSettled(scene, 2);
  await expectWhole(scene, 2);

  // Without the Secret nothing can be created.
  const secret = await scene.kubernetes.get(secrets, { namespace: scene.namespace, name: 'github' });
  await scene.kubernetes.delete(secrets, { namespace: scene.namespace, name: 'github' });
  runners.rules.add({ namespace: scene.namespace, exitCode: 1, times: 1 });
  const [victim] = scene.github.admin.runners();
  runners.end({ namespace: scene.namespace, name: victim!.name }, 3);
  await until('The block on creation', ({ blocked }) => blocked?.reason === 'SecretNotFound');
  const before = await state();
  await nextRun();
  const after = await state();
  expect(after.blocked).toMatchObject({ reason: 'SecretNotFound', since: before.blocked!.since });
  expect(after.failures).toEqual(before.failures);
  expect(after.failures.inARow).toBeGreaterThan(0);
  expect(after.pastFailures).toEqual(before.pastFailures);
  expect(after.desired).toBe(3);

  const { data } = secret;
  await scene.kubernetes.create(secrets, scene.namespace, { metadata: { name: 'github' }, data: data! });
  // Nobody told that the job is over: by now the order is believed.
  await untilSettled(scene, 3);
  await expectWhole(scene, 3);
  expect((await state()).blocked).toBeUndefined();
  await expectCleanEnd(scene);
}, 240_000);

test('creations that take long are cut short for it, and taken up again: nobody is alarmed', async () => {
  await open(1);
  scene.github.admin.setLatency({ generatejitconfig: 2_500 });
  await scene.scaleTo(12);
  await untilSettled(scene, 12);
  await expectWhole(scene, 12);
  expect(await countRuns(scene.workflow.workflowId)).toBeGreaterThan(2);
  const { items } = await scene.kubernetes.list(events, { namespace: scene.namespace });
  const warnings = items.filter(
    ({ type, involvedObject }) => type === 'Warning' && involvedObject.kind !== 'Pod',
  );
  expect(warnings.map(({ reason, message }) => ({ reason, message }))).toEqual([]);
  await expectCleanEnd(scene);
}, 180_000);

describe('a scale set and its listener', () => {
  const workflowIds = ({ name, listenerName }: StartedScaleSet): [scaleSet: string, listener: string] => [
    autoscalingRunnerSetWorkflowId(scene.cluster, scene.namespace, name),
    autoscalingListenerWorkflowId(scene.cluster, scene.namespace, listenerName),
  ];

  /** What each run but the first was given by the one before it, in their order. */
  async function inputsOf<T>(workflowId: string): Promise<T[]> {
    const runs: { startTime: Date; runId: string }[] = [];
    for await (const run of scene.temporal.workflow.list({ query: `WorkflowId = "${workflowId}"` }))
      runs.push(run);
    runs.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
    return Promise.all(
      runs.slice(1).map(async ({ runId }) => {
        const { events: history } = await scene.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
        const [payload] = history?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
        return JSON.parse(Buffer.from(payload?.data ?? []).toString()) as T;
      }),
    );
  }

  const uidsOf = async (): Promise<unknown> => {
    const { namespace, kubernetes } = scene;
    const [sets, listeners] = await Promise.all([
      kubernetes.list(ephemeralRunnerSets, { namespace }),
      kubernetes.list(autoscalingListeners, { namespace }),
    ]);
    return [...sets.items, ...listeners.items].map(({ metadata }) => [metadata.name, metadata.uid]);
  };

  const calls = (name: string): number =>
    scene.github.admin.calls().filter((call) => call.name === name).length;

  const eventsOf = async (reason: string): Promise<string[]> => {
    const { items } = await scene.kubernetes.list(events, { namespace: scene.namespace });
    return items.flatMap(({ reason: each, involvedObject }) =>
      each === reason ? [involvedObject.kind ?? ''] : [],
    );
  };

  /** Makes work for both workflows until each has begun so many further runs. */
  async function roll(workflowIdsToRoll: string[], times: number, work: (round: number) => Promise<unknown>) {
    const count = (): Promise<number[]> => Promise.all(workflowIdsToRoll.map(countRuns));
    const before = await count();
    for (let round = 0; ; round += 1) {
      const now = await count();
      if (now.every((runs, i) => runs - (before[i] ?? 0) >= times)) return;
      if (round > 60) throw new Error(`No further run: ${before.join()} before, ${now.join()} now.`);
      await scene.alive(work(round));
    }
  }

  test('go on through their runs: one session, the same children, each job once', async () => {
    await open(10);
    const { admin } = scene.github;
    const demo = await startScaleSet(scene, 'rolling', { minRunners: 1, maxRunners: 10 });
    await demo.online(1);
    const [scaleSetId, listenerId] = workflowIds(demo);
    const uids = await uidsOf();
    const [long] = admin.queueJobs({ scaleSetId: demo.id, count: 1 });
    await eventually(() => expect(demo.jobs('running')).toHaveLength(1));
    let queued = 1;
    await roll([scaleSetId, listenerId], 2, async (round) => {
      admin.queueJobs({ scaleSetId: demo.id, count: 2, durationMs: 100 });
      queued += 2;
      const maxRunners = 9 + (round % 2);
      await demo.patch({ maxRunners });
      await eventually(() => expect(demo.capacity()).toBe(maxRunners));
    });
    await eventually(() => expect(demo.jobs('completed')).toHaveLength(queued - 1));
    const [holder] = demo.jobs('running');
    expect(holder?.jobId).toBe(long?.jobId);
    admin.finishJob(holder?.runnerName ?? '');
    await demo.online(1);

    expect(await uidsOf()).toEqual(uids);
    expect([calls('createscaleset'), calls('createsession'), calls('deletesession')]).toEqual([1, 1, 0]);
    expect(demo.longestPauseMs()).toBeLessThan(5_000);
    expect(new Set(demo.jobs('completed').map(({ runnerName }) => runnerName)).size).toBe(queued);
    const listeners = await inputsOf<AutoscalingListenerInput>(listenerId);
    const progress = listeners.map(({ carried }) => carried?.progress);
    expect(new Set(progress.map((each) => each?.sessionId)).size).toBe(1);
    expect(progress[0]?.sessionId).toEqual(expect.any(String));
    const numbers = progress.map((each) => each?.lastMessageId ?? 0);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(numbers[0]).toBeGreaterThan(0);
    for (const { carried } of await inputsOf<AutoscalingRunnerSetInput>(scaleSetId)) {
      expect(carried).toMatchObject({ prepared: { scaleSetId: demo.id }, stepFailures: {} });
      expect(Object.keys(carried?.stepBackoffs ?? {})).toEqual(expect.arrayContaining(['prepare', 'apply']));
    }
    expect(admin.stats().violations).toEqual([]);
    await demo.remove();
    await eventually(async () => expect(await demo.exists()).toBe(false));
    await expectCleanEnd(scene);
  }, 120_000);

  test('while GitHub refuses: an Event is written once, and a deletion keeps its deadline', async () => {
    await open(10, ['--deletion-deadline', '15s']);
    const demo = await startScaleSet(scene, 'stuck', { maxRunners: 10 });
    const [scaleSetId, listenerId] = workflowIds(demo);
    await setToken(scene, 'ghp_revoked');
    scene.github.admin.setCredentials({ tokens: [scene.github.token], revokeAdminTokens: true });
    // The session that is held is asked for once more as soon as it is begun anew.
    await demo.patch({ maxRunners: 8 });
    const reason = await eventually(async () => {
      const ready = await demo.ready();
      expect(ready).toMatchObject({ status: 'False' });
      return ready?.reason ?? '';
    });
    await roll([listenerId], 2, async (round) => {
      await demo.patch({ maxRunners: 9 + (round % 2) });
      await eventually(async () => expect((await demo.listener()).spec.maxRunners).toBe(9 + (round % 2)));
    });
    expect(await eventsOf(reason)).toEqual(['AutoscalingListener']);

    const deletedAt = Date.now();
    await demo.remove();
    const history = async (): Promise<string> => {
      const { runId, historyLength } = await scene.temporal.workflow.getHandle(scaleSetId).describe();
      return `${runId} ${historyLength}`;
    };
    await roll([scaleSetId], 2, async (round) => {
      const before = await history();
      await demo.patch({ maxRunners: 10 + (round % 2) });
      await eventually(async () => expect(await history()).not.toBe(before));
    });
    await eventually(async () => {
      const { items } = await scene.kubernetes.list(autoscalingRunnerSets, { namespace: scene.namespace });
      expect(items).toEqual([]);
    });
    expect(Date.now() - deletedAt).toBeGreaterThan(15_000);
    expect(await eventsOf('ScaleSetLeaked')).toEqual(['AutoscalingRunnerSet']);
    const inputs = await inputsOf<AutoscalingRunnerSetInput>(scaleSetId);
    const since = inputs.flatMap(({ carried }) => carried?.deletingSince ?? []);
    expect(since.length).toBeGreaterThan(1);
    expect(new Set(since).size).toBe(1);
    await setToken(scene, scene.github.token);
    await expectCleanEnd(scene);
  }, 120_000);
});

describe('a set of 5,000 runners', () => {
  const RUNNERS = 5_000;
  const PART = 1_000;

  /** As the cluster shows it when all is well. */
  const runnerAt = (index: number): ObservedRunner => ({
    name: `large-runner-${index.toString(36).padStart(5, '0')}`,
    revision: '5c4b679bbb',
    patchId: 0,
    createdAt: 1_795_512_045,
    runnerId: 100_000 + index,
    phase: 'Running',
    ready: true,
    pod: { uid: uidOf(index), phase: 'Running', ready: true },
  });

  const uidOf = (index: number): string => `1d866df0-9222-4831-b54a-${index.toString(16).padStart(12, '0')}`;

  const setWith = (generation: number): ObservedRunnerSet => ({
    ...{ uid: 'large', generation, revision: '5c4b679bbb', replicas: RUNNERS, patchId: 0, scaleSet: 'large' },
    ...{ configUrl: 'http://127.0.0.1/octo/repo', hasFinalizer: true },
  });

  const snapshot = (): RunnerSetObservation[] =>
    Array.from({ length: RUNNERS / PART }, (_part, part) => ({
      at: Date.now(),
      ...(part === 0 ? { runnerSet: setWith(1) } : {}),
      runners: Array.from({ length: PART }, (_runner, index) => runnerAt(part * PART + index)),
      snapshot: { id: 1, part: part + 1, parts: RUNNERS / PART },
    }));

  test('continues as new within the limits of Temporal', async () => {
    await open(10);
    const workflowId = `${scene.cluster}/large`;
    const handle = await scene.temporal.workflow.start<typeof ephemeralRunnerSet>('ephemeralRunnerSet', {
      workflowId,
      taskQueue: taskQueueOf(scene.cluster),
      args: [{ namespace: scene.namespace, name: 'large' }],
    });
    for (const part of snapshot()) await handle.signal(observeRunnerSetSignal, part);
    const latest = scene.temporal.workflow.getHandle(workflowId);
    const view = () => latest.query(runnerSetStateQuery);
    await scene.alive(waitUntil('5,000 runners', async () => (await view()).known === RUNNERS));

    const first = (await latest.describe()).runId;
    let generation = 1;
    const isNext = async (): Promise<boolean> => {
      const runner: ObservedRunner = { ...runnerAt(generation), ...(generation % 2 ? {} : { hasJob: true }) };
      await latest.signal(observeRunnerSetSignal, {
        at: Date.now(),
        runnerSet: setWith((generation += 1)),
        runners: [runner],
      });
      return (await latest.describe()).runId !== first;
    };
    await scene.alive(waitUntil('The next run', isNext, { everyMs: 50 }));

    const { current, desired, known, runners: views } = await view();
    expect([desired, current, known, views.length]).toEqual([RUNNERS, RUNNERS, RUNNERS, 1_000]);
    expect(new Set(views.map(({ stage }) => stage))).toEqual(new Set(['idle', 'busy']));
    const before = await scene.temporal.workflow.getHandle(workflowId, first).fetchHistory();
    const [started] = (await latest.fetchHistory()).events ?? [];
    const [payload] = started?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    const bytes = payload?.data?.length ?? Infinity;
    const times = taskTimes(before.events ?? []).sort((a, b) => a - b);
    process.stderr.write(
      `${RUNNERS} runners: ${bytes} bytes carried, ${JSON.stringify(views).length} bytes answered by the query, ` +
        `workflow tasks ${times[Math.floor(times.length / 2)] ?? 0} ms (median), ${times.at(-1) ?? 0} ms (longest)\n`,
    );
    expect(bytes).toBeLessThan(2 * 1024 * 1024);
    await latest.terminate();
  }, 120_000);
});

interface HistoryEvent {
  eventTime?: { seconds?: unknown; nanos?: number | null } | null;
  workflowTaskStartedEventAttributes?: unknown;
  workflowTaskCompletedEventAttributes?: unknown;
}

/** How long each workflow task took from its start to its completion, in milliseconds. */
function taskTimes(history: HistoryEvent[]): number[] {
  const at = ({ eventTime }: HistoryEvent): number =>
    Number(eventTime?.seconds ?? 0) * 1_000 + Math.round((eventTime?.nanos ?? 0) / 1e6);
  return history.flatMap((event, i) => {
    const next = history[i + 1];
    return event.workflowTaskStartedEventAttributes && next?.workflowTaskCompletedEventAttributes
      ? [at(next) - at(event)]
      : [];
  });
}
