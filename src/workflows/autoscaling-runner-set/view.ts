import { PAUSED_CONDITION } from '../../api/conditions.ts';
import type { AutoscalingRunnerSetView } from '../../messages/autoscaling-runner-set.ts';
import { currentListener, currentRunnerSet, holdsBack } from './policies/children.ts';
import type { AutoscalingRunnerSetState } from './state.ts';
import { autoscalingRunnerSetStatus } from './status.ts';

/** The answer of the query `state`. */
export function viewAutoscalingRunnerSet(state: AutoscalingRunnerSetState): AutoscalingRunnerSetView {
  const status = autoscalingRunnerSetStatus(state);
  const { prepared } = state;
  const [set, listener] = [currentRunnerSet(state), currentListener(state)];
  return {
    phase: status.phase,
    ...(prepared && {
      scaleSetId: prepared.scaleSetId,
      scaleSetName: prepared.scaleSetName,
      group: prepared.group,
    }),
    ...(set && { runnerSet: set.name }),
    ...(listener && { listener: `${listener.namespace}/${listener.name}` }),
    held: holdsBack(state),
    deleting: state.seen?.autoscalingRunnerSet?.deleting === true,
    pending: status.pendingEphemeralRunners,
    running: status.runningEphemeralRunners,
    failed: status.failedEphemeralRunners,
    conditions: status.conditions,
    stepFailures: state.stepFailures,
  };
}

/** The first page in Temporal's user interface. */
export function describeAutoscalingRunnerSet(state: AutoscalingRunnerSetState): string {
  const { scaleSetId, scaleSetName, group, pending, running, failed, stepFailures } =
    viewAutoscalingRunnerSet(state);
  const waits = Object.entries(stepFailures).map(
    ([step, { reason, message }]) => `Cannot ${step}: **${reason}** ${message}`,
  );
  const { conditions } = autoscalingRunnerSetStatus(state);
  const [ready] = conditions;
  const paused = conditions.find(({ type }) => type === PAUSED_CONDITION);
  return [
    '| scale set | group | pending | running | failed |',
    '|---|---|---|---|---|',
    `| ${scaleSetName ?? '–'} (${scaleSetId ?? '–'}) | ${group ?? '–'} | ${pending} | ${running} | ${failed} |`,
    '',
    ...(waits.length > 0 ? waits : [`${ready?.reason ?? ''}: ${ready?.message ?? ''}`]),
    ...(paused?.status === 'True' ? ['', `Paused: ${paused.message}`] : []),
  ].join('\n');
}

/** What the scale set is in, in one word. */
export function autoscalingRunnerSetPhase(state: AutoscalingRunnerSetState): string {
  if (state.seen?.autoscalingRunnerSet?.deleting) return 'Deleting';
  if (Object.keys(state.stepFailures).length > 0) return 'Blocked';
  return autoscalingRunnerSetStatus(state).phase;
}
