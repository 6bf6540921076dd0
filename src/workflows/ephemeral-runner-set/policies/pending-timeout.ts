import type { RunnerSettings } from '../../../messages/settings.ts';
import type { Ending, RunnerState } from '../runner.ts';

/** How long a pod may be pending. */
export type PendingLimits = Pick<RunnerSettings, 'pendingTimeoutSeconds' | 'imageErrorGraceSeconds'>;

/** Unless the settings say otherwise. */
const PENDING_SECONDS = 900;
const IMAGE_ERROR_SECONDS = 60;

/** Notes since when a runner's pod is pending. Waiting for a node does not count: nodes may have to be added first. */
export function notePending(row: RunnerState, at: number): void {
  const pod = row.seen?.pod;
  const isPending = pod?.phase === 'Pending';
  if (isPending && !pod.waitsForNode) row.pendingSince ??= at;
  else delete row.pendingSince;
  if (isPending && pod.imageError) row.imageErrorSince ??= at;
  else delete row.imageErrorSince;
}

/** When a pending runner is given up, in milliseconds since the epoch. */
export function pendingDeadline(row: RunnerState, limits: PendingLimits): number | undefined {
  if (row.end !== undefined || row.pendingSince === undefined) return undefined;
  const { pendingTimeoutSeconds: pending = PENDING_SECONDS } = limits;
  return Math.min(row.pendingSince + pending * 1000, imageDeadline(row, limits));
}

const imageDeadline = (
  { imageErrorSince }: RunnerState,
  { imageErrorGraceSeconds = IMAGE_ERROR_SECONDS }: PendingLimits,
): number => (imageErrorSince ?? Infinity) + imageErrorGraceSeconds * 1000;

/** The end of a runner that was pending for too long. */
export function pendingEnding(row: RunnerState, now: number, limits: PendingLimits): Ending | undefined {
  const deadline = pendingDeadline(row, limits);
  if (deadline === undefined || deadline > now) return undefined;
  const { reason, message } = row.seen?.pod ?? {};
  if (imageDeadline(row, limits) <= now)
    return { end: 'failed', reason: reason ?? 'ImageError', ...(message !== undefined && { message }) };
  const told = [reason, message].filter((text) => text !== undefined).join(': ');
  const text = `The pod did not run within the time that --pending-timeout sets${told && ` (${told})`}.`;
  return { end: 'failed', reason: 'PendingTimeout', message: text };
}
