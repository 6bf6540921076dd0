import type {
  RunnerStatusUpdate,
  RunnerSetStatusUpdate,
} from '../../activities/ephemeral-runner-set/publish-status.ts';
import type { DecidedCondition as Condition } from '../../api/conditions.ts';
import {
  CREATION_BLOCKED_CONDITION,
  INVALID_SPEC,
  PAUSED_CONDITION,
  READY_CONDITION,
  outdatedCondition,
} from '../../api/conditions.ts';
import { isProbing } from './policies/failure-backoff.ts';
import { openReplicas } from './policies/patch-id.ts';
import type { RunnerState } from './runner.ts';
import { stageOf } from './runner.ts';
import type { Runners } from './runners.ts';
import type { RunnerSetState } from './state.ts';

/** Numbers of runners. */
export interface Counts {
  pending: number;
  running: number;
  busy: number;
  failed: number;
}

/** Runners by what a person wants to know of them, as far as they have their places. `running` includes the busy ones. */
export function countRunners(runners: Runners): Counts {
  const busy = runners.count('busy');
  return {
    pending: runners.count('creating', 'unfinished', 'pending'),
    running: busy + runners.count('idle', 'unclear'),
    busy,
    failed: runners.needing('rejected').size,
  };
}

/** GitHub refused the runner version of the template as it is now. */
export const isOutdated = (state: RunnerSetState): boolean =>
  state.outdatedRevision !== undefined && state.outdatedRevision === state.runnerSet?.revision;

/** The set's status as it should stand in the cluster. */
export function runnerSetStatus(state: RunnerSetState): RunnerSetStatusUpdate {
  const { running, failed, ...counts } = countRunners(state.runners);
  // While creation is blocked, what is being made is a try and no runner yet: a status for each would cost more than it.
  const pending = counts.pending - (state.creationBlock ? state.runners.count('creating') : 0);
  return {
    currentReplicas: pending + running + failed,
    pendingEphemeralRunners: pending,
    runningEphemeralRunners: running,
    failedEphemeralRunners: failed,
    phase: isOutdated(state) ? 'Outdated' : 'Running',
    conditions: [
      readyCondition(state, running),
      blockedCondition(state),
      outdatedCondition(isOutdated(state), OUTDATED),
      pausedCondition(state),
    ],
  };
}

const OUTDATED = 'GitHub no longer accepts the runner version of this template; a new template resumes.';

function readyCondition(state: RunnerSetState, running: number): Condition {
  const wanted = openReplicas(state.order);
  const not = (reason: string, message: string): Condition => ({
    type: READY_CONDITION,
    status: 'False',
    reason,
    message,
  });
  const invalid = state.runnerSet?.invalid;
  if (invalid !== undefined) return not(INVALID_SPEC, invalid);
  const { retirementBlock } = state;
  if (state.runnerSet?.deleting && retirementBlock)
    return not(retirementBlock.reason, `Runners could not be retired: ${retirementBlock.message}`);
  if (isOutdated(state)) return not('Outdated', OUTDATED);
  if (state.creationBlock) return not(state.creationBlock.reason, state.creationBlock.message);
  if (isProbing(state.failures, state.settings)) return not('RunnersFailing', failingMessage(state));
  if (running < wanted) return not('Scaling', `${wanted} runners are wanted.`);
  return {
    type: READY_CONDITION,
    status: 'True',
    reason: 'ReplicasRunning',
    message: `${wanted} runners are wanted.`,
  };
}

const failingMessage = ({ failures }: RunnerSetState): string =>
  `${failures.inARow} runners in a row failed; one at a time is tried. Last: ${failures.reason} ${failures.message}`.trim();

function blockedCondition(state: RunnerSetState): Condition {
  const type = CREATION_BLOCKED_CONDITION;
  const invalid = state.runnerSet?.invalid;
  if (invalid !== undefined) return { type, status: 'True', reason: INVALID_SPEC, message: invalid };
  if (state.creationBlock)
    return { type, status: 'True', reason: state.creationBlock.reason, message: state.creationBlock.message };
  if (isProbing(state.failures, state.settings)) {
    return { type, status: 'True', reason: 'RunnersFailing', message: failingMessage(state) };
  }
  return { type, status: 'False', reason: 'Unblocked', message: 'Runners can be created.' };
}

