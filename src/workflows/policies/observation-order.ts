import type { Sequence } from '../../messages/observations.ts';

/**
 * Whether an observation was overtaken by one that is known already: it comes from a watch that another one replaced, or
 * was on its way while a later one was told. What is in no sequence never is.
 *
 * @param last of what was taken in last
 */
export function isOvertaken(last: Sequence | undefined, next: Sequence | undefined): boolean {
  if (!last || !next) return false;
  return next.epoch < last.epoch || (next.epoch === last.epoch && next.seq <= last.seq);
}
