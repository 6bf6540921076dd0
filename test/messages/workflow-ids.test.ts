import * as ids from '../../src/messages/workflow-ids.ts';

/** Every workflow and task queue of one cluster; resources are called alike on purpose. */
const all = (cluster: string): string[] => {
  const formed: ((cluster: string, namespace: string, name: string) => string)[] = Object.values(ids);
  return formed.map((form) => form(cluster, 'team', 'demo'));
};
const workflowIds = (cluster: string): string[] =>
  all(cluster).filter((id) => !id.startsWith('temporal-arc/'));

test('resources of the same name have workflows and task queues of their own', () => {
  expect(new Set(all('kind')).size).toBe(Object.keys(ids).length);
});

test('clusters that share a Temporal namespace share no workflow and no task queue', () => {
  expect(all('kind').filter((id) => all('other').includes(id))).toEqual([]);
});

test('a workflow’s id begins with the cluster’s name: listeners find their task queue by it', () => {
  expect(workflowIds('kind').map((id) => id.split('/')[0])).toEqual(['kind', 'kind', 'kind', 'kind', 'kind']);
});

test.each([
  ['autoscalingRunnerSetWorkflowId', ids.autoscalingRunnerSetWorkflowId],
  ['autoscalingListenerWorkflowId', ids.autoscalingListenerWorkflowId],
  ['ephemeralRunnerSetWorkflowId', ids.ephemeralRunnerSetWorkflowId],
  ['listenerTaskQueueOf', ids.listenerTaskQueueOf],
])('%s tells namespace and name apart', (_form, form) => {
  const formed = [
    ['a', 'b'],
    ['b', 'a'],
    ['a', 'a'],
    ['a-b', 'c'],
    ['a', 'b-c'],
  ].map(([namespace = '', name = '']) => form('kind', namespace, name));
  expect(new Set(formed).size).toBe(5);
});

test('the queue of one listener’s pod is not the one that all others share', () => {
  const pod = ids.listenerTaskQueueOf('kind', 'team', 'demo');
  expect(pod).not.toBe(ids.listenersTaskQueueOf('kind'));
  expect(pod.startsWith(`${ids.taskQueueOf('kind')}/`)).toBe(true);
});
