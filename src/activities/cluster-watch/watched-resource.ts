import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreNotFound } from '../../kubernetes/client/errors.ts';
import type { KubernetesObject } from '../../kubernetes/client/resources.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunners,
  ephemeralRunnerSets,
} from '../../kubernetes/client/resources.ts';
import type { Regarding } from '../../kubernetes/objects/event.ts';
import { API_VERSION } from '../../api/v1alpha1/group.ts';
import type { WorkflowTarget } from './workflow-target.ts';
import { isAutoscalingRunnerSetTarget, isListenerTarget } from './workflow-target.ts';

/** The kind of what a workflow serves. */
export function kindOf(target: WorkflowTarget): string {
  if (isAutoscalingRunnerSetTarget(target)) return 'AutoscalingRunnerSet';
  if (isListenerTarget(target)) return 'AutoscalingListener';
  return target.runnerSet === undefined ? 'EphemeralRunner' : 'EphemeralRunnerSet';
}

/**
 * Asks the cluster itself for what a workflow serves: what the watch does not know may be there all the same, and only
 * not be readable.
 *
 * @returns whom an Event would be about; of runners that belong to no set, any one. `undefined`: nothing is there
 */
export async function resourceOf(
  kubernetes: Pick<KubernetesClient, 'get' | 'list'>,
  target: WorkflowTarget,
): Promise<Regarding | undefined> {
  const object = await readResource(kubernetes, target);
  const { name, uid } = object?.metadata ?? {};
  if (name === undefined) return undefined;
  const { namespace } = target;
  return { apiVersion: API_VERSION, kind: kindOf(target), namespace, name, uid };
}

async function readResource(
  kubernetes: Pick<KubernetesClient, 'get' | 'list'>,
  target: WorkflowTarget,
): Promise<KubernetesObject | undefined> {
  const { namespace } = target;
  if (isAutoscalingRunnerSetTarget(target))
    return ignoreNotFound(
      kubernetes.get(autoscalingRunnerSets, { namespace, name: target.autoscalingRunnerSet }),
    );
  if (isListenerTarget(target))
    return ignoreNotFound(kubernetes.get(autoscalingListeners, { namespace, name: target.listener }));
  if (target.runnerSet !== undefined)
    return ignoreNotFound(kubernetes.get(ephemeralRunnerSets, { namespace, name: target.runnerSet }));
  const { items } = await kubernetes.list(ephemeralRunners, { namespace });
  return items.find(({ metadata }) => !metadata.ownerReferences?.length);
}
