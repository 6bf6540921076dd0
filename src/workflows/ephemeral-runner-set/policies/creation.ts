import type { RunnerState } from '../runner.ts';
import type { RunnerSetState } from '../state.ts';
import { isOutdated } from '../status.ts';
import { lanesFor, batchesOf } from './creation-batches.ts';
import { allowWhileBlocked } from './creation-block.ts';
import type { Allowance } from './failure-backoff.ts';
import { allowAfterFailures } from './failure-backoff.ts';
import type { Circumstances } from '../circumstances.ts';
import { missingRunners } from './replica-delta.ts';

/** One activity's share of the creation. */
export interface Creation {
  names: string[];
  /** How many of them are made at the same time. */
  lanes: number;
  /** Creation is blocked, this is a try: ask Kubernetes first whether it would take the pod. */
  probe: boolean;
}

type Creating = Circumstances & { retiring: Set<Readonly<RunnerState>> };

/**
 * Which runners to create now, in batches: unfinished ones first, then new ones. `wakes` gets the times to look again.
 */
export function toCreate(state: RunnerSetState, circumstances: Creating, wakes: number[]): Creation[] {
  const limit = state.settings.runnerCreationConcurrency;
  const free = limit - circumstances.lanes;
  if (free <= 0 || !mayCreate(state)) return [];
  const unfinished = [...state.runners.needing('begin')].filter(
    (runner) => !circumstances.retiring.has(runner),
  );
  const missing = state.runnerSet
    ? missingRunners(state.runners, state.order, state.settings.cleanUpSurgePercent)
    : 0;
  const allowed = allowance(state, { missing, unfinished: unfinished.length }, circumstances);
  if (allowed.again !== undefined) wakes.push(allowed.again);
  const resumed = Math.min(unfinished.length, allowed.count);
  const total = resumed + Math.min(missing, allowed.count - resumed);
  const probe = state.creationBlock !== undefined;
  const batches = batchesOf(lanesFor(total, free, limit));
  // Names are made for what begins now: of thousands that are missing, most begin in a later pass.
  const names = namesFor(
    batches.reduce((sum, { runners }) => sum + runners, 0),
    { resumed: unfinished.slice(0, resumed), newName: circumstances.newName },
  );
  return batches.map(({ runners, lanes }) => ({ names: names.splice(0, runners), lanes, probe }));
}

function namesFor(
  count: number,
  { resumed, newName }: { resumed: readonly Readonly<RunnerState>[]; newName: () => string },
): string[] {
  const names = new Set(resumed.slice(0, count).map(({ name }) => name));
  while (names.size < count) names.add(newName());
  return [...names];
}

const mayCreate = (state: RunnerSetState): boolean => {
  if (state.runnerSet === undefined) return true;
  return (
    state.runnerSet !== null &&
    !state.runnerSet.deleting &&
    !state.runnerSet.paused &&
    state.runnerSet.invalid === undefined &&
    !isOutdated(state)
  );
};

function allowance(
  state: RunnerSetState,
  { missing, unfinished }: { missing: number; unfinished: number },
  { lanes, now }: Circumstances,
): Allowance {
  if (missing + unfinished === 0) return { count: 0 };
  if (state.creationBlock) return allowWhileBlocked(state.creationBlock, { lanes, now });
  if (!state.runnerSet) return { count: unfinished };
  const { failures, settings, runners } = state;
  const fresh = allowAfterFailures(missing, { failures, runners, now }, settings);
  return { ...fresh, count: fresh.count + unfinished };
}
