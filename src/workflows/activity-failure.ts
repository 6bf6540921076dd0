import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { fitting } from '../api/text-limits.ts';
import type { Stop, StopDetails } from '../activities/failures.ts';

/** Why an activity failed: its last failure, by the reason it was given. */
export function stopFrom(error: unknown): Stop {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const [details] = (cause.details ?? []) as [StopDetails?];
    const { retryAfterMs } = details ?? {};
    const asked = typeof retryAfterMs === 'number' ? { retryAfterMs } : {};
    return { reason: cause.type ?? 'ActivityFailed', message: fitting(cause.message, 'errors'), ...asked };
  }
  if (cause instanceof TimeoutFailure)
    return { reason: 'WorkerLost', message: 'No worker reported back in time.' };
  const message = fitting(cause instanceof Error ? cause.message : String(cause), 'errors');
  return { reason: 'ActivityFailed', message };
}
