import type { RunnerToRetire } from '../../../activities/ephemeral-runner-set/retire-runners.ts';
import type { RunnerState } from '../runner.ts';
import { stageOf } from '../runner.ts';
import type { RunnerSetState } from '../state.ts';
import { isOverdue } from './deletion-deadline.ts';
import { replicaDelta } from './replica-delta.ts';
import { runnersOfOlderRevision, surplusRejected } from './rollout.ts';
import { isFree, mayBegin } from './takeover.ts';

/** How this runner is to go. An outdated one that belongs to no set stays, with its status, for its owner to read. */
export function retirement(state: RunnerSetState, runner: RunnerState, now: number): RunnerToRetire {
  const runnerId = runner.runnerId ?? runner.seen?.runnerId;
  const kept = runner.seen?.standalone && runner.end === 'outdated' && !runner.seen.deleting;
  return {
    name: runner.name,
    ...(runnerId === undefined ? {} : { runnerId }),
    ...(isOverdue(state, runner, now) ? { force: true as const } : {}),
    ...(kept ? { keepAs: { phase: 'Outdated', reason: 'Outdated', message: runner.message ?? '' } } : {}),
  };
}

/** Ended, deleted, outdated and surplus runners, as far as they may be tried now. */
export function toRetire(state: RunnerSetState, now: number, wakes: number[]): RunnerState[] {
  const runners = [...state.runners.values()];
  const wanted = new Set<RunnerState>();
  for (const runner of runners) {
    if (runner.seen?.deleting || (runner.end !== undefined && runner.end !== 'rejected' && !runner.settled))
      wanted.add(runner);
    else if (leavesWithItsSet(state, runner)) wanted.add(runner);
  }
  if (state.runnerSet && !state.runnerSet.deleting) {
    for (const runner of surplusRejected(runners)) wanted.add(runner);
    for (const runner of runnersOfOlderRevision(runners, state.runnerSet.revision)) wanted.add(runner);
    const kept = runners.filter((runner) => !wanted.has(runner));
    for (const runner of replicaDelta(kept, state.order).surplus) wanted.add(runner);
  }
  return [...wanted].filter((runner) => mayBegin(runner, now, wakes) && isFree(runner, now, wakes));
}

/** A set that goes takes along every runner that has no job. */
const leavesWithItsSet = (state: RunnerSetState, runner: RunnerState): boolean =>
  (state.runnerSet === null || state.runnerSet?.deleting === true) && stageOf(runner) !== 'busy';

/** Retiring activities of one set in flight, and the most runners of each. */
const AT_ONCE = 4;
const TOGETHER = 50;

/**
 * What retiring activities begin now; the others wait until one of those has ended.
 *
 * @param inFlight retiring activities that run
 */
export function retirementBatches(runners: readonly RunnerToRetire[], inFlight: number): RunnerToRetire[][] {
  const batches: RunnerToRetire[][] = [];
  for (let at = 0; at < runners.length && inFlight + batches.length < AT_ONCE; at += TOGETHER) {
    batches.push(runners.slice(at, at + TOGETHER));
  }
  return batches;
}
