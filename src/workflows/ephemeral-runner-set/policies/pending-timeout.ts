import type { RunnerSettings } from '../../../messages/settings.ts';
import type { Ending, RunnerState } from '../runner.ts';

/** How long a pod may be pending. */
export type PendingLimits = Pick<RunnerSettings, 'pendingTimeoutSeconds' | 'imageErrorGraceSeconds'>;

/** Unless the settings say otherwise. */
const PENDING_SECONDS = 900;
const IMAGE_ERROR_SECONDS = 60;

/**
 * Notes since when a runner's pod is pending, and since when it waits for what only a person can give. Waiting for a node
 * does not count: nodes may have to be added first.
 */
export function notePending(runner: RunnerState, at: number): void {
  const pod = runner.seen?.pod;
  const isPending = pod?.phase === 'Pending';
  if (isPending && !pod.waitsForNode) runner.pendingSince ??= at;
  else delete runner.pendingSince;
  if (isPending && pod.stuck) runner.stuckSince ??= at;
  else delete runner.stuckSince;
}

/** When a pending runner is given up, in milliseconds since the epoch. */
export function pendingDeadline(runner: Readonly<RunnerState>, limits: PendingLimits): number | undefined {
  if (runner.end !== undefined || runner.pendingSince === undefined) return undefined;
  const { pendingTimeoutSeconds: pending = PENDING_SECONDS } = limits;
  return Math.min(runner.pendingSince + pending * 1000, stuckDeadline(runner, limits));
}

const stuckDeadline = (
  { stuckSince }: Readonly<RunnerState>,
  { imageErrorGraceSeconds = IMAGE_ERROR_SECONDS }: PendingLimits,
): number => (stuckSince ?? Infinity) + imageErrorGraceSeconds * 1000;

/** The end of a runner that was pending for too long. */
export function pendingEnding(
  runner: Readonly<RunnerState>,
  now: number,
  limits: PendingLimits,
): Ending | undefined {
  const deadline = pendingDeadline(runner, limits);
  if (deadline === undefined || deadline > now) return undefined;
  const { reason, message } = runner.seen?.pod ?? {};
  if (stuckDeadline(runner, limits) <= now)
    return { end: 'failed', reason: reason ?? 'ContainerWaits', ...(message !== undefined && { message }) };
  const told = [reason, message].filter((text) => text !== undefined).join(': ');
  const text = `The pod did not run within the time that --pending-timeout sets${told && ` (${told})`}.`;
  return { end: 'failed', reason: 'PendingTimeout', message: text };
}
