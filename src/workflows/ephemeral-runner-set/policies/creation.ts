import type { RunnerState } from '../runner.ts';
import { stageOf } from '../runner.ts';
import type { RunnerSetState } from '../state.ts';
import { isOutdated } from '../status.ts';
import { lanesFor, batchesOf } from './creation-batches.ts';
import { allowWhileBlocked } from './creation-block.ts';
import type { Allowance } from './failure-backoff.ts';
import { allowAfterFailures } from './failure-backoff.ts';
import type { Circumstances } from '../circumstances.ts';
import { replicaDelta } from './replica-delta.ts';
import { isFree, mayBegin } from './takeover.ts';

/** One activity's share of the creation. */
export interface Creation {
  names: string[];
  /** How many of them are made at the same time. */
  lanes: number;
  /** Creation is blocked, this is a try: ask Kubernetes first whether it would take the pod. */
  probe: boolean;
}

type Creating = Circumstances & { retiring: Set<RunnerState> };

/**
 * Which runners to create now, in batches: unfinished ones first, then new ones. `wakes` gets the times to look again.
 */
export function toCreate(state: RunnerSetState, circumstances: Creating, wakes: number[]): Creation[] {
  const limit = state.settings.runnerCreationConcurrency;
  const free = limit - circumstances.lanes;
  if (free <= 0 || !mayCreate(state)) return [];
  const kept = [...state.runners.values()].filter((runner) => !circumstances.retiring.has(runner));
  const unfinished = kept.filter((runner) => mayResume(runner, circumstances.now, wakes));
  const missing = state.runnerSet ? replicaDelta(kept, state.order).missing : 0;
  const allowed = allowance(state, { missing, unfinished: unfinished.length, kept }, circumstances);
  if (allowed.again !== undefined) wakes.push(allowed.again);
  const wanted = new Set(unfinished.slice(0, allowed.count).map(({ name }) => name));
  const total = wanted.size + Math.min(missing, allowed.count - wanted.size);
  while (wanted.size < total) wanted.add(circumstances.newName());
  const names = [...wanted];
  const probe = state.creationBlock !== undefined;
  const shares = batchesOf(lanesFor(names.length, free, limit));
  return shares.map(({ runners, lanes }) => ({ names: names.splice(0, runners), lanes, probe }));
}

const mayCreate = (state: RunnerSetState): boolean => {
  if (state.runnerSet === undefined) return true;
  return (
    state.runnerSet !== null && !state.runnerSet.deleting && !state.runnerSet.paused && !isOutdated(state)
  );
};

const mayResume = (runner: RunnerState, now: number, wakes: number[]): boolean =>
  stageOf(runner) === 'unfinished' && mayBegin(runner, now, wakes) && isFree(runner, now, wakes);

function allowance(
  state: RunnerSetState,
  { missing, unfinished, kept }: { missing: number; unfinished: number; kept: RunnerState[] },
  { lanes, now }: Circumstances,
): Allowance {
  if (missing + unfinished === 0) return { count: 0 };
  if (state.creationBlock) return allowWhileBlocked(state.creationBlock, { lanes, now });
  if (!state.runnerSet) return { count: unfinished };
  const { failures, settings } = state;
  const fresh = allowAfterFailures(missing, { failures, runners: kept, now }, settings);
  return { ...fresh, count: fresh.count + unfinished };
}
