import {
  listenerWorkflowId,
  looseRunnersWorkflowId,
  runnerSetWorkflowId,
  scaleSetWorkflowId,
} from '../../messages/workflow-ids.ts';

/** The workflow of an EphemeralRunnerSet, or of a namespace's runners that belong to none. */
export interface RunnerSetAudience {
  namespace: string;
  set?: string;
}

/** The workflow of an AutoscalingRunnerSet. */
export interface ScaleSetAudience {
  namespace: string;
  scaleSet: string;
}

/** The workflow of an AutoscalingListener. */
export interface ListenerAudience {
  namespace: string;
  listener: string;
}

/** Which workflow is told of a change. */
export type Audience = RunnerSetAudience | ScaleSetAudience | ListenerAudience;

export const isScaleSetAudience = (audience: Audience): audience is ScaleSetAudience =>
  'scaleSet' in audience;

export const isListenerAudience = (audience: Audience): audience is ListenerAudience =>
  'listener' in audience;

/** The id of the workflow that is told. */
export function workflowIdOf(cluster: string, audience: Audience): string {
  const { namespace } = audience;
  if (isScaleSetAudience(audience)) return scaleSetWorkflowId(cluster, namespace, audience.scaleSet);
  if (isListenerAudience(audience)) return listenerWorkflowId(cluster, namespace, audience.listener);
  return audience.set === undefined
    ? looseRunnersWorkflowId(cluster, namespace)
    : runnerSetWorkflowId(cluster, namespace, audience.set);
}
