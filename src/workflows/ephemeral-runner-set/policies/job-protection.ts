import { hasJob } from '../runner.ts';
import type { RunnerSetState } from '../state.ts';

/** Runners with a job whose pods do not say so yet. */
export function toProtect({ runners, settings }: RunnerSetState): string[] {
  if (settings.jobProtection === 'off') return [];
  return [...runners.values()]
    .filter(
      (runner) => hasJob(runner) && !runner.protected && !runner.end && runner.seen?.pod?.phase === 'Running',
    )
    .map(({ name }) => name);
}
