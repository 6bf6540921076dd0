import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../dev/cluster/cluster.ts';
import { startCluster } from '../../dev/cluster/cluster.ts';
import type { Fault } from '../../dev/github/protocol.ts';
import type { RunningProcess } from '../../dev/processes.ts';
import { waitUntil } from '../../dev/processes.ts';
import type { Runners } from '../../dev/runner/runners.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import { startTemporal } from '../../dev/temporal.ts';
import type { TemporalServer } from '../../dev/temporal.ts';
import type { Disturbance, Step } from './support/chaos-schedule.ts';
import { DISTURBANCES, lengthsOf, scheduleOf } from './support/chaos-schedule.ts';
import type { Census, CrashScene } from './support/crash-scene.ts';
import { census, expectCleanEnd, openCrashScene, SET } from './support/crash-scene.ts';
import { startScaleSet } from './support/listener-scene.ts';
import type { StartedScaleSet } from './support/listener-scene.ts';

/**
 * Jobs run while workers, Temporal, the API server and GitHub fail at random: none is lost or run twice, and nothing is
 * left over. On servers of its own. CHAOS_JOBS=1000 CHAOS_SEED=7 runs another number of jobs, another schedule.
 */
const JOBS = Number(process.env['CHAOS_JOBS'] ?? 150);
const SEED = Number(process.env['CHAOS_SEED'] ?? 1);

const MAX_RUNNERS = 20;
const WAVES = 10;

/** Each kind once, and more of them the longer it takes. */
const STEPS = Math.max(DISTURBANCES.length, Math.ceil(JOBS / 40));

/** For what comes to rest at the end: a worker's lost work is handed on after 15 s. */
const PATIENCE_MS = 120_000 + JOBS * 300;

let folder: string;
let cluster: Cluster;
let temporal: TemporalServer;
let runners: Runners;
let scene: CrashScene;
let workers: RunningProcess[];

const tell = (line: string): void => {
  process.stderr.write(`chaos: ${line}\n`);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-arc-chaos-'));
  [cluster, temporal] = await Promise.all([
    startCluster({ nodes: 2 }),
    startTemporal({ storage: { file: join(folder, 'temporal.db') } }),
  ]);
  runners = await startRunners({ kubeconfig: cluster.kubeconfig });
  const servers = { kubeconfig: cluster.kubeconfig, temporalAddress: temporal.address };
  // A session whose opening was not heard of is forgotten after a while, as at GitHub.
  scene = await openCrashScene('chaos', servers, { jitLatencyMs: 50, github: { sessionIdleMs: 5_000 } });
  workers = await Promise.all([scene.startWorker(), scene.startWorker()]);
}, 120_000);

