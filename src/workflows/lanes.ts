/** The most runners that one activity creates, one after the other. */
const LONGEST_LANE = 10;

/** The most runners that one activity creates at the same time: a few workers share what comes at once. */
const MOST_AT_ONCE = 10;

/** What one activity creates. */
export interface Share {
  runners: number;
  /** Of the set's lanes: how many runners are created at the same time. */
  lanes: number;
}

/**
 * Shares the creation of `missing` runners among `free` lanes. In a lane runners are created one after the other, so the
 * number of lanes bounds the calls in flight, across all workers, and a round trip through the workflow is paid once a
 * lane. Each takes an equal part of what is left (guided self-scheduling): parts shrink as the work runs out, so that the
 * lanes end together.
 *
 * @param limit the set's creation concurrency
 * @returns the size of each new lane, largest first
 */
export function shareOut(missing: number, free: number, limit: number): number[] {
  const shares: number[] = [];
  let left = missing;
  while (left > 0 && shares.length < free) {
    const share = Math.min(LONGEST_LANE, Math.max(1, Math.ceil(left / limit)));
    shares.push(share);
    left -= share;
  }
  return shares;
}

/** Lanes of a single runner begin and end together anyway: they share an activity. */
export function bundle(lanes: readonly number[]): Share[] {
  const shares = oneEach(lanes.filter((runners) => runners > 1));
  for (let left = lanes.length - shares.length; left > 0; left -= MOST_AT_ONCE) {
    const together = Math.min(left, MOST_AT_ONCE);
    shares.push({ runners: together, lanes: together });
  }
  return shares;
}

/** One activity for each lane: all of them so, before lanes shared activities, for the histories of that time. */
export const oneEach = (lanes: readonly number[]): Share[] => lanes.map((runners) => ({ runners, lanes: 1 }));
