import type { JobView, RunnerView, ScaleSetView } from '../github/protocol.ts';

/** One scale set, in numbers that a person wants to see. */
export interface ScaleSetCounts {
  name: string;
  /** Jobs that wait at GitHub. */
  queued: number;
  /** Jobs that wait for a runner of this scale set. */
  assigned: number;
  running: number;
  /** Runners that are online and have no job. */
  idle: number;
  /** Runners that Kubernetes would not have. */
  failed: number;
  done: number;
}

/** What is known of all scale sets at one time. */
export interface Observation {
  scaleSets: readonly Pick<ScaleSetView, 'id' | 'name'>[];
  jobs: readonly Pick<JobView, 'scaleSetId' | 'state'>[];
  runners: readonly Pick<RunnerView, 'scaleSetId' | 'online' | 'busy'>[];
  /** Failed runners by the id of their scale set. */
  failed: ReadonlyMap<number, number>;
}

/** Counts jobs and runners of each scale set, in the order of their names. */
export function countScaleSets({ scaleSets, jobs, runners, failed }: Observation): ScaleSetCounts[] {
  const counts = new Map(
    scaleSets.map(({ id, name }) => [
      id,
      { name, queued: 0, assigned: 0, running: 0, idle: 0, failed: failed.get(id) ?? 0, done: 0 },
    ]),
  );
  for (const { scaleSetId, state } of jobs) {
    const count = counts.get(scaleSetId);
    if (count) count[COLUMN_OF_STATE[state]] += 1;
  }
  for (const { scaleSetId, online, busy } of runners) {
    const count = counts.get(scaleSetId);
    if (count && online && !busy) count.idle += 1;
  }
  return [...counts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const COLUMN_OF_STATE = {
  queued: 'queued',
  available: 'queued',
  assigned: 'assigned',
  running: 'running',
  completed: 'done',
} as const satisfies Record<JobView['state'], keyof ScaleSetCounts>;
