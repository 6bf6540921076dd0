import type { RunnerState } from '../runner.ts';
import { hasJob } from '../runner.ts';

/** Whether a runner has a job, and its pod does not say so yet. However it is set: no deletion takes the pod of a job. */
export const needsProtection = (runner: Readonly<RunnerState>): boolean =>
  hasJob(runner) && !runner.protected && !runner.end && runner.seen?.pod?.phase === 'Running';
