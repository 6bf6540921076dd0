import { setTimeout as sleep } from 'node:timers/promises';
import type { JobView } from '../../dev/github/protocol.ts';
import type { JobsSystem, OpenScaleSet } from './system.ts';
import { cpuBetween, readCpu } from '../cpu.ts';
import type { CpuUse } from '../cpu.ts';
import type { JobsRound, JobsShape, Leftover } from './shape.ts';
import { placesWithJob, waitsOf } from './shape.ts';
import type { JobsServers } from './servers.ts';
import { firstHeldAt } from './servers.ts';
import { maxJitInFlight, requestsTo } from '../create/round.ts';
import { requestsSince } from '../worker-process.ts';

/** One round: how many jobs, how long each, and whether the contender is killed. */
export interface RoundOptions {
  name: string;
  shape: JobsShape;
  /** How long each job takes. */
  durationMs: number;
  /** Kill the system when half of the jobs have a pod. */
  kill: boolean;
}

/** What is still under way when all has settled is over after so long. */
const AFTERMATH_MS = 1_500;

/** The whole life of a number of jobs, from their queueing until nothing of their runners is left. */
export async function playJobs(
  servers: JobsServers,
  system: JobsSystem,
  options: RoundOptions,
): Promise<JobsRound> {
  const set = await system.open(options.name, options.shape.maxRunners);
  const round = await system.alive(measure({ servers, system, set }, options));
  await set.close();
  return round;
}

interface Parts {
  servers: JobsServers;
  system: JobsSystem;
  set: OpenScaleSet;
}

async function measure(parts: Parts, options: RoundOptions): Promise<JobsRound> {
  const { servers, system, set } = parts;
  const { jobs } = options.shape;
  const observer = servers.observers[system.side];
  observer.podsSeenAt.clear();
  await servers.takeGitHubStats();
  system.takePeakRssMiB();
  const [requests, cpuSeconds, history] = await Promise.all([
    system.kubernetesRequests(),
    system.cpuSeconds(),
    set.historyEvents?.(),
  ]);
  const course = await run(parts, options);
  await sleep(AFTERMATH_MS);
  const kubernetes = requestsSince(requests, await system.kubernetesRequests(), jobs);
  const gitHub = await servers.takeGitHubStats();
  if (gitHub.violations.length > 0)
    throw new Error(`GitHub saw what must not be: ${gitHub.violations.join('; ')}`);
  const historyAfter = await set.historyEvents?.();
  return {
    ...course,
    kubernetesRequests: kubernetes.total,
    kubernetesRequestsBy: kubernetes.byLabels,
    gitHubRequests: requestsTo(gitHub) / jobs,
    gitHubRequestsBy: Object.fromEntries(
      Object.entries(gitHub.calls).map(([name, { count }]) => [name, count / jobs]),
    ),
    ...(history && historyAfter && historyFigures(history, historyAfter, jobs)),
    cpuSeconds: (await system.cpuSeconds()) - cpuSeconds,
    peakRssMiB: system.takePeakRssMiB(),
    maxJitInFlight: maxJitInFlight(gitHub),
  };
}

type Course = Pick<
  JobsRound,
  | 'doneSeconds'
  | 'jobsPerSecond'
  | 'queuedToPod'
  | 'queuedToStarted'
  | 'placesWithJob'
  | 'settledSeconds'
  | 'left'
  | 'awaySeconds'
  | 'cpu'
>;

