import type { ObservedPod } from '../../../messages/observations.ts';
import type { PendingLimits } from './pending-timeout.ts';
import { pendingEnding } from './pending-timeout.ts';
import { missedEnding } from './registration-check.ts';
import type { Ending, RunnerState } from '../runner.ts';
import { hasJob } from '../runner.ts';

/** The exit code by which the runner says that GitHub no longer accepts its version. */
const DEPRECATED_VERSION = 7;

/** A pod that was made must be seen within this time, or it is taken as gone. */
const POD_SIGHTING_MS = 60_000;

/** Milliseconds since the epoch: when the pod of a runner that was made must have been seen; `Infinity` if it was. */
export const sightingDeadline = ({ madeAt, podSeen, end }: Readonly<RunnerState>): number =>
  madeAt === undefined || podSeen || end ? Infinity : madeAt + POD_SIGHTING_MS;

/** A runner whose own status says that it is over, as another controller may have left it. */
const ENDED_PHASES: Partial<Record<string, Ending>> = {
  Failed: { end: 'rejected', reason: 'Failed' },
  Outdated: { end: 'outdated', reason: 'Outdated' },
  Succeeded: { end: 'completed', reason: 'Completed' },
};

/**
 * How a runner ended, if it has: by its container's exit code, its pod's failure, or the pod's disappearance. A pod
 * that failed without a job is a failure of the set; with a job, the job is lost. `undefined` while it goes on.
 */
export function endingOf(
  runner: Readonly<RunnerState>,
  now: number,
  limits: PendingLimits = {},
): Ending | undefined {
  const settled = ENDED_PHASES[runner.seen?.phase ?? ''];
  if (settled) return settled;
  const pod = runner.seen?.pod;
  if (pod)
    return endingOfPod(pod, hasJob(runner)) ?? missedEnding(runner) ?? pendingEnding(runner, now, limits);
  const overdue = runner.madeAt !== undefined && now - runner.madeAt >= POD_SIGHTING_MS;
  if (!runner.podSeen && !overdue) return undefined;
  return { end: hasJob(runner) ? 'lost' : 'failed', reason: 'PodGone', message: 'The pod no longer exists.' };
}

function endingOfPod(pod: ObservedPod, busy: boolean): Ending | undefined {
  const failure: Ending = {
    end: busy ? 'lost' : 'failed',
    reason: pod.reason ?? 'PodFailed',
    ...(pod.message === undefined ? {} : { message: pod.message }),
  };
  if (pod.exitCode === undefined) return pod.phase === 'Failed' || pod.initFailed ? failure : undefined;
  if (pod.exitCode === 0) return { end: 'completed', reason: 'Completed' };
  if (pod.exitCode === DEPRECATED_VERSION) {
    return {
      end: 'outdated',
      reason: 'Outdated',
      message: 'GitHub no longer accepts the runner version of this image.',
    };
  }
  return { ...failure, reason: pod.reason ?? `ExitCode${pod.exitCode}` };
}
