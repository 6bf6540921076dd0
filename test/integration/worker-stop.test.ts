import type { RunningProcess } from '../../dev/processes.ts';
import type { Runners } from '../../dev/runner/runners.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import { clusterWatchWorkflowId } from '../../src/messages/workflow-ids.ts';
import type { CrashScene, CrashSceneOptions } from './support/crash-scene.ts';
import {
  expectCleanEnd,
  expectWhole,
  openCrashScene,
  untilRegistered,
  untilSettled,
} from './support/crash-scene.ts';
import { eventually } from './support/scene.ts';
import { suiteServers } from './support/servers.ts';

/**
 * A worker is told to stop: it hands the watch over first, begins nothing new, and is gone before ten seconds are over,
 * which is what a pod has that says nothing of its grace period in the charts of ARC.
 */
const STOP_MS = 8_000;

let runners: Runners;

beforeAll(async () => {
  runners = await startRunners({ kubeconfig: suiteServers().kubeconfig });
}, 60_000);

afterAll(() => runners.stop(), 30_000);

async function inScene(
  name: string,
  act: (scene: CrashScene) => Promise<void>,
  options: CrashSceneOptions = {},
): Promise<void> {
  const scene = await openCrashScene(name, suiteServers(), options);
  try {
    await act(scene);
  } finally {
    await scene.close();
  }
}

/** The process id of the worker that has the watch; `undefined` while nobody has it. */
async function watcher({ cluster, temporal }: CrashScene): Promise<number | undefined> {
  const { raw } = await temporal.workflow.getHandle(clusterWatchWorkflowId(cluster)).describe();
  const [watch] = raw.pendingActivities ?? [];
  // PENDING_ACTIVITY_STATE_STARTED
  return watch && Number(watch.state) === 2 ? Number(watch.lastWorkerIdentity?.split('@')[0]) : undefined;
}

async function watchedBy(scene: CrashScene, workers: RunningProcess[]): Promise<RunningProcess> {
  return eventually(async () => {
    const pid = await watcher(scene);
    const found = workers.find((worker) => worker.pid === pid);
    if (!found) throw new Error(`The watch is with ${pid}.`);
    return found;
  });
}

async function stopped(worker: RunningProcess): Promise<{ tookMs: number; code: number | null }> {
  const begin = performance.now();
  await worker.stop();
  const { code } = await worker.exited;
  return { tookMs: performance.now() - begin, code };
}

test('with 500 runners being made: nothing is lost and nothing is made twice', async () => {
  await inScene('stop-500', async (scene) => {
    const workers = [await scene.startWorker(), await scene.startWorker()];
    const first = await watchedBy(scene, workers);
    const other = workers.find((worker) => worker !== first);
    await scene.scaleTo(500);
    await untilRegistered(scene, 80);
    const stopping = stopped(first);
    await eventually(async () => expect(await watcher(scene)).toBe(other?.pid), 4_000);
    const { tookMs, code } = await stopping;
    expect({ code, inTime: tookMs < STOP_MS }).toEqual({ code: 0, inTime: true });
    // As many are enough to see that all that was begun came to a good end.
    await scene.scaleTo(150);
    await untilSettled(scene, 150, 150_000);
    await expectWhole(scene, 150);
    await expectCleanEnd(scene);
  });
}, 300_000);

test('GitHub does not answer: what waits for it is left to others, and done by them', async () => {
  await inScene('stop-hang', async (scene) => {
    const worker = await scene.startWorker();
    scene.github.admin.setLatency({ generatejitconfig: 120_000 });
    await scene.scaleTo(10);
    await untilRegistered(scene, 0);
    const { tookMs, code } = await stopped(worker);
    expect({ code, inTime: tookMs < STOP_MS }).toEqual({ code: 0, inTime: true });
    scene.github.admin.setLatency({ generatejitconfig: 10 });
    await scene.startWorker();
    await untilSettled(scene, 10);
    await expectWhole(scene, 10);
    await expectCleanEnd(scene);
  });
}, 120_000);
