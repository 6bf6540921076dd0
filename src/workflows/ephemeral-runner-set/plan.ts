import type { RunnerToRetire } from '../../activities/ephemeral-runner-set/retire-runners.ts';
import type { Creation } from './policies/creation.ts';
import { toCreate } from './policies/creation.ts';
import type { Circumstances } from './circumstances.ts';
import { believedAt } from './policies/patch-id.ts';
import type { RegistrationCheck } from './policies/registration-check.ts';
import { registrationsToCheck } from './policies/registration-check.ts';
import { retirement, retirementRoom, toRetire } from './policies/retirement.ts';
import type { PlaceFacts } from './policies/runner-place.ts';
import { placeOf } from './policies/runner-place.ts';
import type { Publication } from './publication.ts';
import { toPublish } from './publication.ts';
import type { RunnerSetState } from './state.ts';

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
  placeRunners(state, circumstances.now);
  if (!state.complete || circumstances.draining) return idle;
  const wakes: number[] = [];
  const room = retirementRoom(circumstances.retirements);
  const retire = toRetire(state, { now: circumstances.now, room });
  const create = toCreate(state, { ...circumstances, retiring: new Set(retire) }, wakes);
  const publish = toPublish(state, circumstances, wakes);
  const check = circumstances.checking ? undefined : registrationsToCheck(state, circumstances, wakes);
  const wakeAt = Math.min(...wakes, state.runners.nextDueAt(), believedAt(state.order));
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

/** Gives the runners that changed their places; all of them when the set or the settings have. */
export function placeRunners(state: RunnerSetState, now: number): void {
  const { runnerSet, settings } = state;
  // Runners that are to be left alone are none of a set that goes.
  const leaving = !state.orphaned && (runnerSet === null || runnerSet?.deleting === true);
  const facts: PlaceFacts = {
    settings,
    leaving,
    ...(runnerSet && !state.orphaned && { revision: runnerSet.revision }),
  };
  const key = JSON.stringify(facts);
  if (state.placedBy !== key) state.runners.changeAll();
  state.placedBy = key;
  state.runners.place((runner) => placeOf(runner, facts, now));
}
