import type { ObservedRunnerSet } from '../../../messages/observations.ts';
import type { Completion, PatchOrder } from '../state.ts';

/** A listener that is well tells of the end of a job within seconds. Its order is believed when it has not for so long. */
const UNTOLD_MS = 60_000;

/** An order that was given so long after a job had ended knows of it, told or not. */
const ON_THE_WAY_MS = 2_000;

/**
 * The order that stands after `set` was observed. Replicas that change under an unchanged number were set by a person
 * (`kubectl scale`), who means exactly that many.
 */
export function orderFrom(
  last: PatchOrder,
  set: Pick<ObservedRunnerSet, 'patchId' | 'replicas'>,
): PatchOrder {
  if (set.patchId === last.id && set.replicas === last.replicas) return last;
  const { patchId: id, replicas } = set;
  const exact = id === 0 || id === last.id;
  const completed = exact ? [] : last.completed.flatMap((each) => afterNewOrder(each, id));
  return { id, replicas, exact, completed };
}

/** Numbers begin anew with 1 after the largest. */
const knows = (id: number, countedOut: number): boolean =>
  id === 0 || id >= countedOut === Math.abs(id - countedOut) < 2 ** 30;

function afterNewOrder(completion: Completion, id: number): Completion[] {
  const { countedOut, at, until } = completion;
  if (countedOut !== undefined) return knows(id, countedOut) ? [] : [completion];
  return [{ ...completion, until: Math.min(until, at + ON_THE_WAY_MS) }];
}

/** A runner was seen to have ended with its job, before anybody told that the order knows. */
export const withCompletion = (order: PatchOrder, runner: string, now: number): PatchOrder =>
  order.exact || order.completed.some((each) => each.runner === runner)
    ? order
    : { ...order, completed: [...order.completed, { runner, at: now, until: now + UNTOLD_MS }] };

/** The listener told that a job has ended, and from which order on it is no longer counted. */
export function withWord(
  order: PatchOrder,
  { runner, countedOut, at }: { runner: string; countedOut: number | undefined; at: number },
): PatchOrder {
  const others = order.completed.filter((each) => each.runner !== runner);
  if (order.exact || (countedOut !== undefined && knows(order.id, countedOut)))
    return others.length === order.completed.length ? order : { ...order, completed: others };
  const told = { runner, at, until: at + UNTOLD_MS, ...(countedOut !== undefined && { countedOut }) };
  return { ...order, completed: [...others, told] };
}

/** The order without those that it has to be believed about by now. */
export function believed(order: PatchOrder, now: number): PatchOrder {
  const completed = order.completed.filter(({ until }) => until > now);
  return completed.length === order.completed.length ? order : { ...order, completed };
}

/** When the order is believed about the next one, in milliseconds since the epoch; `Infinity`: nothing is open. */
export const believedAt = ({ completed }: PatchOrder): number =>
  completed.reduce((first, { until }) => Math.min(first, until), Infinity);

/** How many runners the order still asks for. */
export const openReplicas = ({ replicas, completed }: PatchOrder): number =>
  Math.max(0, replicas - completed.length);
