import { join } from 'node:path';
import { startTemporal } from '../../dev/temporal.ts';
import { startCeiling } from './ceiling.ts';
import type { JobsSystem } from './system.ts';
import type { Storage } from '../create/create-ephemeral-runners.ts';
import type { IdleSets } from './idle-sets.ts';
import { measureIdleSets } from './idle-sets.ts';
import { startJobsOurs } from './ours.ts';
import { playJobs } from './round.ts';
import type { JobsFigures, JobsRound, JobsShape, Player } from './shape.ts';
import { jobsFiguresOf } from './shape.ts';
import type { JobsServers } from './servers.ts';
import { startJobsServers } from './servers.ts';
import type { WorkerProcess } from '../worker-process.ts';
import { startWorkerProcess } from '../worker-process.ts';

/** What is played. Durations in milliseconds. */
export interface JobsOptions {
  shapes: readonly JobsShape[];
  /** In this order, in turn. */
  players: readonly Player[];
  /** Of each shape, for each player. */
  rounds: number;
  /** Jobs of the rounds before the first that counts; 0 for none. */
  warmUp: number;
  durationMs: number;
  /** How long GitHub takes for a JIT config, and for any other call, in milliseconds. */
  jitLatencyMs: number;
  latencyMs: number;
  /** Runners of one set that the worker creates at the same time. */
  concurrency: number;
  /** Where Temporal's development server keeps its data. */
  storage: Storage;
  /** Scale sets without jobs; 0: not measured. */
  idleSets: number;
  /** How long they are watched. */
  idleMs: number;
  /** Where CPU profiles of the worker go; none are taken without it. */
  profileFolder?: string | undefined;
  log: (line: string) => void;
}

/** A player's rounds and figures for one shape, or why it failed. */
export type JobsCase = JobsShape & {
  player: Player;
} & ({ rounds: JobsRound[]; figures: JobsFigures } | { failure: string });

/** All cases, and the idle scale sets if they were asked for. */
export interface JobsResults {
  cases: JobsCase[];
  idle?: IdleSets | { failure: string };
}

/**
 * Times jobs from their queueing at GitHub to the last trace of their runners, with our worker, with our worker killed
 * half-way, and with a loop that does nothing durable, on the same servers; and measures many scale sets without jobs. A
 * case that fails is among the results, and the others go on.
 */
export async function BenchmarkJobs(options: JobsOptions): Promise<JobsResults> {
  const servers = await startJobsServers(options);
  try {
    const temporal = await startTemporal({
      storage: options.storage === 'memory' ? 'memory' : { file: join(servers.folder, 'temporal.db') },
      logFile: join(servers.folder, 'temporal.log'),
      log: options.log,
    });
    try {
      const start = (cluster: string): Promise<WorkerProcess> =>
        startWorkerProcess(servers, { ...options, cluster, temporalAddress: temporal.address });
      const cases = options.shapes.length === 0 ? [] : await playAll({ servers, options }, start);
      const idle = options.idleSets === 0 ? undefined : await measureIdle({ servers, options }, start);
      return { cases, ...(idle && { idle }) };
    } finally {
      await temporal.stop();
    }
  } finally {
    await servers.stop();
  }
}

interface Bench {
  servers: JobsServers;
  options: JobsOptions;
}

type StartWorker = (cluster: string) => Promise<WorkerProcess>;

async function playAll(bench: Bench, start: StartWorker): Promise<JobsCase[]> {
  const { servers, options } = bench;
  const ceiling = await startCeiling(servers);
  const ours = await startJobsOurs(servers, await start('bench-jobs'));
  const systems = { ceiling, ours, killed: ours };
  const cases: JobsCase[] = [];
  try {
    if (options.warmUp > 0) await warmUp(bench, systems);
    for (const shape of options.shapes) cases.push(...(await playShape(bench, systems, shape)));
    return cases;
  } finally {
    await Promise.all([ceiling.stop(), ours.stop()]);
  }
}

type JobsSystems = Record<Player, JobsSystem>;

async function warmUp({ servers, options }: Bench, systems: JobsSystems): Promise<void> {
  const { players, warmUp: jobs, durationMs } = options;
  const shape = { jobs, maxRunners: jobs };
  for (const player of players.filter((each) => each !== 'killed'))
    await playJobs(servers, systems[player], { name: `warm-${player}`, shape, durationMs, kill: false });
}

let rounds = 0;

async function playShape(bench: Bench, systems: JobsSystems, shape: JobsShape): Promise<JobsCase[]> {
  const { servers, options } = bench;
  const { players, durationMs } = options;
  // A worker's death says nothing about a single job.
  const playing = players.filter((player) => player !== 'killed' || shape.jobs > 1);
  const played = playing.map((player) => ({ player, rounds: [] as JobsRound[], failure: '' }));
  for (let index = 0; index < options.rounds; index += 1) {
    for (const one of played.filter(({ failure }) => failure === '')) {
      rounds += 1;
      const name = `jobs-${rounds}`;
      const title = `${titleOf(shape)}, ${one.player}, round ${index + 1} of ${options.rounds}`;
      const kill = one.player === 'killed';
      try {
        const round = await playJobs(servers, systems[one.player], { name, shape, durationMs, kill });
        one.rounds.push(round);
        options.log(`${title}: ${summaryOf(round)}`);
      } catch (error) {
        one.failure = failureOf(bench, title, error);
      }
    }
  }
  return played.map(({ player, failure, rounds: all }) =>
    failure === ''
      ? { ...shape, player, rounds: all, figures: jobsFiguresOf(all) }
      : { ...shape, player, failure },
  );
}

async function measureIdle(bench: Bench, start: StartWorker): Promise<JobsResults['idle']> {
  const { servers, options } = bench;
  // A worker of its own: what the jobs left in memory is not the sets' doing.
  const worker = await start('bench-idle');
  try {
    const { idleSets: sets, idleMs: watchMs } = options;
    return await worker.alive(measureIdleSets(servers, worker, { sets, watchMs }));
  } catch (error) {
    return { failure: failureOf(bench, `${options.idleSets} idle scale sets`, error) };
  } finally {
    await worker.stop();
  }
}

function failureOf({ servers, options }: Bench, title: string, error: unknown): string {
  process.exitCode = 1;
  const failure = error instanceof Error ? error.message : String(error);
  options.log(`${title}: FAILED: ${failure} Logs: ${servers.folder}`);
  return failure;
}

/** A shape in words. */
export const titleOf = ({ jobs, maxRunners }: JobsShape): string =>
  `${jobs} ${jobs === 1 ? 'job' : 'jobs'}, maxRunners ${maxRunners}`;

const summaryOf = ({ jobsPerSecond, doneSeconds, settledSeconds, kubernetesRequests }: JobsRound): string =>
  `${jobsPerSecond.toFixed(1)} jobs/s, done in ${doneSeconds.toFixed(2)} s, settled ${settledSeconds.toFixed(2)} s later, ` +
  `${kubernetesRequests.toFixed(1)} Kubernetes requests a job`;
