import { INVALID_NAME, INVALID_SPEC } from '../../../api/conditions.ts';
import type { Stop } from '../../../activities/failures.ts';
import { waitAfterStopMs } from '../../policies/longest-wait.ts';
import type { StepBackoff } from '../state.ts';
import { exponentialBackoffMs } from '../../../api/exponential-backoff.ts';

/** Between two tries of a step that failed for what only a person can repair: the watch tells of repairs. */
const AFTER_FAILURE = { firstMs: 1_000, longestMs: 300_000 };

/** Between two times that a step is done for one reason, as if it had no effect. */
const AFTER_REPEAT = { firstMs: 2_000, longestMs: 300_000 };

/** Only another spec or name can help: that is another reason. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** Whether a step is not to be done again for the same reason. */
const isFinal = (reason: string | undefined): boolean => reason === INVALID_SPEC || reason === INVALID_NAME;

/** The backoff after a step was done. @param outcome.stopped why it failed, if it did */
export function backoffAfter(
  backoff: StepBackoff | undefined,
  { key, stopped, now }: { key: string; stopped?: Stop | undefined; now: number },
): StepBackoff {
  if (isFinal(stopped?.reason)) return { key, tries: 1, notBefore: NEVER };
  const tries = backoff?.key === key ? backoff.tries + 1 : 1;
  if (!stopped) return { key, tries, notBefore: now + exponentialBackoffMs(tries, AFTER_REPEAT) };
  return { key, tries, notBefore: now + waitAfterStopMs(stopped, tries, AFTER_FAILURE) };
}

/** When a step may be done for this reason, if that is not now; `Infinity` for never. */
export const waitsUntil = (backoff: StepBackoff | undefined, key: string, now: number): number | undefined =>
  backoff?.key === key && backoff.notBefore > now
    ? backoff.notBefore === NEVER
      ? Infinity
      : backoff.notBefore
    : undefined;
