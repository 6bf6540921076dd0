import { createActivities, watchActivities } from '../../src/activities/index.ts';
import { sessionActivities } from '../../src/activities/autoscaling-listener/index.ts';
import { startOptionsFor } from '../../src/activities/cluster-watch/workflow-start.ts';
import type { WorkflowTarget } from '../../src/activities/cluster-watch/workflow-target.ts';
import * as listener from '../../src/messages/autoscaling-listener.ts';
import * as autoscalingRunnerSet from '../../src/messages/autoscaling-runner-set.ts';
import * as runnerSet from '../../src/messages/ephemeral-runner-set.ts';
import * as observations from '../../src/messages/observations.ts';
import * as searchAttributes from '../../src/messages/search-attributes.ts';
import * as ids from '../../src/messages/workflow-ids.ts';
import * as workflows from '../../src/workflows/index.ts';

/**
 * Names that stand in histories, in Temporal's lists and in people's scripts. Whoever changes one here breaks workflows
 * that run somewhere, or leaves what was started under the old name to itself.
 */

interface Definition {
  type: 'signal' | 'query' | 'update';
  name: string;
}

const isDefinition = (value: unknown): value is Definition =>
  typeof value === 'object' && value !== null && 'type' in value && 'name' in value;

/** All that a workflow can be told and asked, as "signal observe". */
const definitionsOf = (module: object): string[] =>
  Object.values(module)
    .filter(isDefinition)
    .map(({ type, name }) => `${type} ${name}`)
    .sort();

test.each<[string, object, string[]]>([
  ['any workflow', observations, ['signal observe']],
  [
    'an EphemeralRunnerSet',
    runnerSet,
    [
      'query state',
      'signal observe',
      'signal pause',
      'signal resume',
      'signal scale',
      'update pause',
      'update resume',
      'update scale',
    ],
  ],
  ['an AutoscalingRunnerSet', autoscalingRunnerSet, ['query state', 'signal observe']],
  ['an AutoscalingListener', listener, ['query state', 'signal observe', 'signal report']],
])('what the workflow of %s is told and asked by', (_what, module, names) => {
  expect(definitionsOf(module)).toEqual(names);
});

test('the types of workflows', () => {
  expect(Object.keys(workflows).sort()).toEqual([
    'autoscalingListener',
    'autoscalingRunnerSet',
    'clusterWatch',
    'ephemeralRunnerSet',
  ]);
  expect(Object.entries(workflows).filter(([type, { name }]) => type !== name)).toEqual([]);
});

test('the types of activities', () => {
  // Nothing is called: the names alone are of interest.
  expect(Object.keys(createActivities({} as never)).sort()).toEqual([
    'applyChildren',
    'applyListenerPod',
    'checkRegistrations',
    'closeListener',
    'createRunners',
    'dropChildren',
    'pauseRunnerSet',
    'pauseScaleSet',
    'prepareScaleSet',
    'publishListener',
    'publishScaleSet',
    'publishStatus',
    'releaseScaleSet',
    'removeListenerPod',
    'removeScaleSet',
    'retireRunners',
    'scaleRunnerSet',
  ]);
  expect(Object.keys(watchActivities({} as never))).toEqual(['watchCluster']);
  expect(Object.keys(sessionActivities({} as never))).toEqual(['listen']);
});

test.each<[string, object, string]>([
  ['of a set', { namespace: 'team', runnerSet: 'demo' }, 'ephemeralRunnerSet'],
  ['of runners without a set', { namespace: 'team' }, 'ephemeralRunnerSet'],
  ['of a scale set', { namespace: 'team', autoscalingRunnerSet: 'demo' }, 'autoscalingRunnerSet'],
  ['of a listener', { namespace: 'team', listener: 'demo' }, 'autoscalingListener'],
])('a workflow %s is started by a type that there is', (_what, target, type) => {
  const options = startOptionsFor('kind', target as WorkflowTarget, { at: 0 });
  expect(options.type).toBe(type);
  expect(workflows).toHaveProperty(options.type);
});

test('the search attributes, all of them keywords', () => {
  const keys = Object.values(searchAttributes).map(({ name, type }) => `${name} ${type}`);
  expect(keys.sort()).toEqual([
    'ArcCluster KEYWORD',
    'ArcNamespace KEYWORD',
    'ArcPhase KEYWORD',
    'ArcRepositoryUrl KEYWORD',
    'ArcScaleSet KEYWORD',
  ]);
});

const [cluster, namespace, name] = ['kind', 'team', 'demo'] as const;

const forms: Record<keyof typeof ids, [formed: string, expected: string]> = {
  clusterWatchWorkflowId: [ids.clusterWatchWorkflowId(cluster), 'kind/clusterwatch'],
  autoscalingRunnerSetWorkflowId: [
    ids.autoscalingRunnerSetWorkflowId(cluster, namespace, name),
    'kind/autoscalingrunnerset/team/demo',
  ],
  autoscalingListenerWorkflowId: [
    ids.autoscalingListenerWorkflowId(cluster, namespace, name),
    'kind/autoscalinglistener/team/demo',
  ],
  ephemeralRunnerSetWorkflowId: [
    ids.ephemeralRunnerSetWorkflowId(cluster, namespace, name),
    'kind/ephemeralrunnerset/team/demo',
  ],
  standaloneRunnersWorkflowId: [
    ids.standaloneRunnersWorkflowId(cluster, namespace),
    'kind/ephemeralrunners/team',
  ],
  taskQueueOf: [ids.taskQueueOf(cluster), 'temporal-arc/kind'],
  watchTaskQueueOf: [ids.watchTaskQueueOf(cluster), 'temporal-arc/kind/watch'],
  listenersTaskQueueOf: [ids.listenersTaskQueueOf(cluster), 'temporal-arc/kind/listeners'],
  listenerTaskQueueOf: [
    ids.listenerTaskQueueOf(cluster, namespace, name),
    'temporal-arc/kind/listener/team/demo',
  ],
};

test.each(Object.entries(forms))('the form of %s', (_what, [formed, expected]) => {
  expect(formed).toBe(expected);
});

test('no form is left out', () => {
  expect(Object.keys(forms).sort()).toEqual(Object.keys(ids).sort());
});
