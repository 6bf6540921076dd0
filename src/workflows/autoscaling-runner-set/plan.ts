import type { AutoscalingRunnerSetStatusUpdate } from '../../activities/autoscaling-runner-set/publish-scale-set.ts';
import type { ResourceEvent } from '../../api/event.ts';
import { childrenStep, leftoverStep } from './policies/children.ts';
import { deadlineOf, deletionStep, orphansStep } from './policies/deletion.ts';
import { waitsUntil } from './policies/step-backoff.ts';
import { isPrepared, preparationStep } from './policies/preparation.ts';
import type { AutoscalingRunnerSetState } from './state.ts';
import { autoscalingRunnerSetStatus, deletionFailure, publicationKey, wordsKey } from './status.ts';
import type { Step } from './steps.ts';

/** Counters alone are written this often at most (milliseconds). */
const COUNTERS_MS = 1_000;

/** What to do now for a scale set. */
export interface AutoscalingRunnerSetPlan {
  /** One at a time. */
  step?: Step;
  publish?: { status?: AutoscalingRunnerSetStatusUpdate; events: ResourceEvent[] };
  /** Milliseconds since the epoch: look again then, even if nothing happens. */
  wakeAt?: number;
  /** Nothing is left that this workflow serves. */
  finished: boolean;
}

/** What is under way right now, beside the state. */
export interface AutoscalingRunnerSetCircumstances {
  /** Milliseconds since the epoch. */
  now: number;
  /** Of the AutoscalingRunnerSet. */
  name: string;
  /** A step is under way. */
  stepping: boolean;
  publishing: boolean;
  /** Milliseconds since the epoch: no status is written before. */
  mayPublishAt: number;
  /** Preparing to continue as new: begin nothing. */
  draining: boolean;
}

/** What to do now for a scale set. */
export function decideAutoscalingRunnerSet(
  state: AutoscalingRunnerSetState,
  circumstances: AutoscalingRunnerSetCircumstances,
): AutoscalingRunnerSetPlan {
  if (!state.seen || circumstances.draining) return { finished: false };
  const wakes: number[] = [];
  const step = circumstances.stepping
    ? undefined
    : firstDue(candidates(state, circumstances), state, {
        ...circumstances,
        wakes,
      });
  const publish = circumstances.publishing ? undefined : toPublish(state, circumstances, wakes);
  if (state.seen.autoscalingRunnerSet?.deleting && deadlineOf(state) > circumstances.now)
    wakes.push(deadlineOf(state));
  const wakeAt = Math.min(...wakes);
  return {
    ...(step && { step }),
    ...(publish && { publish }),
    ...(Number.isFinite(wakeAt) && { wakeAt }),
    finished: !state.seen.autoscalingRunnerSet && state.seen.listeners.length === 0,
  };
}

/** What could be done, the most urgent first. */
function candidates(
  state: AutoscalingRunnerSetState,
  { now, name }: AutoscalingRunnerSetCircumstances,
): (Step | undefined)[] {
  const { autoscalingRunnerSet } = state.seen ?? {};
  if (!autoscalingRunnerSet) return [orphansStep(state)];
  if (autoscalingRunnerSet.deleting) return [deletionStep(state, now)];
  return [
    preparationStep(state),
    ...(isPrepared(state) ? [childrenStep(state, name), leftoverStep(state)] : []),
  ];
}

/** A step that must wait does not hold up the others. */
function firstDue(
  steps: (Step | undefined)[],
  { stepBackoffs }: AutoscalingRunnerSetState,
  { now, wakes }: { now: number; wakes: number[] },
): Step | undefined {
  for (const step of steps) {
    if (!step) continue;
    const until = waitsUntil(stepBackoffs[step.name], step.key, now);
    if (until === undefined) return step;
    wakes.push(until);
  }
  return undefined;
}

function toPublish(
  state: AutoscalingRunnerSetState,
  { now, mayPublishAt }: AutoscalingRunnerSetCircumstances,
  wakes: number[],
): AutoscalingRunnerSetPlan['publish'] {
  const publication = publicationOf(state);
  if (!publication) return undefined;
  const { status, events, notBefore } = publication;
  const dueAt = Math.max(mayPublishAt, notBefore);
  if (dueAt <= now) return { ...(status && { status }), events };
  wakes.push(dueAt);
  return undefined;
}

type Publication = NonNullable<AutoscalingRunnerSetPlan['publish']> & { notBefore: number };

/** What differs from what stands in the cluster; counters alone may wait. */
function publicationOf(state: AutoscalingRunnerSetState): Publication | undefined {
  const { events, published } = state;
  const { autoscalingRunnerSet } = state.seen ?? {};
  if (!autoscalingRunnerSet) return undefined;
  const { deleting, generation } = autoscalingRunnerSet;
  if (deleting && !deletionFailure(state)) return events.length > 0 ? { events, notBefore: 0 } : undefined;
  const status = autoscalingRunnerSetStatus(state);
  const isNew = publicationKey(status, generation) !== published?.key;
  if (!isNew && events.length === 0) return undefined;
  const isUrgent = events.length > 0 || wordsKey(status, generation) !== published?.words;
  const notBefore = isUrgent ? 0 : published.at + COUNTERS_MS;
  return { ...(isNew && { status }), events, notBefore };
}
