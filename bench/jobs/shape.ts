import type { CpuUse } from '../cpu.ts';
import type { Spread } from '../create/figures.ts';
import { spreadOf } from '../create/figures.ts';

/** So many jobs, queued at once for a scale set that may have so many runners. */
export interface JobsShape {
  jobs: number;
  maxRunners: number;
}

/** Who serves the jobs: the bare loop, our worker, or our worker that is killed half-way. */
export const PLAYERS = ['ceiling', 'ours', 'killed'] as const;

/** Who plays. */
export type Player = (typeof PLAYERS)[number];

/** Seconds. */
export interface Waits {
  p50: number;
  p95: number;
}

/** What was left so many seconds after the last job: runners of which anything exists, of those with a pod that runs, registrations. */
export interface Leftover {
  seconds: number;
  present: number;
  running: number;
  registered: number;
}

/** What one round gave. Requests and events are per job, from the queueing until all has settled. */
export interface JobsRound {
  /** From the queueing of the jobs until the last one ended. */
  doneSeconds: number;
  jobsPerSecond: number;
  /** Until the pod of the runner that took the job was seen. */
  queuedToPod: Waits;
  queuedToStarted: Waits;
  /** Of the places, how many per cent had a job while jobs waited; absent where none had to. */
  placesWithJob?: number;
  /** From the end of the last job until no runner, pod, Secret and registration was left. */
  settledSeconds: number;
  /** On the way there. */
  left: Leftover[];
  kubernetesRequests: number;
  kubernetesRequestsBy: Record<string, number>;
  gitHubRequests: number;
  gitHubRequestsBy: Record<string, number>;
  /** Absent where there is no history. */
  historyEvents?: number;
  /** By workflow, in total. */
  historyEventsBy?: Record<string, number>;
  /** CPU time of the process that serves, until all has settled. */
  cpuSeconds: number;
  /** Of the machine. */
  cpu: CpuUse | undefined;
  peakRssMiB: number | undefined;
  maxJitInFlight: number;
  /** How long the killed worker was away, until it took work again. */
  awaySeconds?: number;
}

/** How each figure is taken from a round, in the order in which it is shown. */
const FIGURES = {
  jobsPerSecond: (round: JobsRound) => round.jobsPerSecond,
  doneSeconds: (round: JobsRound) => round.doneSeconds,
  queuedToPodP50: (round: JobsRound) => round.queuedToPod.p50,
  queuedToPodP95: (round: JobsRound) => round.queuedToPod.p95,
  queuedToStartedP50: (round: JobsRound) => round.queuedToStarted.p50,
  queuedToStartedP95: (round: JobsRound) => round.queuedToStarted.p95,
  placesWithJob: (round: JobsRound) => round.placesWithJob,
  settledSeconds: (round: JobsRound) => round.settledSeconds,
  kubernetesRequests: (round: JobsRound) => round.kubernetesRequests,
  gitHubRequests: (round: JobsRound) => round.gitHubRequests,
  historyEvents: (round: JobsRound) => round.historyEvents,
  maxJitInFlight: (round: JobsRound) => round.maxJitInFlight,
  cpuSeconds: (round: JobsRound) => round.cpuSeconds,
  peakRssMiB: (round: JobsRound) => round.peakRssMiB,
  awaySeconds: (round: JobsRound) => round.awaySeconds,
  othersCpus: (round: JobsRound) => round.cpu?.othersCpus,
} as const satisfies Record<string, (round: JobsRound) => number | undefined>;

/** What a figure is called. */
export type JobsFigure = keyof typeof FIGURES;

/** All figures, in the order of the report. */
export const JOBS_FIGURES = Object.keys(FIGURES) as JobsFigure[];

/** Absent where it could not be measured. */
export type JobsFigures = Partial<Record<JobsFigure, Spread>>;

/** Median, smallest and largest of each figure. */
export const jobsFiguresOf = (rounds: readonly JobsRound[]): JobsFigures =>
  Object.fromEntries(
    JOBS_FIGURES.flatMap((name) => {
      const values = rounds.map(FIGURES[name]).filter((value) => value !== undefined);
      return values.length === 0 ? [] : [[name, spreadOf(values)] as const];
    }),
  );

/** The value that `share` of all values do not exceed. @throws RangeError when there are no values */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('No values were measured.');
  return value;
}

/** @param seconds of each job */
export const waitsOf = (seconds: readonly number[]): Waits => ({
  p50: quantile(seconds, 0.5),
  p95: quantile(seconds, 0.95),
});

/**
 * Of `places`, how many per cent had a job from the start of the first job until none waited any more, which is the start
 * of the last.
 *
 * @param jobs when each started and ended, in milliseconds
 * @returns `undefined` where no job had to wait for a place
 */
export function placesWithJob(
  jobs: readonly { start: number; end: number }[],
  places: number,
): number | undefined {
  const from = Math.min(...jobs.map(({ start }) => start));
  const to = Math.max(...jobs.map(({ start }) => start));
  if (jobs.length <= places || to <= from) return undefined;
  const busy = jobs.reduce((sum, { start, end }) => sum + Math.min(end, to) - start, 0);
  return (100 * busy) / (places * (to - from));
}
