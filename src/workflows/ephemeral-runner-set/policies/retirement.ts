import type { RunnerToRetire } from '../../../activities/ephemeral-runner-set/retire-runners.ts';
import type { RunnerState } from '../runner.ts';
import type { RunnerSetState } from '../state.ts';
import { overdueAt } from './deletion-deadline.ts';
import { surplusRunners } from './replica-delta.ts';
import { surplusRejected } from './rollout.ts';
import { isFree, mayBegin } from './takeover.ts';

/** How this runner is to go. An outdated one that belongs to no set stays, with its status, for its owner to read. */
export function retirement(
  state: RunnerSetState,
  runner: Readonly<RunnerState>,
  now: number,
): RunnerToRetire {
  const runnerId = runner.runnerId ?? runner.seen?.runnerId;
  const kept = runner.seen?.standalone && runner.end === 'outdated' && !runner.seen.deleting;
  return {
    name: runner.name,
    ...(runnerId === undefined ? {} : { runnerId }),
    ...(runner.seen?.uid !== undefined && { uid: runner.seen.uid }),
    ...(isOfOlderTemplate(state, runner) && { ofOlderTemplate: true as const }),
    ...(runner.seen?.orphaning && { leavePod: true as const }),
    ...(now >= overdueAt(state, runner) ? { force: true as const } : {}),
    ...(kept ? { keepAs: { phase: 'Outdated', reason: 'Outdated', message: runner.message ?? '' } } : {}),
  };
}

const isOfOlderTemplate = ({ runnerSet }: RunnerSetState, { seen }: Leaver): boolean =>
  Boolean(runnerSet && seen && seen.revision !== runnerSet.revision);

/**
 * Ended, deleted, outdated and surplus runners, as far as they may be tried now, and as many as there is room for.
 *
 * @param room how many can be begun
 */
export function toRetire(state: RunnerSetState, { now, room }: { now: number; room: number }): Leaver[] {
  const wanted = new Set<Leaver>();
  if (room <= 0) return [];
  for (const runner of state.runners.needing('leave')) {
    if (wanted.size >= room) break;
    wanted.add(runner);
  }
  const { runnerSet, runners, order } = state;
  if (wanted.size >= room || !runnerSet || runnerSet.deleting) return [...wanted];
  for (const runner of [...surplusRejected(runners.needing('rejected')), ...surplusRunners(runners, order)]) {
    if (wanted.size >= room) break;
    if (mayBegin(runner, now, []) && isFree(runner, now, [])) wanted.add(runner);
  }
  return [...wanted];
}

type Leaver = Readonly<RunnerState>;

/** Retiring activities of one set in flight, and the most runners of each. */
const AT_ONCE = 4;
const TOGETHER = 50;

/**
 * How many runners can begin to be retired now; the others wait until an activity has ended.
 *
 * @param inFlight retiring activities that run
 */
export const retirementRoom = (inFlight: number): number => Math.max(0, AT_ONCE - inFlight) * TOGETHER;

/** What each retiring activity is given. */
export function retirementBatches(runners: readonly RunnerToRetire[]): RunnerToRetire[][] {
  const batches: RunnerToRetire[][] = [];
  for (let at = 0; at < runners.length; at += TOGETHER) batches.push(runners.slice(at, at + TOGETHER));
  return batches;
}
