import type { ObservedSet } from '../../../messages/observations.ts';

/**
 * The last order for replicas, and what became of it. A listener numbers its orders (`patchID`); 0 asks for exactly
 * that many runners. Under a numbered order, a runner that completed its work has fulfilled its part of the order and
 * is not replaced: the listener counts it out with its next one. Runners that failed or were lost are replaced at
 * once, and none is removed, because jobs may be on their way to them.
 */
export interface PatchOrder {
  id: number;
  replicas: number;
  exact: boolean;
  /** Runners that completed since the order came. */
  completed: number;
}

export const NO_ORDER: PatchOrder = { id: 0, replicas: 0, exact: true, completed: 0 };

/**
 * The order that stands after `set` was observed. Replicas that change under an unchanged number were set by a person
 * (`kubectl scale`), who means exactly that many.
 */
export function orderFrom(last: PatchOrder, set: Pick<ObservedSet, 'patchId' | 'replicas'>): PatchOrder {
  if (set.patchId === last.id && set.replicas === last.replicas) return last;
  const exact = set.patchId === 0 || set.patchId === last.id;
  return { id: set.patchId, replicas: set.replicas, exact, completed: 0 };
}

/** How many runners the order still asks for. */
export const openReplicas = (order: PatchOrder): number =>
  order.exact ? order.replicas : Math.max(0, order.replicas - order.completed);