const pausedCondition = (state: RunnerSetState): Condition =>
  state.runnerSet?.paused
    ? {
        type: PAUSED_CONDITION,
        status: 'True',
        reason: 'PausedByAnnotation',
        message: 'No runners are created.',
      }
    : {
        type: PAUSED_CONDITION,
        status: 'False',
        reason: 'NotPaused',
        message: 'Runners are created as wanted.',
      };

/** What tells two statuses apart. Conditions name the generation they are about, and `kubectl wait` looks at it. */
export const statusKey = (status: RunnerSetStatusUpdate, generation: number): string =>
  `${generation} ${JSON.stringify(status)}`;

/** A runner goes with its job, as a rule: only one that is still there after this time is told how the job ended. */
const OUTLIVES_JOB_MS = 2_000;

/** When it is to be written how the runner's job ended, in milliseconds since the epoch; `Infinity`: never. */
export const resultDueAt = ({ end, jobEndedAt = Infinity }: Readonly<RunnerState>): number =>
  end === undefined ? jobEndedAt + OUTLIVES_JOB_MS : Infinity;

/** ARC's `status.failures`: the pods of a runner that keeps its name. */
const failedOf = ({ spentPod, failedAt }: Readonly<RunnerState>): Pick<RunnerStatusUpdate, 'failed'> =>
  spentPod === undefined || failedAt === undefined ? {} : { failed: { podUid: spentPod, at: failedAt } };

const isResultDue = (runner: RunnerState, now: number): runner is RunnerState & { jobResult: string } =>
  runner.jobResult !== undefined && (runner.seen?.jobResult !== undefined || resultDueAt(runner) <= now);

/**
 * The status of one runner if the cluster does not show it yet: its id at GitHub, its pod's phase and readiness, and how
 * its job ended. The id is known when its lane has ended.
 */
export function runnerStatus(runner: Readonly<RunnerState>, now: number): RunnerStatusUpdate | undefined {
  const pod = runner.seen?.pod;
  const mirrored = pod?.phase === 'Pending' || pod?.phase === 'Running';
  if (!mirrored || runner.end || stageOf(runner) === 'leaving' || runner.doing) return undefined;
  const runnerId = runner.runnerId ?? runner.seen?.runnerId;
  const update: RunnerStatusUpdate = {
    name: runner.name,
    phase: pod.phase,
    ready: pod.ready === true,
    ...(runnerId === undefined ? {} : { runnerId }),
    ...(pod.reason === undefined ? {} : { reason: pod.reason }),
    ...(pod.message === undefined ? {} : { message: pod.message }),
    ...(pod.stuck && { stuck: true }),
    ...(isResultDue(runner, now) && { jobResult: runner.jobResult }),
    ...failedOf(runner),
  };
  const { phase = '', ready = false, runnerId: shownId, jobResult } = runner.seen ?? {};
  const shown = runner.published ?? keyOf({ phase, ready, runnerId: shownId, jobResult });
  return shown === runnerStatusKey(update) ? undefined : update;
}

/** What tells two statuses of a runner apart. */
export const runnerStatusKey = (update: RunnerStatusUpdate): string => {
  const { phase, ready, runnerId, jobResult, failed, stuck, reason = '' } = update;
  const words = stuck ? ` ${reason}` : '';
  return keyOf({ phase, ready, runnerId, jobResult }) + words + (failed ? ` ${failed.podUid}` : '');
};

const keyOf = (status: {
  phase: string;
  ready: boolean;
  runnerId: number | undefined;
  jobResult: string | undefined;
}): string => {
  const { phase, ready, runnerId = 0, jobResult } = status;
  return `${phase}/${ready}/${runnerId}${jobResult === undefined ? '' : `/${jobResult}`}`;
};

/** What the set is in, in one word. It changes rarely: each change is an event in the history. */
export function phaseOf(state: RunnerSetState): string {
  if (state.runnerSet?.deleting) return 'Deleting';
  if (isOutdated(state)) return 'Outdated';
  if (state.creationBlock) return 'Blocked';
  if (isProbing(state.failures, state.settings)) return 'Failing';
  return state.runnerSet?.paused ? 'Paused' : 'Running';
}
