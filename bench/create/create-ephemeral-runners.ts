import { join } from 'node:path';
import { startTemporal } from '../../dev/temporal.ts';
import type { TemporalServer } from '../../dev/temporal.ts';
import type { Figures, Round } from './figures.ts';
import { figuresOf } from './figures.ts';
import type { Limit } from './limit.ts';
import { startLimit } from './limit.ts';
import type { Ours } from './ours.ts';
import { startOurs } from './ours.ts';
import type { RoundShape } from './round.ts';
import { startWorkerProcess } from '../worker-process.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';

/** Where Temporal's development server keeps its data. */
export type Storage = 'memory' | 'file';

/** One case: how many runners, how many at a time, on which storage. */
export interface CaseShape extends RoundShape {
  storage: Storage;
}

/** Which cases are played: every storage with every concurrency and number of runners. */
export interface BenchmarkOptions {
  storages: readonly Storage[];
  concurrencies: readonly number[];
  runners: readonly number[];
  /** Of each case; each is one of the limit and one of ours. */
  rounds: number;
  /** Runners of the rounds before the first that counts; 0 for none. */
  warmUp: number;
  /** How long GitHub takes for a JIT config, in milliseconds. */
  jitLatencyMs: number;
  /** Where CPU profiles of the workers go; none are taken without it. */
  profileFolder?: string | undefined;
  log: (line: string) => void;
}

/** A case's rounds and figures, or why it failed. */
export type CaseResult = CaseShape & ({ rounds: Round[]; figures: Figures } | { failure: string });

/**
 * Times how long it takes from one patch of `spec.replicas` until all runners exist and run, against the same calls to
 * Kubernetes and GitHub with nothing in between, on the same servers; and counts what a runner costs over its life.
 * A case that fails is among the results, and the others go on.
 */
export async function BenchmarkCreateEphemeralRunners(options: BenchmarkOptions): Promise<CaseResult[]> {
  const servers = await startServers(options);
  try {
    const limit = await startLimit(servers);
    const results: CaseResult[] = [];
    for (const storage of options.storages)
      results.push(...(await onStorage({ servers, limit, options }, storage)));
    limit.stop();
    return results;
  } finally {
    await servers.stop();
  }
}

interface Bench {
  servers: Servers;
  limit: Limit;
  options: BenchmarkOptions;
}

async function onStorage(bench: Bench, storage: Storage): Promise<CaseResult[]> {
  const { servers, options } = bench;
  const temporal = await startTemporal({
    storage: storage === 'memory' ? storage : { file: join(servers.folder, 'temporal.db') },
    logFile: join(servers.folder, `temporal-${storage}.log`),
    log: options.log,
  });
  try {
    const results: CaseResult[] = [];
    for (const concurrency of options.concurrencies) {
      const shapes = options.runners.map((runners) => ({ storage, concurrency, runners }));
      results.push(...(await withWorker({ ...bench, temporal }, shapes)));
    }
    return results;
  } finally {
    await temporal.stop();
  }
}

/** All cases that one worker serves: its configuration says how many runners it creates at the same time. */
async function withWorker(
  bench: Bench & { temporal: TemporalServer },
  shapes: CaseShape[],
): Promise<CaseResult[]> {
  const { servers, limit, options, temporal } = bench;
  const concurrency = shapes[0]?.concurrency ?? 1;
  const fail = (shape: CaseShape, error: unknown): CaseResult => {
    process.exitCode = 1;
    const failure = error instanceof Error ? error.message : String(error);
    options.log(`${nameOf(shape)}: FAILED: ${failure} Logs: ${servers.folder}`);
    return { ...shape, failure };
  };
  const { profileFolder } = options;
  const cluster = `bench-${concurrency}`;
  try {
    const worker = await startWorkerProcess(servers, {
      cluster,
      concurrency,
      temporalAddress: temporal.address,
      profileFolder,
    });
    try {
      const ours = await startOurs(servers, worker);
      if (options.warmUp > 0)
        await playPair({ limit, ours }, { runners: options.warmUp, concurrency, first: 'limit' });
      const results: CaseResult[] = [];
      for (const shape of shapes) {
        results.push(
          await playCase({ limit, ours, options }, shape).catch((error: unknown) => fail(shape, error)),
        );
      }
      await ours.stop();
      return results;
    } finally {
      await worker.stop();
    }
  } catch (error) {
    return shapes.map((shape) => fail(shape, error));
  }
}

interface Sides {
  limit: Limit;
  ours: Ours;
}

async function playCase(
  { limit, ours, options }: Sides & { options: BenchmarkOptions },
  shape: CaseShape,
): Promise<CaseResult> {
  const rounds: Round[] = [];
  for (let index = 0; index < options.rounds; index += 1) {
    // What changes on the machine with time meets each side first in turn.
    const first = index % 2 === 0 ? 'limit' : 'ours';
    const round = await playPair({ limit, ours }, { ...shape, first });
    rounds.push(round);
    options.log(`${nameOf(shape)}, round ${index + 1} of ${options.rounds}: ${summaryOf(round)}`);
  }
  return { ...shape, rounds, figures: figuresOf(rounds) };
}

let pairs = 0;

async function playPair(
  { limit, ours }: Sides,
  { first, ...shape }: RoundShape & { first: keyof Sides },
): Promise<Round> {
  pairs += 1;
  const name = `set-${pairs}`;
  const early = first === 'limit' ? await limit.round(name, shape) : undefined;
  const oursRound = await ours.round(name, shape);
  return { limit: early ?? (await limit.round(name, shape)), ours: oursRound };
}

/** A case in words. */
export const nameOf = ({ storage, runners, concurrency }: CaseShape): string =>
  `${runners} runners, ${concurrency} at a time, Temporal ${storage === 'memory' ? 'in memory' : 'on a SQLite file'}`;

const summaryOf = ({ limit, ours }: Round): string =>
  `created in ${ours.createdSeconds.toFixed(2)} s (limit ${limit.createdSeconds.toFixed(2)} s), ` +
  `running in ${ours.runningSeconds.toFixed(2)} s (limit ${limit.runningSeconds.toFixed(2)} s)`;
