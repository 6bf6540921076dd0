import type { SearchAttributePair } from '@temporalio/common';
import { clusterKey, namespaceKey, repositoryUrlKey, scaleSetKey } from '../../messages/search-attributes.ts';
import { fitting } from '../../api/text-limits.ts';
import type { WorkflowTarget } from './workflow-target.ts';
import { isListenerTarget, isAutoscalingRunnerSetTarget } from './workflow-target.ts';
import type { AnyObservation } from '../../messages/observations.ts';

/** What a workflow is started with, as the list of workflows shows it. */
export interface WorkflowStartOptions {
  type: 'autoscalingRunnerSet' | 'autoscalingListener' | 'ephemeralRunnerSet';
  args: [{ namespace: string; name?: string }];
  staticSummary: string;
  typedSearchAttributes: SearchAttributePair[];
}

/** How the workflow of a target is started. */
export function startOptionsFor(
  cluster: string,
  target: WorkflowTarget,
  observation: AnyObservation,
): WorkflowStartOptions {
  const { namespace } = target;
  const typedSearchAttributes = attributesOf({ cluster, namespace }, aboutOf(target, observation));
  if (isAutoscalingRunnerSetTarget(target)) {
    const name = target.autoscalingRunnerSet;
    const staticSummary = fitting(`scale set ${namespace}/${name}`, 'summary');
    return {
      type: 'autoscalingRunnerSet',
      args: [{ namespace, name }],
      staticSummary,
      typedSearchAttributes,
    };
  }
  if (isListenerTarget(target)) {
    const name = target.listener;
    const staticSummary = fitting(`listener ${namespace}/${name}`, 'summary');
    return { type: 'autoscalingListener', args: [{ namespace, name }], staticSummary, typedSearchAttributes };
  }
  const { runnerSet } = target;
  return {
    type: 'ephemeralRunnerSet',
    args: [{ namespace, ...(runnerSet === undefined ? {} : { name: runnerSet }) }],
    staticSummary:
      runnerSet === undefined
        ? `runners of no set in ${namespace}`
        : fitting(`${namespace}/${runnerSet}`, 'summary'),
    typedSearchAttributes,
  };
}

/** Whether anything in an observation needs a workflow: a resource that exists, or something that is left of one. */
export function needsWorkflow(observation: AnyObservation): boolean {
  if ('listeners' in observation)
    return observation.autoscalingRunnerSet !== null || observation.listeners.length > 0;
  if ('listener' in observation) return observation.listener !== null;
  return Boolean(observation.runnerSet) || (observation.runners ?? []).length > 0;
}

interface About {
  scaleSet: string;
  configUrl: string;
}

function aboutOf(target: WorkflowTarget, observation: AnyObservation): About | undefined {
  if ('listeners' in observation) {
    if (!isAutoscalingRunnerSetTarget(target) || !observation.autoscalingRunnerSet) return undefined;
    return { scaleSet: target.autoscalingRunnerSet, configUrl: observation.autoscalingRunnerSet.configUrl };
  }
  if ('listener' in observation) {
    const { listener } = observation;
    return listener
      ? { scaleSet: listener.autoscalingRunnerSet.name, configUrl: listener.configUrl }
      : undefined;
  }
  return observation.runnerSet ?? undefined;
}

const attributesOf = (
  { cluster, namespace }: { cluster: string; namespace: string },
  about: About | undefined,
): SearchAttributePair[] => [
  { key: clusterKey, value: cluster },
  { key: namespaceKey, value: namespace },
  ...(about
    ? [
        { key: scaleSetKey, value: fitting(about.scaleSet, 'searchAttribute') },
        { key: repositoryUrlKey, value: fitting(about.configUrl, 'searchAttribute') },
      ]
    : []),
];
