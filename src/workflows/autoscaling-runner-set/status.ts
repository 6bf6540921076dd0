import type { AutoscalingRunnerSetStatusUpdate } from '../../activities/autoscaling-runner-set/publish-scale-set.ts';
import type { DecidedCondition as Condition } from '../../api/conditions.ts';
import {
  LABELS_DIFFER_CONDITION,
  PAUSED_CONDITION,
  READY_CONDITION,
  SCALE_SET_READY_CONDITION,
  UPDATE_PENDING_CONDITION,
  outdatedCondition,
} from '../../api/conditions.ts';
import type { StepFailure } from '../../messages/autoscaling-runner-set.ts';
import { currentListener, currentRunnerSet, holdsBack } from './policies/children.ts';
import { isPrepared } from './policies/preparation.ts';
import type { AutoscalingRunnerSetState } from './state.ts';

/** GitHub no longer accepts the runners of the template that the current set has. A newer template is another matter. */
export function isOutdated(state: AutoscalingRunnerSetState): boolean {
  const set = currentRunnerSet(state);
  return set?.phase === 'Outdated' && set.stale !== 'template';
}

/** A scale set's status as it should stand in the cluster. Counters are of all its sets. */
export function autoscalingRunnerSetStatus(
  state: AutoscalingRunnerSetState,
): AutoscalingRunnerSetStatusUpdate {
  const sets = state.seen?.runnerSets ?? [];
  const sum = (count: 'pending' | 'running' | 'failed'): number =>
    sets.reduce((total, set) => total + set[count], 0);
  const [pending, running, failed] = [sum('pending'), sum('running'), sum('failed')];
  return {
    currentRunners: pending + running + failed,
    pendingEphemeralRunners: pending,
    runningEphemeralRunners: running,
    failedEphemeralRunners: failed,
    phase: phaseOf(state),
    conditions: [
      readyCondition(state),
      scaleSetReadyCondition(state),
      labelsCondition(state),
      outdatedCondition(isOutdated(state), OUTDATED),
      updateCondition(state),
      pausedCondition(state),
    ],
  };
}

function phaseOf(state: AutoscalingRunnerSetState): AutoscalingRunnerSetStatusUpdate['phase'] {
  if (isOutdated(state)) return 'Outdated';
  return currentRunnerSet(state) && currentListener(state) ? 'Running' : 'Pending';
}

const OUTDATED =
  'GitHub no longer accepts the runner version of this template; no job is taken until a new one comes.';

function readyCondition(state: AutoscalingRunnerSetState): Condition {
  const type = READY_CONDITION;
  const why = unready(state);
  return why
    ? { type, status: 'False', ...why }
    : { type, status: 'True', reason: 'Listening', message: 'The scale set takes jobs.' };
}

/** What holds up the deletion. In a namespace that is going nobody can write an Event: only the status says so there. */
export const deletionFailure = ({
  seen,
  stepFailures: { drop, remove, release },
}: AutoscalingRunnerSetState): StepFailure | undefined =>
  seen?.autoscalingRunnerSet?.deleting ? (release ?? remove ?? drop) : undefined;

/** What keeps the scale set from taking jobs, the deepest cause first. */
function unready(state: AutoscalingRunnerSetState): StepFailure | undefined {
  const held = deletionFailure(state);
  if (held) return held;
  const { prepare, apply, drop } = state.stepFailures;
  const [set, listener] = [currentRunnerSet(state), currentListener(state)];
  const failure = prepare ?? apply ?? drop;
  if (failure) return failure;
  if (isOutdated(state)) return { reason: 'Outdated', message: OUTDATED };
  if (!isPrepared(state) || !set || !listener)
    return { reason: 'Pending', message: 'The scale set is being set up.' };
  if (set.blocked) return set.blocked;
  const { ready } = listener;
  if (!ready) return { reason: 'ListenerStarting', message: 'The listener has not reported yet.' };
  if (ready.status !== 'True') return { reason: ready.reason, message: ready.message };
  return undefined;
}

function scaleSetReadyCondition(state: AutoscalingRunnerSetState): Condition {
  const type = SCALE_SET_READY_CONDITION;
  const { stepFailures, prepared } = state;
  if (stepFailures.prepare) return { type, status: 'False', ...stepFailures.prepare };
  if (!prepared || !isPrepared(state))
    return {
      type,
      status: 'False',
      reason: 'Pending',
      message: 'The scale set is being looked up at GitHub.',
    };
  if (prepared.refused) return { type, status: 'False', ...prepared.refused };
  const { scaleSetName, scaleSetId, group } = prepared;
  const message = `Scale set "${scaleSetName}" has id ${scaleSetId} at GitHub, in runner group "${group}".`;
  return { type, status: 'True', reason: 'ScaleSetPrepared', message };
}

function labelsCondition({ prepared }: AutoscalingRunnerSetState): Condition {
  const type = LABELS_DIFFER_CONDITION;
  const missing = prepared?.missingLabels ?? [];
  if (missing.length === 0)
    return { type, status: 'False', reason: 'LabelsApplied', message: 'GitHub keeps all labels asked for.' };
  const message = `GitHub did not keep: ${missing.join(', ')}. Jobs that name them get no runner here.`;
  return { type, status: 'True', reason: 'LabelsDropped', message };
}

const updateCondition = (state: AutoscalingRunnerSetState): Condition =>
  holdsBack(state)
    ? {
        type: UPDATE_PENDING_CONDITION,
        status: 'True',
        reason: 'WaitingForJobs',
        message: 'The new template takes effect after the jobs that run; no further job is taken until then.',
      }
    : {
        type: UPDATE_PENDING_CONDITION,
        status: 'False',
        reason: 'UpToDate',
        message: 'No template waits for jobs.',
      };

function pausedCondition(state: AutoscalingRunnerSetState): Condition {
  const type = PAUSED_CONDITION;
  if (state.seen?.autoscalingRunnerSet?.paused)
    return { type, status: 'True', reason: 'PausedByAnnotation', message: 'No job is taken.' };
  const set = currentRunnerSet(state);
  if (!set?.paused) return { type, status: 'False', reason: 'NotPaused', message: 'Jobs are taken.' };
  const message = `No job is taken: the EphemeralRunnerSet ${set.name} was paused by itself. "temporal-arc resume" resumes both.`;
  return { type, status: 'True', reason: 'RunnerSetPaused', message };
}

/** What tells two statuses apart. */
export const publicationKey = (status: AutoscalingRunnerSetStatusUpdate, generation: number): string =>
  `${generation} ${JSON.stringify(status)}`;

/** The same without the counters. */
export const wordsKey = (
  { phase, conditions }: AutoscalingRunnerSetStatusUpdate,
  generation: number,
): string => `${generation} ${JSON.stringify({ phase, conditions })}`;
