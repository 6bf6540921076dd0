import type { ObservedRunnerSet } from '../../../messages/observations.ts';
import type { PatchOrder } from '../state.ts';

/**
 * The order that stands after `set` was observed. Replicas that change under an unchanged number were set by a person
 * (`kubectl scale`), who means exactly that many.
 */
export function orderFrom(
  last: PatchOrder,
  set: Pick<ObservedRunnerSet, 'patchId' | 'replicas'>,
): PatchOrder {
  if (set.patchId === last.id && set.replicas === last.replicas) return last;
  const exact = set.patchId === 0 || set.patchId === last.id;
  return { id: set.patchId, replicas: set.replicas, exact, completed: 0 };
}

/** How many runners the order still asks for. */
export const openReplicas = (order: PatchOrder): number =>
  order.exact ? order.replicas : Math.max(0, order.replicas - order.completed);
