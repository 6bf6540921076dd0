import type { IdleSets } from './idle-sets.ts';
import type { JobsFigure, JobsFigures, JobsShape } from './shape.ts';

/** A bound that a figure's median should keep. */
export interface JobsTarget {
  figure: JobsFigure;
  atLeast?: number;
  atMost?: number;
}

/** What we hold our worker to while nothing is killed. */
export function jobsTargetsOf({ jobs, maxRunners }: JobsShape, jitLatencyMs: number): JobsTarget[] {
  if (jobs === 1) return [{ figure: 'queuedToPodP50', atMost: jitLatencyMs / 1000 + 0.5 }];
  return [
    ...(jobs >= 4 * maxRunners
      ? [{ figure: 'jobsPerSecond', atLeast: jobs >= 1000 ? 30 : 20 } as const]
      : []),
    { figure: 'settledSeconds', atMost: 3 },
    { figure: 'kubernetesRequests', atMost: 12 },
  ];
}

/** At most so much for idle scale sets. */
export const IDLE_TARGETS = {
  podsAdded: 0,
  peakRssMiB: 512,
  historyEventsPerHourBy: 30,
} as const satisfies Partial<Record<keyof IdleSets, number>>;

const holds = ({ atLeast = -Infinity, atMost = Infinity }: JobsTarget, value: number): boolean =>
  value >= atLeast && value <= atMost;

/** The bound as the report shows it. */
export const boundOf = ({ atLeast, atMost }: JobsTarget): string =>
  atLeast === undefined ? `<= ${atMost ?? ''}` : `>= ${atLeast}`;

/** The targets that were measured and missed, with the median. */
export const missedBy = (figures: JobsFigures, targets: readonly JobsTarget[]) =>
  targets.flatMap((target) => {
    const median = figures[target.figure]?.median;
    return median === undefined || holds(target, median) ? [] : [{ target, median }];
  });
