import type { RunnerToRetire } from '../../activities/ephemeral-runner-set/retire-runners.ts';
import type { Creation } from './policies/creation.ts';
import { toCreate } from './policies/creation.ts';
import type { Circumstances } from './circumstances.ts';
import { pendingDeadline } from './policies/pending-timeout.ts';
import type { RegistrationCheck } from './policies/registration-check.ts';
import { registrationsToCheck } from './policies/registration-check.ts';
import { retirement, toRetire } from './policies/retirement.ts';
import { POD_SIGHTING_MS } from './policies/runner-ending.ts';
import type { Publication } from './publication.ts';
import { toPublish } from './publication.ts';
import type { RunnerState } from './runner.ts';
import type { RunnerSetState } from './state.ts';
import { resultDueAt } from './status.ts';

/** What to do now. Nouns only: carrying it out is the workflow's part. */
export interface Plan {
  create: Creation[];
  retire: RunnerToRetire[];
  publish?: Publication;
  /** What to ask GitHub about idle runners. */
  check?: RegistrationCheck;
  /** Milliseconds since the epoch: look again then, even if nothing happens. */
  wakeAt?: number;
  /** Nothing is left that this workflow serves. */
  finished: boolean;
}

/** The plan for a set, and for the runners that belong to none (`runnerSet` was never seen). */
export function decide(state: RunnerSetState, circumstances: Circumstances): Plan {
  const idle: Plan = { create: [], retire: [], finished: false };
  if (!state.complete || circumstances.draining) return idle;
  const wakes: number[] = [];
  const retire = toRetire(state, circumstances.now, wakes);
  const create = toCreate(state, { ...circumstances, retiring: new Set(retire) }, wakes);
  const publish = toPublish(state, circumstances, wakes);
  const check = circumstances.checking ? undefined : registrationsToCheck(state, circumstances, wakes);
  const wakeAt = Math.min(...wakes, nextDeadline(state, circumstances.now));
  return {
    create,
    retire: retire.map((runner) => retirement(state, runner, circumstances.now)),
    ...(publish ? { publish } : {}),
    ...(check ? { check } : {}),
    ...(Number.isFinite(wakeAt) ? { wakeAt } : {}),
    // What is still to be told is told first.
    finished: state.runners.size === 0 && !state.runnerSet && state.events.length === 0,
  };
}

/** When the first of the runners is overdue: its pod to be seen, or to run, or to end with its job. */
function nextDeadline(state: RunnerSetState, now: number): number {
  let next = Infinity;
  for (const runner of state.runners.values()) {
    if (runner.doing) continue;
    const sighting = awaitsSighting(runner) ? (runner.madeAt ?? 0) + POD_SIGHTING_MS : Infinity;
    const result = resultDueAt(runner);
    const pending = pendingDeadline(runner, state.settings) ?? Infinity;
    next = Math.min(next, sighting, pending, result > now ? result : Infinity);
  }
  return next;
}

const awaitsSighting = (runner: RunnerState): boolean =>
  runner.madeAt !== undefined && !runner.podSeen && !runner.end;
