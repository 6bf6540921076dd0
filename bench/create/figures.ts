import type { CpuUse } from '../cpu.ts';

/** What one round of the bare calls gave. Requests are per runner. */
export interface LimitRound {
  /** From the start until every runner had its EphemeralRunner with `runnerId`, Secret and pod. */
  createdSeconds: number;
  /** Until every pod ran. */
  runningSeconds: number;
  /** Of the process that makes the calls. */
  cpuSeconds: number;
  /** Of the machine, until every pod ran. */
  cpu: CpuUse | undefined;
  gitHubRequests: number;
  maxJitInFlight: number;
}

/** What one round of ours gave. Requests and events are per runner, over its whole life. */
export interface OursRound {
  /** From the patch until every runner had its EphemeralRunner with `runnerId`, Secret and pod. */
  createdSeconds: number;
  /** Until every pod ran. */
  runningSeconds: number;
  /** Until every EphemeralRunner said so itself. */
  readySeconds: number;
  /** Of the machine, until then. */
  cpu: CpuUse | undefined;
  /** From the runners' end until nothing of them was left. */
  goneSeconds: number;
  kubernetesRequests: number;
  kubernetesRequestsBy: Record<string, number>;
  gitHubRequests: number;
  historyEvents: number;
  /** In total, not per runner. */
  historyEventsBy: Record<string, number>;
  /** Runs of the set's workflow: one more than it continued as new. */
  runs: number;
  /** CPU time of the worker until every EphemeralRunner was ready, and for the whole life. */
  creationCpuSeconds: number;
  cpuSeconds: number;
  peakRssMiB: number | undefined;
  maxJitInFlight: number;
}

/** Both sides of one round, played one after the other. */
export interface Round {
  limit: LimitRound;
  ours: OursRound;
}

/** A figure over all rounds of a case. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** Every figure of a case, in the order in which it is shown; absent where it could not be measured. */
export type Figures = Partial<Record<FigureName, Spread>>;

/** How each figure is taken from a round. */
const FIGURES = {
  limitCreatedSeconds: ({ limit }: Round) => limit.createdSeconds,
  limitRunningSeconds: ({ limit }: Round) => limit.runningSeconds,
  createdSeconds: ({ ours }: Round) => ours.createdSeconds,
  runningSeconds: ({ ours }: Round) => ours.runningSeconds,
  readySeconds: ({ ours }: Round) => ours.readySeconds,
  goneSeconds: ({ ours }: Round) => ours.goneSeconds,
  createdRatio: ({ limit, ours }: Round) => ours.createdSeconds / limit.createdSeconds,
  runningRatio: ({ limit, ours }: Round) => ours.runningSeconds / limit.runningSeconds,
  kubernetesRequests: ({ ours }: Round) => ours.kubernetesRequests,
  gitHubRequests: ({ ours }: Round) => ours.gitHubRequests,
  historyEvents: ({ ours }: Round) => ours.historyEvents,
  limitCpuSeconds: ({ limit }: Round) => limit.cpuSeconds,
  creationCpuSeconds: ({ ours }: Round) => ours.creationCpuSeconds,
  cpuSeconds: ({ ours }: Round) => ours.cpuSeconds,
  peakRssMiB: ({ ours }: Round) => ours.peakRssMiB,
  limitMaxJitInFlight: ({ limit }: Round) => limit.maxJitInFlight,
  maxJitInFlight: ({ ours }: Round) => ours.maxJitInFlight,
  limitOthersCpus: ({ limit }: Round) => limit.cpu?.othersCpus,
  othersCpus: ({ ours }: Round) => ours.cpu?.othersCpus,
} as const satisfies Record<string, (round: Round) => number | undefined>;

/** What a figure is called. */
export type FigureName = keyof typeof FIGURES;

/** All figures, in the order of the report. */
export const FIGURE_NAMES = Object.keys(FIGURES) as FigureName[];

/** Median, smallest and largest of each figure. A ratio is taken within each round, where both sides met the same machine. */
export function figuresOf(rounds: readonly Round[]): Figures {
  const spreads = FIGURE_NAMES.map((name) => {
    const values = rounds.map((round) => FIGURES[name](round)).filter((value) => value !== undefined);
    return [name, values.length === 0 ? undefined : spreadOf(values)] as const;
  });
  return Object.fromEntries(spreads.filter(([, spread]) => spread !== undefined));
}

/** @throws RangeError when there are no values */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new RangeError('No values were measured.');
  const half = (sorted.length - 1) / 2;
  const [low = min, high = min] = [sorted[Math.floor(half)], sorted[Math.ceil(half)]];
  return { median: (low + high) / 2, min, max };
}
