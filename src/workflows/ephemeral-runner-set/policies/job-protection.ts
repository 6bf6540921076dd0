import type { RunnerSettings } from '../../../messages/settings.ts';
import type { RunnerState } from '../runner.ts';
import { hasJob } from '../runner.ts';

/** Whether a runner has a job, and its pod does not say so yet. */
export const needsProtection = (runner: Readonly<RunnerState>, { jobProtection }: RunnerSettings): boolean =>
  jobProtection !== 'off' &&
  hasJob(runner) &&
  !runner.protected &&
  !runner.end &&
  runner.seen?.pod?.phase === 'Running';
