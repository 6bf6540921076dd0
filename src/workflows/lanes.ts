/** The most runners that one activity creates, one after the other. */
const LONGEST_LANE = 10;

/**
 * Shares the creation of `missing` runners among `free` lanes. A lane is one activity that creates its runners one
 * after the other, so the number of lanes bounds the calls in flight, across all workers, and a round trip through the
 * workflow is paid once a lane. Each takes an equal part of what is left (guided self-scheduling): shares shrink as the
 * work runs out, so that the lanes end together.
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
