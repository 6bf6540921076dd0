import {
  listenerWorkflowId,
  looseRunnersWorkflowId,
  runnerSetWorkflowId,
  scaleSetWorkflowId,
} from '../../messages/workflow-ids.ts';

/** The workflow of an EphemeralRunnerSet, or of a namespace's runners that belong to none. */
export interface RunnerSetTarget {
  namespace: string;
  set?: string;
}

/** The workflow of an AutoscalingRunnerSet. */
export interface AutoscalingRunnerSetTarget {
  namespace: string;
  scaleSet: string;
}

/** The workflow of an AutoscalingListener. */
export interface ListenerTarget {
  namespace: string;
  listener: string;
}

/** Which workflow is told of a change. */
export type WorkflowTarget = RunnerSetTarget | AutoscalingRunnerSetTarget | ListenerTarget;

export const isScaleSetAudience = (audience: WorkflowTarget): audience is AutoscalingRunnerSetTarget =>
  'scaleSet' in audience;

export const isListenerAudience = (audience: WorkflowTarget): audience is ListenerTarget =>
  'listener' in audience;

/** The id of the workflow that is told. */
export function workflowIdOf(cluster: string, audience: WorkflowTarget): string {
  const { namespace } = audience;
  if (isScaleSetAudience(audience)) return scaleSetWorkflowId(cluster, namespace, audience.scaleSet);
  if (isListenerAudience(audience)) return listenerWorkflowId(cluster, namespace, audience.listener);
  return audience.set === undefined
    ? looseRunnersWorkflowId(cluster, namespace)
    : runnerSetWorkflowId(cluster, namespace, audience.set);
}
