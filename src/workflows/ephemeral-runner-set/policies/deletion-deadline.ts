import type { RunnerState } from '../runner.ts';
import type { RunnerSetState } from '../state.ts';

/** Unless the settings say otherwise. */
const DELETION_DEADLINE_SECONDS = 300;

/**
 * From when on a runner that is to be deleted goes without GitHub, in milliseconds since the epoch: for as long as the
 * deadline, nothing could be retired, because of a lost Secret or an unreachable GitHub. `Infinity` for runners that are
 * only to be replaced, which wait.
 */
export function overdueAt(state: RunnerSetState, runner: Readonly<RunnerState>): number {
  const { runnerSet, settings, retirementBlock, deletingSince = 0 } = state;
  const going = runnerSet === null || runnerSet?.deleting === true;
  if (!retirementBlock || !(going || runner.seen?.deleting)) return Infinity;
  const since = going ? Math.max(retirementBlock.since, deletingSince) : retirementBlock.since;
  return since + (settings.deletionDeadlineSeconds ?? DELETION_DEADLINE_SECONDS) * 1000;
}
