/** The most runners that one activity creates: a few workers share what comes at once. */
const MOST_TOGETHER = 10;

/** What one activity creates. */
export interface CreationBatch {
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
export function lanesFor(missing: number, free: number, limit: number): number[] {
  const shares: number[] = [];
  let left = missing;
  while (left > 0 && shares.length < free) {
    const share = Math.min(MOST_TOGETHER, Math.max(1, Math.ceil(left / limit)));
    shares.push(share);
    left -= share;
  }
  return shares;
}

/** Short lanes share an activity, as many as together are no longer than a long one: each activity costs as much. */
export function batchesOf(lanes: readonly number[]): CreationBatch[] {
  const shares: CreationBatch[] = [];
  for (const runners of lanes) {
    const last = shares.at(-1);
    if (last && last.runners + runners <= MOST_TOGETHER) {
      last.runners += runners;
      last.lanes += 1;
    } else {
      shares.push({ runners, lanes: 1 });
    }
  }
  return shares;
}
