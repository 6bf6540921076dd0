import type { ObservedListener } from '../../messages/observations.ts';
import type { ListenerCondition } from '../../activities/autoscaling-listener/publish-listener.ts';
import type { ListenerState } from './state.ts';

/** What to do now about a listener. */
export interface ListenerPlan {
  listen?: 'start' | 'stop';
  /** Make the objects of its pod, or take them away. */
  pod?: 'apply' | 'remove';
  publish?: { condition?: ListenerCondition; addFinalizer?: true };
  /** Close the session, remove what belongs to it, and let the resource go. */
  close?: true;
  /** Milliseconds since the epoch: look again then. */
  wakeAt?: number;
  finished: boolean;
}

/** A session that is held. */
export interface Held {
  /** What it was begun for. */
  listener: ObservedListener;
  /** Milliseconds since the epoch. */
  since: number;
}

/** What is under way right now, beside the state. */
export interface ListenerCircumstances {
  /** Milliseconds since the epoch. */
  now: number;
  /** Absent: no session is held. */
  listening?: Held;
  stopping: boolean;
  publishing: boolean;
  /** Milliseconds since the epoch: no status is written before. */
  mayPublishAt: number;
  closing: boolean;
  /** Milliseconds since the epoch: no further try to close it before. */
  mayCloseAt: number;
  /** The pod's objects are being made or removed. */
  applying: boolean;
  /** Preparing to continue as new: begin nothing. */
  draining: boolean;
}

/**
 * Under a quota the capacity follows each runner that comes and goes. A poll ends with each message anyway, and the order
 * for replicas is given with each: so often is enough for another number.
 */
const CAPACITY_RESTS_MS = 5_000;

/** The plan for one listener. */
export function decideListener(state: ListenerState, circumstances: ListenerCircumstances): ListenerPlan {
  const { listener } = state;
  if (listener === undefined) return { finished: false };
  if (!listener || listener.deleting || circumstances.draining) return ending(state, circumstances);
  const wakes: number[] = [];
  const listen = listening(state, listener, { ...circumstances, wakes });
  const pod = podChange(state, listener, { ...circumstances, wakes });
  const publish = publication(state, listener, { ...circumstances, wakes });
  return {
    ...(listen && { listen }),
    ...(pod && { pod }),
    ...(publish && { publish }),
    ...(wakes.length > 0 && { wakeAt: Math.min(...wakes) }),
    finished: false,
  };
}

/** The listener is being deleted, or this run of its workflow ends: the polling ends first. */
function ending({ listener }: ListenerState, circumstances: ListenerCircumstances): ListenerPlan {
  const { listening: held, stopping, closing, applying, publishing, draining } = circumstances;
  const { now, mayCloseAt } = circumstances;
  if (held !== undefined) return { ...(stopping ? {} : { listen: 'stop' as const }), finished: false };
  if (closing || applying || publishing) return { finished: false };
  if (listener?.deleting && listener.hasFinalizer && !draining)
    return mayCloseAt > now ? { wakeAt: mayCloseAt, finished: false } : { close: true, finished: false };
  return { finished: !listener };
}

type Deciding = ListenerCircumstances & { wakes: number[] };

function listening(
  { nextTryAt }: ListenerState,
  listener: ObservedListener,
  { listening: held, stopping, closing, now, wakes }: Deciding,
): ListenerPlan['listen'] {
  // Of an earlier one of this name: its session ends first.
  if (closing) return undefined;
  if (held && (stopping || isFor(held, listener))) return undefined;
  const rests = held && differsInNumber(held, listener);
  const due = held ? held.since + (rests ? CAPACITY_RESTS_MS : 0) : nextTryAt;
  if (due <= now) return held ? 'stop' : 'start';
  wakes.push(due);
  return undefined;
}

const hasSpecOf = ({ listener: { mode, specHash } }: Held, listener: ObservedListener): boolean =>
  mode === listener.mode && specHash === listener.specHash;

const isFor = (held: Held, listener: ObservedListener): boolean =>
  hasSpecOf(held, listener) && held.listener.capacity === listener.capacity;

/** Only in how many runners it can have; whether it takes jobs at all is the same. */
const differsInNumber = (held: Held, listener: ObservedListener): boolean =>
  hasSpecOf(held, listener) && held.listener.capacity !== 'closed' && listener.capacity !== 'closed';

function podChange(
  { applied, applyAt }: ListenerState,
  listener: ObservedListener,
  { applying, now, wakes }: Deciding,
): ListenerPlan['pod'] {
  if (applying) return undefined;
  const change = neededPodChange(applied, listener);
  if (change === undefined || applyAt <= now) return change;
  wakes.push(applyAt);
  return undefined;
}

function neededPodChange(applied: string | undefined, listener: ObservedListener): ListenerPlan['pod'] {
  const { mode, pod } = listener;
  if (mode === 'worker') return pod && !pod.deleting ? 'remove' : undefined;
  // A pod that leaves is awaited: its name is taken.
  if (pod?.deleting) return undefined;
  const isUp = pod && pod.phase !== 'Failed' && pod.phase !== 'Succeeded' && pod.exitCode === undefined;
  return isUp && applied === podKey(listener) ? undefined : 'apply';
}

/** What the objects of the pod are made from. */
export const podKey = ({ specHash }: ObservedListener): string => specHash;

function publication(
  state: ListenerState,
  listener: ObservedListener,
  { publishing, mayPublishAt, now, wakes }: Deciding,
): ListenerPlan['publish'] {
  if (publishing) return undefined;
  const condition = conditionOf(state);
  const changed = condition && conditionKey(condition, listener.generation) !== state.published;
  const finalizer = listener.hasFinalizer ? {} : { addFinalizer: true as const };
  if (!changed && listener.hasFinalizer && state.events.length === 0) return undefined;
  if (mayPublishAt > now) {
    wakes.push(mayPublishAt);
    return undefined;
  }
  return { ...(changed && { condition }), ...finalizer };
}

function conditionOf({ report, listener }: ListenerState): ListenerCondition | undefined {
  if (!report) return undefined;
  const { ready, reason, message, sessionId } = report;
  // The pod of a listener cannot read it, and what is written there would count as a change of what it is made from.
  const session = sessionId !== undefined && listener?.mode === 'worker' ? { sessionId } : {};
  const { unused } = listener ?? {};
  return { ready, reason, message, ...(unused && { unused }), ...session };
}

/** What tells two conditions apart. They name the generation they are about, and `kubectl wait` looks at it. */
export const conditionKey = (condition: ListenerCondition, generation: number): string =>
  `${generation} ${JSON.stringify(condition)}`;
