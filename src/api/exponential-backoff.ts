/**
 * How long to wait after so many tries in a row: twice as long each time.
 *
 * @param tries from 1
 * @param bounds the first wait and the longest, in milliseconds
 */
export const exponentialBackoffMs = (
  tries: number,
  { firstMs, longestMs }: { firstMs: number; longestMs: number },
): number => Math.min(longestMs, firstMs * 2 ** Math.min(tries - 1, MOST_DOUBLINGS));

/** Beyond that, nothing that is waited for here grows: it keeps the number finite. */
const MOST_DOUBLINGS = 30;
