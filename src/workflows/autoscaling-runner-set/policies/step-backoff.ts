import type { StepBackoff } from '../state.ts';
import { exponentialBackoffMs } from '../../../api/exponential-backoff.ts';

/** Between two tries of a step that failed: a repair takes effect within the longest. */
const AFTER_FAILURE = { firstMs: 1_000, longestMs: 10_000 };

/** Between two times that a step is done for one reason, as if it had no effect. */
const AFTER_REPEAT = { firstMs: 2_000, longestMs: 300_000 };

/** The backoff after a step was done. */
export function backoffAfter(
  backoff: StepBackoff | undefined,
  { key, failed, now }: { key: string; failed: boolean; now: number },
): StepBackoff {
  const tries = backoff?.key === key ? backoff.tries + 1 : 1;
  const wait = exponentialBackoffMs(tries, failed ? AFTER_FAILURE : AFTER_REPEAT);
  return { key, tries, notBefore: now + wait };
}

/** When a step may be done for this reason, if that is not now. */
export const waitsUntil = (backoff: StepBackoff | undefined, key: string, now: number): number | undefined =>
  backoff?.key === key && backoff.notBefore > now ? backoff.notBefore : undefined;
