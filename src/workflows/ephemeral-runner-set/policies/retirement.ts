import type { RunnerToRetire } from '../../../activities/ephemeral-runner-set/retire-runners.ts';
import type { RunnerState } from '../runner.ts';
import { stageOf } from '../runner.ts';
import type { RunnerSetState } from '../state.ts';
import { isOverdue } from './deletion-deadline.ts';
import { replicaDelta } from './replica-delta.ts';
import { outrun, surplusRejected } from './rollout.ts';
import { isFree, mayBegin } from './takeover.ts';

export function retirement(state: RunnerSetState, row: RunnerState, now: number): RunnerToRetire {
  const runnerId = row.runnerId ?? row.seen?.runnerId;
  const kept = row.seen?.loose && row.end === 'outdated' && !row.seen.deleting;
  return {
    name: row.name,
    ...(runnerId === undefined ? {} : { runnerId }),
    ...(isOverdue(state, row, now) ? { force: true as const } : {}),
    ...(kept ? { keepAs: { phase: 'Outdated', reason: 'Outdated', message: row.message ?? '' } } : {}),
  };
}

/** Ended, deleted, outdated and surplus runners, as far as they may be tried now. */
export function toRetire(state: RunnerSetState, now: number, wakes: number[]): RunnerState[] {
  const rows = [...state.rows.values()];
  const wanted = new Set<RunnerState>();
  for (const row of rows) {
    if (row.seen?.deleting || (row.end !== undefined && row.end !== 'rejected' && !row.settled))
      wanted.add(row);
    else if (leavesWithItsSet(state, row)) wanted.add(row);
  }
  if (state.set && !state.set.deleting) {
    for (const row of surplusRejected(rows)) wanted.add(row);
    for (const row of outrun(rows, state.set.revision)) wanted.add(row);
    const kept = rows.filter((row) => !wanted.has(row));
    for (const row of replicaDelta(kept, state.order).surplus) wanted.add(row);
  }
  return [...wanted].filter((row) => mayBegin(row, now, wakes) && isFree(row, now, wakes));
}

/** A set that goes takes along every runner that has no job. */
const leavesWithItsSet = (state: RunnerSetState, row: RunnerState): boolean =>
  (state.set === null || state.set?.deleting === true) && stageOf(row) !== 'busy';
