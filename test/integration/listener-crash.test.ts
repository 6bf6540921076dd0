import { setTimeout as sleep } from 'node:timers/promises';
import type { GitHubOptions } from '../../dev/github/stand-in.ts';
import type { RunningProcess } from '../../dev/processes.ts';
import type { Runners } from '../../dev/runner/runners.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import { autoscalingListenerWorkflowId } from '../../src/messages/workflow-ids.ts';
import type { CrashScene } from './support/crash-scene.ts';
import { openCrashScene } from './support/crash-scene.ts';
import { startForwarder } from './support/forwarder.ts';
import { always, eventually } from './support/scene.ts';
import { startScaleSet } from './support/listener-scene.ts';
import type { StartedScaleSet } from './support/listener-scene.ts';
import { suiteServers } from './support/servers.ts';

/** The worker that polls is lost, or stands still: another one goes on with the same session. */
let runners: Runners;

beforeAll(async () => {
  runners = await startRunners({ kubeconfig: suiteServers().kubeconfig });
}, 60_000);

afterAll(() => runners.stop(), 30_000);

async function inScene(
  name: string,
  act: (scene: CrashScene) => Promise<void>,
  github: GitHubOptions = {},
): Promise<void> {
  const scene = await openCrashScene(name, suiteServers(), { jitLatencyMs: 0, github });
  try {
    await act(scene);
  } finally {
    await scene.close();
  }
}

/** Heartbeats are missed for this long before a session is handed on; another one must poll within twice that time. */
const HEARTBEAT_MS = 10_000;

const polls = ({ github }: CrashScene): { at: number; status: number }[] =>
  github.admin.calls().filter(({ name }) => name === 'getmessage');

const sessions = ({ github }: CrashScene): number =>
  github.admin.calls().filter(({ name }) => name === 'createsession').length;

/** Waits for a poll that begins after `since`. */
const polledAfter = (scene: CrashScene, since: number): Promise<number> =>
  eventually(() => {
    const poll = polls(scene).find(({ at }) => at > since);
    if (!poll) throw new Error('Nobody polls.');
    return poll.at;
  }, 60_000);

/** The process that holds the session of a scale set: its id is in Temporal's own words. */
async function holderOf(
  scene: CrashScene,
  { listenerName }: StartedScaleSet,
  among: RunningProcess[],
): Promise<RunningProcess> {
  const { cluster, namespace, temporal } = scene;
  const handle = temporal.workflow.getHandle(autoscalingListenerWorkflowId(cluster, namespace, listenerName));
  const { raw } = await handle.describe();
  const activity = (raw.pendingActivities ?? []).find(({ activityType }) => activityType?.name === 'listen');
  const pid = Number(activity?.lastWorkerIdentity?.split('@')[0]);
  const holder = among.find((worker) => worker.pid === pid);
  if (!holder) throw new Error(`No worker of this test has the process id ${pid}.`);
  return holder;
}

test('the worker is killed while it polls; the next one resumes the same session and loses nothing', async () => {
  await inScene('listener-kill', async (scene) => {
    const first = await scene.startWorker();
    const demo = await startScaleSet(scene, 'busy', { maxRunners: 10 });
    scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 5 });
    await demo.online(5);
    const killedAt = Date.now();
    await first.kill();
    scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 3 });
    await scene.startWorker();
    const resumedAt = await polledAfter(scene, killedAt);
    expect(resumedAt - killedAt).toBeLessThan(2 * HEARTBEAT_MS);
    expect(sessions(scene)).toBe(1);
    await demo.online(8);
    await always(2_000, async () => expect(await demo.runners()).toHaveLength(8));
  });
}, 120_000);

test('a worker is gone without a word; another one polls within twice the timeout', async () => {
  await inScene('listener-gone', async (scene) => {
    const workers = [await scene.startWorker(), await scene.startWorker()];
    const demo = await startScaleSet(scene, 'busy', { maxRunners: 10 });
    const holder = await holderOf(scene, demo, workers);
    const since = Date.now();
    await holder.kill();
    expect((await polledAfter(scene, since)) - since).toBeLessThan(2 * HEARTBEAT_MS);
    expect(sessions(scene)).toBe(1);
  });
}, 120_000);

/** The two polls that a process leaves open at Temporal when it stands still may each swallow one try. */
const FROZEN_TRIES = 3;

