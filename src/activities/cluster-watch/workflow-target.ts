import {
  autoscalingListenerWorkflowId,
  standaloneRunnersWorkflowId,
  ephemeralRunnerSetWorkflowId,
  autoscalingRunnerSetWorkflowId,
} from '../../messages/workflow-ids.ts';

/** The workflow of an EphemeralRunnerSet, or of a namespace's runners that belong to none. */
export interface RunnerSetTarget {
  namespace: string;
  runnerSet?: string;
}

/** The workflow of an AutoscalingRunnerSet. */
export interface AutoscalingRunnerSetTarget {
  namespace: string;
  autoscalingRunnerSet: string;
}

/** The workflow of an AutoscalingListener. */
export interface ListenerTarget {
  namespace: string;
  listener: string;
}

/** Which workflow is told of a change. */
export type WorkflowTarget = RunnerSetTarget | AutoscalingRunnerSetTarget | ListenerTarget;

/** Whether an AutoscalingRunnerSet's workflow is told. */
export const isAutoscalingRunnerSetTarget = (target: WorkflowTarget): target is AutoscalingRunnerSetTarget =>
  'autoscalingRunnerSet' in target;

/** Whether an AutoscalingListener's workflow is told. */
export const isListenerTarget = (target: WorkflowTarget): target is ListenerTarget => 'listener' in target;

/** The id of the workflow that is told. */
export function workflowIdOf(cluster: string, target: WorkflowTarget): string {
  const { namespace } = target;
  if (isAutoscalingRunnerSetTarget(target))
    return autoscalingRunnerSetWorkflowId(cluster, namespace, target.autoscalingRunnerSet);
  if (isListenerTarget(target)) return autoscalingListenerWorkflowId(cluster, namespace, target.listener);
  return target.runnerSet === undefined
    ? standaloneRunnersWorkflowId(cluster, namespace)
    : ephemeralRunnerSetWorkflowId(cluster, namespace, target.runnerSet);
}

/** Whom a workflow serves, by its id; `undefined` for one that serves no resource, such as the watch. */
export function targetOf(cluster: string, workflowId: string): WorkflowTarget | undefined {
  const [kind, namespace, name, ...others] = workflowId.startsWith(`${cluster}/`)
    ? workflowId.slice(cluster.length + 1).split('/')
    : [];
  if (!namespace || others.length > 0) return undefined;
  if (kind === 'ephemeralrunners' && name === undefined) return { namespace };
  if (!name) return undefined;
  if (kind === 'autoscalingrunnerset') return { namespace, autoscalingRunnerSet: name };
  if (kind === 'autoscalinglistener') return { namespace, listener: name };
  return kind === 'ephemeralrunnerset' ? { namespace, runnerSet: name } : undefined;
}
