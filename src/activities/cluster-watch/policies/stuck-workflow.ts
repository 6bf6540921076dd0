import { exponentialBackoffMs } from '../../../api/exponential-backoff.ts';

/** How the latest run of a workflow stands, in Temporal's words. */
export interface RunProgress {
  runId: string;
  /** It wants to go on: a workflow task is scheduled, or at work. */
  hasTask: boolean;
  /** Number of the event by which its last workflow task was completed; 0: none, or long ago. */
  completedAt: number;
  /** Workflow tasks that failed or timed out since. */
  failures: number;
}

/** A run that did not go on when it was last looked at. */
export interface Suspicion extends Pick<RunProgress, 'runId' | 'completedAt'> {
  /** Milliseconds, by the clock of whoever looks: since then it has not gone on. */
  since: number;
}

/**
 * So long a workflow may take for one step, in milliseconds. A worker that is lost with a task costs ten seconds, and one
 * that stands still may swallow the next task as well.
 */
const PATIENCE_MS = 45_000;

/** A task that fails once may be good the next time. */
const FAILURES = 2;

/** What is suspected after a further look; `undefined`: it goes on. */
export function suspicionAfter(
  before: Suspicion | undefined,
  { runId, hasTask, completedAt, failures }: RunProgress,
  now: number,
): Suspicion | undefined {
  if (!hasTask || failures < FAILURES) return undefined;
  const isSame = before?.runId === runId && before.completedAt === completedAt;
  return { runId, completedAt, since: isSame ? before.since : now };
}

/** Whether a run has not gone on for so long that it never will. */
export const isStuck = ({ since }: Suspicion, now: number): boolean => now - since >= PATIENCE_MS;

/** Between two rebuilds of the same workflow. */
const PAUSES = { firstMs: 120_000, longestMs: 3_600_000 };

/**
 * How long a workflow that was rebuilt is not rebuilt again, in milliseconds: if that did not help, a person must.
 *
 * @param times how often it was rebuilt
 */
export const pauseAfterRebuild = (times: number): number => exponentialBackoffMs(times, PAUSES);