test('the worker that polls stands still; another one takes over, and no job is lost', async () => {
  await inScene('listener-freeze', async (scene) => {
    const workers = [await scene.startWorker(), await scene.startWorker()];
    const demo = await startScaleSet(scene, 'busy', { maxRunners: 10 });
    const frozen = await holderOf(scene, demo, workers);
    process.kill(frozen.pid, 'SIGSTOP');
    try {
      const frozenAt = Date.now();
      const resumedAt = await polledAfter(scene, frozenAt);
      expect(resumedAt - frozenAt).toBeLessThan((FROZEN_TRIES + 0.5) * HEARTBEAT_MS);
      scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 3, durationMs: 300 });
      await eventually(async () => expect((await demo.set()).spec.replicas).toBe(3));
    } finally {
      process.kill(frozen.pid, 'SIGCONT');
    }
    // The one that wakes up must not take the session away for long, nor open another.
    scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 3, durationMs: 300 });
    await eventually(() => expect(demo.jobs('completed')).toHaveLength(6));
    expect(sessions(scene)).toBe(1);
  });
}, 150_000);

test('a worker that is cut off from Temporal alone stops polling before another one begins', async () => {
  const way = await startForwarder(suiteServers().temporalAddress);
  const act = async (scene: CrashScene): Promise<void> => {
    await scene.startWorker(way.address);
    const demo = await startScaleSet(scene, 'busy', { maxRunners: 10 });
    await polledAfter(scene, Date.now());
    await scene.startWorker();
    const cutAt = Date.now();
    way.cut();
    await untilSilent(scene, cutAt);
    // Nobody takes it for the time until the heartbeat is missed: then another one does, and is the only one.
    scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 3, durationMs: 300 });
    await eventually(() => expect(demo.jobs('completed')).toHaveLength(3));
    await expectOnePoller(scene);
    way.mend();
    await expectOnePoller(scene);
    scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 3, durationMs: 300 });
    await eventually(() => expect(demo.jobs('completed')).toHaveLength(6));
    expect(sessions(scene)).toBe(1);
  };
  await inScene('listener-cut-off', act, { pollMs: POLL_MS }).finally(() => way.stop());
}, 150_000);

/** So long GitHub holds a poll there. */
const POLL_MS = 500;

/** No poll has begun for a while, and that began before the session was handed on. */
async function untilSilent(scene: CrashScene, since: number): Promise<void> {
  await eventually(() => {
    const last = Math.max(...polls(scene).map(({ at }) => at));
    expect(Date.now() - last).toBeGreaterThan(3 * POLL_MS);
    expect(last - since).toBeLessThan(HEARTBEAT_MS);
  });
}

/** Two would poll twice as often. */
async function expectOnePoller(scene: CrashScene): Promise<void> {
  const since = Date.now();
  await sleep(10 * POLL_MS);
  const begun = polls(scene).filter(({ at }) => at > since).length;
  expect(begun).toBeGreaterThan(3);
  expect(begun).toBeLessThan(15);
}

test('a worker that is told to end hands its session on at once', async () => {
  await inScene('listener-handover', async (scene) => {
    const workers = [await scene.startWorker(), await scene.startWorker()];
    const demo = await startScaleSet(scene, 'busy', { maxRunners: 10 });
    const holder = await holderOf(scene, demo, workers);
    const toldAt = Date.now();
    await holder.stop();
    const resumedAt = await polledAfter(scene, toldAt);
    expect(resumedAt - toldAt).toBeLessThan(3_000);
    expect(sessions(scene)).toBe(1);
  });
}, 120_000);

test('all of Temporal’s memory of the listener is lost; the session is found again', async () => {
  await inScene('listener-amnesia', async (scene) => {
    const worker = await scene.startWorker();
    const demo = await startScaleSet(scene, 'busy', { maxRunners: 10 });
    const { cluster, namespace, temporal } = scene;
    const handle = temporal.workflow.getHandle(
      autoscalingListenerWorkflowId(cluster, namespace, demo.listenerName),
    );
    await worker.kill();
    await handle.terminate('the test takes its memory away');
    const since = Date.now();
    await scene.startWorker();
    await polledAfter(scene, since);
    expect(sessions(scene)).toBe(1);
    scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 2, durationMs: 300 });
    await eventually(() => expect(demo.jobs('completed')).toHaveLength(2));
  });
}, 120_000);
