import type { SearchAttributePair } from '@temporalio/common';
import { clusterKey, namespaceKey, repositoryUrlKey, scaleSetKey } from '../../messages/search-attributes.ts';
import type { WorkflowTarget } from './workflow-target.ts';
import { isListenerAudience, isScaleSetAudience } from './workflow-target.ts';
import type { AnyObservation } from '../../messages/observations.ts';

/** What a workflow is started with, as the list of workflows shows it. */
export interface WorkflowStartOptions {
  type: 'autoscalingRunnerSet' | 'autoscalingListener' | 'ephemeralRunnerSet';
  args: [{ namespace: string; name?: string }];
  staticSummary: string;
  typedSearchAttributes: SearchAttributePair[];
}

/** How the workflow of an audience is started. */
export function startOptionsFor(cluster: string, audience: WorkflowTarget, observation: AnyObservation): WorkflowStartOptions {
  const { namespace } = audience;
  const typedSearchAttributes = attributesOf({ cluster, namespace }, aboutOf(audience, observation));
  if (isScaleSetAudience(audience)) {
    const name = audience.scaleSet;
    const staticSummary = `scale set ${namespace}/${name}`;
    return {
      type: 'autoscalingRunnerSet',
      args: [{ namespace, name }],
      staticSummary,
      typedSearchAttributes,
    };
  }
  if (isListenerAudience(audience)) {
    const name = audience.listener;
    const staticSummary = `listener ${namespace}/${name}`;
    return { type: 'autoscalingListener', args: [{ namespace, name }], staticSummary, typedSearchAttributes };
  }
  const { set } = audience;
  return {
    type: 'ephemeralRunnerSet',
    args: [{ namespace, ...(set === undefined ? {} : { name: set }) }],
    staticSummary: set === undefined ? `runners of no set in ${namespace}` : `${namespace}/${set}`,
    typedSearchAttributes,
  };
}

/** Nothing that exists is in it, and nothing is left to clean up. */
export function needsWorkflow(observation: AnyObservation): boolean {
  if ('listeners' in observation) return observation.scaleSet !== null || observation.listeners.length > 0;
  if ('listener' in observation) return observation.listener !== null;
  return Boolean(observation.set) || (observation.runners ?? []).length > 0;
}

interface About {
  scaleSet: string;
  configUrl: string;
}

function aboutOf(audience: WorkflowTarget, observation: AnyObservation): About | undefined {
  if ('listeners' in observation) {
    if (!isScaleSetAudience(audience) || !observation.scaleSet) return undefined;
    return { scaleSet: audience.scaleSet, configUrl: observation.scaleSet.configUrl };
  }
  if ('listener' in observation) {
    const { listener } = observation;
    return listener ? { scaleSet: listener.scaleSet.name, configUrl: listener.configUrl } : undefined;
  }
  return observation.set ?? undefined;
}

const attributesOf = (
  { cluster, namespace }: { cluster: string; namespace: string },
  about: About | undefined,
): SearchAttributePair[] => [
  { key: clusterKey, value: cluster },
  { key: namespaceKey, value: namespace },
  ...(about
    ? [
        { key: scaleSetKey, value: about.scaleSet },
        { key: repositoryUrlKey, value: about.configUrl },
      ]
    : []),
];
