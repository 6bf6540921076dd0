import type { RunnerState } from '../runner.ts';
import type { RunnerSetState } from '../state.ts';

/** Unless the settings say otherwise. */
const DELETION_DEADLINE_SECONDS = 300;

/**
 * Whether a runner that is to be deleted goes without GitHub: for as long as the deadline, nothing could be retired,
 * because of a lost Secret or an unreachable GitHub. Runners that are only to be replaced wait.
 */
export function isOverdue(state: RunnerSetState, runner: Readonly<RunnerState>, now: number): boolean {
  const { runnerSet, settings, retirementBlockedSince, deletingSince = 0 } = state;
  const going = runnerSet === null || runnerSet?.deleting === true;
  if (retirementBlockedSince === undefined || !(going || runner.seen?.deleting)) return false;
  const since = going ? Math.max(retirementBlockedSince, deletingSince) : retirementBlockedSince;
  return now - since >= (settings.deletionDeadlineSeconds ?? DELETION_DEADLINE_SECONDS) * 1000;
}