afterAll(async () => {
  await scene.close();
  await runners.stop();
  await Promise.all([cluster.stop(), temporal.stop()]);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const fault = (partial: Omit<Fault, 'match'>): void =>
  scene.github.admin.addFault({ match: '*', ...partial });

const DEEDS: Record<Disturbance, (step: Step, demo: StartedScaleSet) => Promise<void> | void> = {
  'a worker is killed': async ({ seed }) => {
    const [victim] = workers.splice(seed % workers.length, 1);
    await victim?.kill();
    workers.push(await scene.startWorker());
  },
  'Temporal is killed': async ({ forMs }) => {
    await temporal.kill();
    await sleep(forMs);
    await temporal.start();
  },
  'the API server is killed': async ({ forMs }) => {
    await cluster.killApiServer();
    await sleep(forMs);
    await cluster.startApiServer();
  },
  'GitHub answers 500': ({ forMs, seed }) =>
    fault({ kind: 'status', status: 500, probability: 0.5, forMs, seed }),
  'GitHub loses its answers': ({ forMs, seed }) =>
    fault({ kind: 'lost-answer', probability: 0.3, forMs, seed }),
  'GitHub breaks connections': ({ forMs, seed }) => fault({ kind: 'reset', probability: 0.5, forMs, seed }),
  'GitHub asks to wait': () => fault({ kind: 'status', status: 429, retryAfter: 2, times: 3 }),
  'the session expires': (_step, { id }) => {
    if (scene.github.admin.scaleSets().some((set) => set.id === id && set.hasSession))
      scene.github.admin.expire(id, 'session');
  },
};

/** Over this part of the jobs the disturbances are spread. */
const SPREAD = 0.8;

/** What disturbs next does not wait for ever: nothing may be done before it. */
const LONGEST_LULL_MS = 10_000;

async function untilDone(demo: StartedScaleSet, count: number): Promise<void> {
  const until = Date.now() + LONGEST_LULL_MS;
  while (demo.jobs('completed').length < count && Date.now() < until) await sleep(100);
}

async function disturb(demo: StartedScaleSet, steps: Step[]): Promise<void> {
  for (const [i, step] of steps.entries()) {
    await sleep(step.afterMs);
    await untilDone(demo, Math.floor((i * JOBS * SPREAD) / steps.length));
    tell(`${demo.jobs('completed').length} jobs done: ${step.what} (${step.forMs} ms)`);
    await DEEDS[step.what](step, demo);
  }
}

/** Some jobs now, some later, so that there are always some that wait. */
async function queueJobs({ id, jobs }: Queue, lengths: number[]): Promise<void> {
  const wave = Math.ceil(lengths.length / WAVES);
  for (let at = 0; at < lengths.length; at += wave) {
    for (const durationMs of lengths.slice(at, at + wave))
      scene.github.admin.queueJobs({ scaleSetId: id, durationMs });
    const isNext = (): boolean => jobs().filter(({ state }) => state !== 'completed').length < 2 * wave;
    await waitUntil('The next jobs', () => Promise.resolve(isNext()), {
      timeoutMs: PATIENCE_MS,
      everyMs: 100,
    });
  }
}

interface Queue {
  id: number;
  jobs: () => ReturnType<CrashScene['github']['admin']['jobs']>;
}

const jobsOf = (demo: StartedScaleSet) => (): ReturnType<Queue['jobs']> =>
  scene.github.admin.jobs().filter(({ scaleSetId }) => scaleSetId === demo.id);

/** Waits, and says where things stand if it was in vain. */
async function until(
  what: string,
  check: () => boolean | Promise<boolean>,
  demo: StartedScaleSet,
): Promise<void> {
  try {
    await waitUntil(what, () => Promise.resolve(check()), { timeoutMs: PATIENCE_MS, everyMs: 250 });
  } catch (cause) {
    const states = jobsOf(demo)().map(({ state, result = '' }) => `${state} ${result}`);
    const set = await demo.set().catch(String);
    const found = await census(scene).catch(String);
    const facts = { jobs: countEach(states), set, left: typeof found === 'string' ? found : brief(found) };
    throw new Error(`${String(cause)}\n${JSON.stringify(facts, null, 1)}\n${scene.logTail()}`, { cause });
  }
}

const countEach = (values: string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

const brief = ({ runners: found, pods, secrets, registered }: Census): object => ({
  runners: found.map(({ metadata, status }) => [metadata.name, metadata.deletionTimestamp, status?.phase]),
  pods,
  secrets,
  registered,
});

test('a seed leads to the same schedule, with every disturbance in it', () => {
  expect(scheduleOf(SEED, STEPS)).toEqual(scheduleOf(SEED, STEPS));
  expect(scheduleOf(SEED, STEPS)).not.toEqual(scheduleOf(SEED + 1, STEPS));
  expect(new Set(scheduleOf(SEED, STEPS).map(({ what }) => what)).size).toBe(DISTURBANCES.length);
});

test(
  `${JOBS} jobs while everything fails: none is lost or run twice, and nothing is left over`,
  async () => {
    const steps = scheduleOf(SEED, STEPS);
    tell(`CHAOS_SEED=${SEED} CHAOS_JOBS=${JOBS}`);
    for (const { afterMs, what, forMs } of steps) tell(`after ${afterMs} ms: ${what} (${forMs} ms)`);
    const demo = await startScaleSet(scene, 'chaos', { maxRunners: MAX_RUNNERS });
    const began = Date.now();
    const jobs = jobsOf(demo);
    await scene.alive(
      Promise.all([disturb(demo, steps), queueJobs({ id: demo.id, jobs }, lengthsOf(SEED, JOBS))]),
    );
    await until('The end of the jobs', () => demo.jobs('completed').length === JOBS, demo);
    tell(`${JOBS} jobs done after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    expect(countEach(jobs().map(({ result = '' }) => result))).toEqual({ succeeded: JOBS });
    // Each registration, and so each JIT config, had one job.
    expect(new Set(jobs().map(({ runnerId }) => runnerId)).size).toBe(JOBS);
    await until('An empty house', () => isEmpty(), demo);
    tell(`nothing left after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    expect(scene.github.admin.stats().violations).toEqual([]);
    await demo.remove();
    const names = (): string[] => scene.github.admin.scaleSets().map(({ name }) => name);
    await until('The end of the scale set', () => !names().includes(demo.name), demo);
    await expectCleanEnd(scene);
    expect(names()).toEqual([SET]);
  },
  PATIENCE_MS * 3,
);

/** No runner, pod, Secret or registration. */
async function isEmpty(): Promise<boolean> {
  const { runners: found, pods, secrets, registered } = await census(scene);
  return found.length + pods.length + secrets.length + registered.length === 0;
}