async function run(parts: Parts, { shape, durationMs, kill }: RoundOptions): Promise<Course> {
  const { servers, system, set } = parts;
  const timeoutMs = 60_000 + shape.jobs * 250;
  const cpuBefore = readCpu();
  const queuedAt = Date.now();
  await servers.gitHub.queueJobs({ scaleSetId: set.id, count: shape.jobs, durationMs });
  const away = kill ? await killHalfWay(parts, shape, timeoutMs) : undefined;
  await firstHeldAt('The end of all jobs', () => areDone(servers, set), { timeoutMs, everyMs: 100 });
  const { settledAt, left } = await untilSettled(parts, timeoutMs);
  const cpu: CpuUse | undefined = cpuBetween(cpuBefore, readCpu());
  const jobs = await servers.gitHub.jobs(set.id);
  const doneAt = Math.max(...jobs.map(({ finishTime = Infinity }) => finishTime));
  mustHaveSucceeded(jobs, shape.jobs);
  const doneSeconds = (doneAt - queuedAt) / 1000;
  const { podsSeenAt } = servers.observers[system.side];
  const used = placesWithJob(
    jobs.map(({ runnerAssignTime = NaN, finishTime = NaN }) => ({
      start: runnerAssignTime,
      end: finishTime,
    })),
    shape.maxRunners,
  );
  return {
    ...(used !== undefined && { placesWithJob: used }),
    doneSeconds,
    jobsPerSecond: shape.jobs / doneSeconds,
    queuedToPod: waitsOf(
      jobs.map(({ queueTime, runnerName = '' }) => ((podsSeenAt.get(runnerName) ?? NaN) - queueTime) / 1000),
    ),
    queuedToStarted: waitsOf(
      jobs.map(({ queueTime, runnerAssignTime = NaN }) => (runnerAssignTime - queueTime) / 1000),
    ),
    settledSeconds: Math.max(0, settledAt - doneAt) / 1000,
    left: left.map(({ at, ...counts }) => ({ seconds: (at - doneAt) / 1000, ...counts })),
    ...(away !== undefined && { awaySeconds: away }),
    cpu,
  };
}

/** Answers how long it was away, in seconds. */
async function killHalfWay({ servers, system }: Parts, shape: JobsShape, timeoutMs: number): Promise<number> {
  const { podsSeenAt } = servers.observers[system.side];
  const isHalfWay = (): Promise<boolean> => Promise.resolve(podsSeenAt.size >= shape.jobs / 2);
  await firstHeldAt('The first half of the jobs', isHalfWay, { timeoutMs, everyMs: 20 });
  const killedAt = Date.now();
  await system.crash?.();
  return (Date.now() - killedAt) / 1000;
}

/** The statistics are cheap to read, all jobs are not. */
async function areDone({ gitHub }: JobsServers, { id }: OpenScaleSet): Promise<boolean> {
  const statistics = (await gitHub.scaleSets()).find((set) => set.id === id)?.statistics;
  if (statistics?.totalAssignedJobs !== 0) return false;
  return (await gitHub.jobs(id)).every(({ state }) => state === 'completed');
}

interface Settling {
  settledAt: number;
  left: (Omit<Leftover, 'seconds'> & { at: number })[];
}

/** How often it is noted what is left. */
const NOTE_MS = 500;

async function untilSettled({ servers, system, set }: Parts, timeoutMs: number): Promise<Settling> {
  const observer = servers.observers[system.side];
  const left: Settling['left'] = [];
  const isSettled = async (): Promise<boolean> => {
    const registered = (await servers.gitHub.registered(set.id)).length;
    const { present, running } = observer.counts;
    const at = Date.now();
    if (at - (left.at(-1)?.at ?? 0) >= NOTE_MS) left.push({ at, present, running, registered });
    return present === 0 && registered === 0;
  };
  try {
    return { settledAt: await firstHeldAt('The settling', isSettled, { timeoutMs }), left };
  } catch (error) {
    throw new Error(`Something was left over: ${JSON.stringify(left.at(-1))}`, { cause: error });
  }
}

function mustHaveSucceeded(jobs: readonly JobView[], count: number): void {
  const succeeded = jobs.filter(({ result }) => result === 'succeeded').length;
  if (succeeded !== count || jobs.length !== count)
    throw new Error(`${succeeded} of ${count} jobs succeeded, out of ${jobs.length} that ran.`);
}

function historyFigures(
  before: Record<string, number>,
  after: Record<string, number>,
  jobs: number,
): Pick<JobsRound, 'historyEvents' | 'historyEventsBy'> {
  const grown = Object.entries(after).map(([name, events]) => [name, events - (before[name] ?? 0)] as const);
  return {
    historyEvents: grown.reduce((sum, [, events]) => sum + events, 0) / jobs,
    historyEventsBy: Object.fromEntries(grown),
  };
}
