import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { waitUntil } from '../../dev/processes.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import type { TemporalServer } from '../../dev/temporal.ts';
import { startTemporal } from '../../dev/temporal.ts';
import { ephemeralRunnerSets } from '../../src/kubernetes/client/resources.ts';
import { runnerSetStateQuery } from '../../src/messages/ephemeral-runner-set.ts';
import { ephemeralRunnerSetWorkflowId } from '../../src/messages/workflow-ids.ts';
import type { Storage } from '../create/create-ephemeral-runners.ts';
import type { Counts } from '../create/tally.ts';
import { NAMESPACES, startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';
import type { WorkerProcess } from '../worker-process.ts';
import { startWorkerProcess } from '../worker-process.ts';
import type { Replay } from './replay.ts';
import { replayRuns } from './replay.ts';

/** One set, from nothing to so many runners and back. */
export interface SizeOptions {
  sizes: readonly number[];
  /** Runners created at the same time; as the worker has it by default unless given. */
  concurrency: number;
  storage: Storage;
  jitLatencyMs: number;
  /** Two workers, of which one is killed on the way up and one frozen and woken, then Temporal killed, then a worker. */
  disturbed: boolean;
  log: (line: string) => void;
}

/** What became of one size. */
export interface SizeResult {
  runners: number;
  createdSeconds: number;
  goneSeconds: number;
  /** The longest time in which the number of runners did not change though it was to. */
  longestStallSeconds: number;
  /** The largest resident size of a worker. */
  peakRssMiB: number;
  runs: number;
  events: number;
  longestReplay: Replay;
  /** Of each run, in order. */
  replays: Replay[];
  disturbances: string[];
}

const SET = 'large';
const CLUSTER = 'size';
const namespace = NAMESPACES.ours;

/** Plays all sizes, each on servers of its own. */
export async function BenchmarkSize(options: SizeOptions): Promise<SizeResult[]> {
  const results: SizeResult[] = [];
  for (const runners of options.sizes) results.push(await playSize(options, runners));
  return results;
}

interface Scene {
  servers: Servers;
  temporal: TemporalServer;
  workers: WorkerProcess[];
  options: SizeOptions;
  told: string[];
}

async function playSize(options: SizeOptions, runners: number): Promise<SizeResult> {
  const servers = await startServers(options);
  const temporal = await startTemporal({
    storage: options.storage === 'memory' ? 'memory' : { file: join(servers.folder, 'temporal.db') },
    logFile: join(servers.folder, 'temporal.log'),
  });
  const pods = await startRunners({ kubeconfig: servers.cluster.kubeconfig });
  const scene: Scene = { servers, temporal, workers: [], options, told: [] };
  try {
    for (let index = options.disturbed ? 2 : 1; index > 0; index -= 1) {
      const parts = { cluster: CLUSTER, concurrency: options.concurrency, temporalAddress: temporal.address };
      scene.workers.push(await startWorkerProcess(servers, { ...parts, logName: `worker-${index}` }));
    }
    return await playScene(scene, runners);
  } catch (error) {
    // The folder with all logs stays.
    process.exitCode = 1;
    options.log(`${String(error)} Logs: ${servers.folder}. ${await whereItStands(scene).catch(String)}`);
    throw error;
  } finally {
    await Promise.all(scene.workers.map((worker) => worker.stop()));
    await pods.stop();
    await temporal.stop();
    await servers.stop();
  }
}

async function playScene(scene: Scene, runners: number): Promise<SizeResult> {
  const { servers, workers, options } = scene;
  await servers.createSet('ours', SET);
  await waitUntil('The adoption of the set', async () => {
    const { metadata } = await servers.kubernetes.get(ephemeralRunnerSets, { namespace, name: SET });
    return (metadata.finalizers?.length ?? 0) > 0;
  });
  const created = ({ created: now }: Counts): number => now / runners;
  const up = await phase(scene, { replicas: runners, progress: created, faults: UPWARD });
  options.log(`${runners} runners in ${up.seconds.toFixed(1)} s, longest stall ${up.stall.toFixed(1)} s`);
  const gone = ({ present }: Counts): number => 1 - present / runners;
  const down = await phase(scene, { replicas: 0, progress: gone, faults: DOWNWARD });
  options.log(`gone in ${down.seconds.toFixed(1)} s, longest stall ${down.stall.toFixed(1)} s`);
  const peakRssMiB = Math.max(...workers.map((worker) => worker.takePeakRssMiB() ?? NaN));
  const replays = await replaysOf(scene);
  const longestReplay = replays.reduce((one, other) => (other.seconds > one.seconds ? other : one));
  return {
    runners,
    createdSeconds: up.seconds,
    goneSeconds: down.seconds,
    longestStallSeconds: Math.max(up.stall, down.stall),
    peakRssMiB,
    runs: replays.length,
    events: replays.reduce((sum, { events }) => sum + events, 0),
    longestReplay,
    replays,
    disturbances: scene.told,
  };
}

/** What the set's workflow says of itself, and what it waits for. */
async function whereItStands({ temporal }: Scene): Promise<string> {
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const id = ephemeralRunnerSetWorkflowId(CLUSTER, namespace, SET);
    const handle = new Client({ connection }).workflow.getHandle(id);
    const { raw, historyLength } = await handle.describe();
    const { runners, ...view } = await handle.query(runnerSetStateQuery);
    const activities = raw.pendingActivities?.map(({ activityType, attempt, state, lastFailure }) => ({
      ...{ type: activityType?.name, attempt, state, failure: lastFailure?.message },
    }));
    const stages = Object.groupBy(runners, ({ stage }) => stage);
    const counts = Object.entries(stages).map(([stage, those]) => `${stage} ${those.length}`);
    return JSON.stringify({ historyLength, task: raw.pendingWorkflowTask, activities, view, counts });
  } finally {
    await connection.close();
  }
}

