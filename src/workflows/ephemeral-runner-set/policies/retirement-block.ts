import type { Stop } from '../../../activities/failures.ts';
import { waitAfterStopMs } from '../../policies/longest-wait.ts';
import type { RetirementBlock } from '../state.ts';

/** Between two tries while runners cannot be retired. The watch tells of repairs to a set that is being deleted. */
const WAITS = { firstMs: 5_000, longestMs: 60_000 };

/**
 * The block after one more stop. Activities that were under way together are one try.
 *
 * @param progress whether GitHub let go of some runners all the same
 */
export function retirementBlockAfter(
  block: RetirementBlock | undefined,
  { stop, progress, now }: { stop: Stop; progress: boolean; now: number },
): RetirementBlock {
  const { since = now, tries = 0, nextTryAt = 0 } = block ?? {};
  const isSameTry = tries > 0 && now < nextTryAt;
  const count = progress ? 1 : isSameTry ? tries : tries + 1;
  const { reason, message } = stop;
  return { reason, message, since, tries: count, nextTryAt: now + waitAfterStopMs(stop, count, WAITS) };
}
