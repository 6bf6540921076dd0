import type { RunnerSettings } from '../../../messages/settings.ts';
import type { PendingLimits } from './pending-timeout.ts';
import { pendingEnding } from './pending-timeout.ts';
import { missedEnding } from './registration-check.ts';
import type { RunnerMeaning } from './runner-meaning.ts';
import type { Ending, RunnerState } from '../runner.ts';
import { hasJob, isJobOver, meaningOfRunner } from '../runner.ts';

/** A pod that was made must be seen within this time, or it is taken as gone. */
const POD_SIGHTING_MS = 60_000;

/** Where GitHub cannot be asked for so long whether a runner had a job that ended well, it is believed to have had one. */
const UNCLEAR_MS = 30_000;

/** A runner that was up for so long is none that ends at once, as one does whose template is wrong. */
export const SETTLED_MS = 10_000;

/** Unless the settings say otherwise. */
const JOB_END_GRACE_SECONDS = 60;

/** How long a runner may go on after its job. */
export type EndingLimits = PendingLimits & Pick<RunnerSettings, 'jobEndGraceSeconds'>;

const graceMs = ({ jobEndGraceSeconds = JOB_END_GRACE_SECONDS }: EndingLimits): number =>
  jobEndGraceSeconds * 1000;

interface Deadlines {
  sighting: number;
  grace: number;
  clearing: number;
}

function deadlinesOf(runner: Readonly<RunnerState>, limits: EndingLimits): Deadlines {
  const { madeAt = Infinity, jobEndedAt = Infinity, endedAt = Infinity, podSeen, outlived, used } = runner;
  return {
    sighting: podSeen ? Infinity : madeAt + POD_SIGHTING_MS,
    grace: outlived ? Infinity : jobEndedAt + graceMs(limits),
    clearing: used || meaningOfRunner(runner) !== 'unclear' ? Infinity : endedAt + UNCLEAR_MS,
  };
}

/** When time alone changes what a runner is, in milliseconds since the epoch; `Infinity`: never. */
export function endingDueAt(runner: Readonly<RunnerState>, limits: EndingLimits): number {
  if (runner.end !== undefined || runner.retired) return Infinity;
  const { sighting, grace, clearing } = deadlinesOf(runner, limits);
  return Math.min(sighting, grace, clearing);
}

/** Notes on a runner which of its deadlines have passed. */
export function noteDeadlines(runner: RunnerState, now: number, limits: EndingLimits): void {
  const { sighting, grace, clearing } = deadlinesOf(runner, limits);
  if (sighting <= now) runner.podSeen = true;
  if (grace <= now) runner.outlived = true;
  if (clearing <= now) runner.used = true;
}

/**
 * How a runner ended, if it has, and why. A pod that failed without a job is a failure of the set; with a job, the job is
 * lost; what the platform ended is nobody's failure. `undefined` while it goes on.
 */
export function endingOf(
  runner: Readonly<RunnerState>,
  now: number,
  limits: EndingLimits = {},
): Ending | undefined {
  const ended = WORDS[meaningOfRunner(runner)]?.(runner);
  return ended ?? missedEnding(runner) ?? pendingEnding(runner, now, limits);
}

const PODS_OWN =
  (end: 'failed' | 'lost' | 'disrupted', otherwise: string) =>
  (runner: Readonly<RunnerState>): Ending => {
    const { reason, message, exitCode } = runner.seen?.pod ?? {};
    const code = exitCode === undefined ? otherwise : `ExitCode${exitCode}`;
    return { end, reason: reason ?? code, ...(message !== undefined && { message }) };
  };

const GONE = { reason: 'PodGone', message: 'The pod no longer exists.' } as const;

const UNUSED =
  'The container "runner" ended with exit code 0 and never had a job. The likely cause: the template gives it no command ' +
  'that starts the runner, such as command: ["/home/runner/run.sh"].';

const STOPPED = 'The container "runner" was stopped before it had a job.';

const isGone = ({ seen }: Readonly<RunnerState>): boolean => seen?.pod === undefined;

/** What is told of each end. */
const WORDS: Partial<Record<RunnerMeaning, (runner: Readonly<RunnerState>) => Ending>> = {
  completed: () => ({ end: 'completed', reason: 'Completed' }),
  rejected: () => ({ end: 'rejected', reason: 'Failed' }),
  outdated: ({ seen }) => ({
    end: 'outdated',
    reason: 'Outdated',
    ...(seen?.pod && { message: 'GitHub no longer accepts the runner version of this image.' }),
  }),
  lost: (runner) => (isGone(runner) ? { end: 'lost', ...GONE } : PODS_OWN('lost', 'PodFailed')(runner)),
  disrupted: (runner) => {
    if (isGone(runner)) return { end: 'disrupted', ...GONE };
    const { ended, disrupted, going } = runner.seen?.pod ?? {};
    if (ended && !disrupted && !going) return { end: 'disrupted', reason: 'RunnerStopped', message: STOPPED };
    return PODS_OWN('disrupted', 'PodTerminating')(runner);
  },
  failed: (runner) =>
    runner.unused
      ? { end: 'failed', reason: 'EndedWithoutJob', message: UNUSED }
      : PODS_OWN('failed', 'PodFailed')(runner),
  outlived: ({ jobResult }) => ({
    end: 'outlived',
    reason: 'RunnerOutlivedJob',
    message: `Its job is over${jobResult ? ` (${jobResult})` : ''}, its process went on: the pod was ended.`,
  }),
};

/** The end was noted while its pod goes on: that GitHub still has a job there speaks against it. */
export const isPremature = ({ end, seen }: Readonly<RunnerState>): boolean =>
  (end === 'disrupted' || end === 'unregistered') && seen?.pod !== undefined && !seen.pod.ended;

/** Whether a runner that ends so holds its part of an order: it had one of the jobs that were counted, told or not. */
export const hadCountedJob = (runner: Readonly<RunnerState>, { end }: Ending): boolean =>
  end === 'completed' && !isJobOver(runner) && (hasJob(runner) || runner.used === true);
