import type { RunnerState } from '../runner.ts';
import { revisionOfRow, stageOf } from '../runner.ts';

/** The newest rejected runners stay as evidence until the template is repaired. */
const REJECTED_KEPT = 3;

/** Runners of an older revision that have no job. Busy ones finish first. */
export const outrun = (rows: Iterable<RunnerState>, revision: string): RunnerState[] =>
  [...rows].filter((row) => {
    const stage = stageOf(row);
    const replaceable = stage === 'idle' || stage === 'pending' || stage === 'unfinished';
    return (replaceable || row.end === 'rejected') && revisionOfRow(row, revision) !== revision;
  });

/** Rejected runners beyond the few that are kept. */
export const surplusRejected = (rows: Iterable<RunnerState>): RunnerState[] =>
  [...rows]
    .filter((row) => row.end === 'rejected' && stageOf(row) === 'ended')
    .sort((a, b) => (b.seen?.createdAt ?? 0) - (a.seen?.createdAt ?? 0))
    .slice(REJECTED_KEPT);
