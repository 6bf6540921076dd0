import type { Stop } from '../../../activities/failures.ts';
import type { CreationBlock } from '../state.ts';
import { waitAfterStopMs } from '../../policies/longest-wait.ts';
import type { Allowance } from './failure-backoff.ts';
import { fitting } from '../../../api/text-limits.ts';

/** Between two tries while creation is blocked by what only a person can repair: the watch tells of repairs. */
const WAITS = { firstMs: 1_000, longestMs: 300_000 };

/** The block after one more stop. Several stops of one pass are reported together. */
export function blockAfter(block: CreationBlock | undefined, stop: Stop, now: number): CreationBlock {
  const tries = (block?.tries ?? 0) + 1;
  return {
    reason: stop.reason,
    message: stop.message,
    since: block?.since ?? now,
    tries,
    nextTryAt: now + waitAfterStopMs(stop, tries, WAITS),
  };
}

/**
 * One message for what several activities of one pass ran into, the most frequent reason first. Of the messages of one
 * reason the first stands for all: they differ in the names of the runners.
 */
export function joinStops(stops: Stop[]): Stop | undefined {
  const [first] = stops;
  if (!first) return undefined;
  const counts = new Map<string, { stop: Stop; count: number }>();
  for (const stop of stops) {
    const { stop: leading = stop, count = 0 } = counts.get(stop.reason) ?? {};
    counts.set(stop.reason, { stop: leading, count: count + 1 });
  }
  const sorted = [...counts.values()].sort((a, b) => b.count - a.count);
  const retryAfterMs = Math.max(...stops.map((stop) => stop.retryAfterMs ?? 0));
  const leading = sorted[0]?.stop ?? first;
  return {
    reason: leading.reason,
    message: fitting(
      sorted
        .map(({ stop }) => (stop === leading ? stop.message : `${stop.reason}: ${stop.message}`))
        .join('; '),
      'errors',
    ),
    ...(retryAfterMs > 0 ? { retryAfterMs } : {}),
  };
}

/** While creation is blocked, one runner at a time is tried, at growing intervals. */
export function allowWhileBlocked(
  block: CreationBlock,
  { lanes, now }: { lanes: number; now: number },
): Allowance {
  if (lanes > 0) return { count: 0 };
  return now >= block.nextTryAt ? { count: 1 } : { count: 0, again: block.nextTryAt };
}
