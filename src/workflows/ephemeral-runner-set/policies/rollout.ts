import type { RunnerState } from '../runner.ts';
import { revisionOfRunner, stageOf } from '../runner.ts';

/** The newest rejected runners stay as evidence until the template is repaired. */
const REJECTED_KEPT = 3;

/** Whether a runner without a job is of an older revision. Busy ones finish first. */
export function isOfOlderRevision(runner: Readonly<RunnerState>, revision: string): boolean {
  const stage = stageOf(runner);
  const replaceable = stage === 'idle' || stage === 'pending' || stage === 'unfinished';
  return (replaceable || runner.end === 'rejected') && revisionOfRunner(runner, revision) !== revision;
}

/** Rejected runners beyond the few that are kept. */
export const surplusRejected = (rejected: Iterable<Readonly<RunnerState>>): Readonly<RunnerState>[] =>
  [...rejected]
    .filter((runner) => runner.end === 'rejected' && stageOf(runner) === 'ended')
    .sort((a, b) => (b.seen?.createdAt ?? 0) - (a.seen?.createdAt ?? 0))
    .slice(REJECTED_KEPT);