async function replaysOf({ temporal }: Scene): Promise<Replay[]> {
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const id = ephemeralRunnerSetWorkflowId(CLUSTER, namespace, SET);
    return await replayRuns(new Client({ connection }), id);
  } finally {
    await connection.close();
  }
}

/** Something that happens once so much is done. */
interface Fault {
  at: number;
  name: string;
  happen: (scene: Scene) => Promise<void>;
}

const FROZEN_MS = 30_000;

const killed = (index: number): Fault['happen'] => {
  return async ({ workers }) => workers[index]?.crash();
};

const UPWARD: readonly Fault[] = [
  { at: 0.2, name: 'a worker killed', happen: killed(0) },
  {
    at: 0.5,
    name: `a worker frozen for ${FROZEN_MS / 1000} s`,
    happen: async ({ workers }) => {
      workers[0]?.freeze();
      await sleep(FROZEN_MS);
      workers[0]?.wake();
    },
  },
  {
    at: 0.8,
    name: 'Temporal killed',
    happen: async ({ temporal }) => {
      await temporal.kill();
      await temporal.start();
    },
  },
];

const DOWNWARD: readonly Fault[] = [{ at: 0.5, name: 'a worker killed', happen: killed(1) }];

interface PhaseShape {
  replicas: number;
  /** What part is done, from 0 to 1. */
  progress: (counts: Counts) => number;
  faults: readonly Fault[];
}

/** Wants so many runners, and waits until there are; the faults happen on the way. */
async function phase(
  scene: Scene,
  { replicas, progress, faults }: PhaseShape,
): Promise<{ seconds: number; stall: number }> {
  const { servers, options, told } = scene;
  const waiting = options.disturbed ? [...faults] : [];
  const began = performance.now();
  await servers.kubernetes.mergePatch(ephemeralRunnerSets, { namespace, name: SET }, { spec: { replicas } });
  let [done, since, stall] = [progress(servers.observers.ours.counts), performance.now(), 0];
  const happening: Promise<void>[] = [];
  while (done < 1) {
    await sleep(100);
    const now = progress(servers.observers.ours.counts);
    stall = Math.max(stall, performance.now() - since);
    if (now !== done) since = performance.now();
    done = now;
    if (stall > GIVE_UP_MS)
      throw new Error(`Nothing happened for ${GIVE_UP_MS / 1000} s at ${Math.round(done * 100)} %.`);
    while (waiting[0] && waiting[0].at <= done) {
      const fault = waiting.shift()!;
      told.push(`${fault.name} at ${Math.round(done * 100)} %`);
      options.log(told.at(-1) ?? '');
      happening.push(fault.happen(scene));
    }
  }
  const seconds = (performance.now() - began) / 1000;
  await Promise.all(happening);
  return { seconds, stall: stall / 1000 };
}

const GIVE_UP_MS = 180_000;
