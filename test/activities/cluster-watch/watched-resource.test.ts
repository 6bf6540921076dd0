import { kindOf, resourceOf } from '../../../src/activities/cluster-watch/watched-resource.ts';
import type { WorkflowTarget } from '../../../src/activities/cluster-watch/workflow-target.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunners,
  ephemeralRunnerSets,
} from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const namespace = 'team';

test.each<[WorkflowTarget, string, object]>([
  [{ namespace, autoscalingRunnerSet: 'demo' }, 'AutoscalingRunnerSet', autoscalingRunnerSets],
  [{ namespace, listener: 'demo' }, 'AutoscalingListener', autoscalingListeners],
  [{ namespace, runnerSet: 'demo' }, 'EphemeralRunnerSet', ephemeralRunnerSets],
  [{ namespace }, 'EphemeralRunner', ephemeralRunners],
])('%j is asked for as it is', async (target, kind, resource) => {
  const cluster = new ClusterStandIn();
  expect(kindOf(target)).toBe(kind);
  expect(await resourceOf(cluster.client, target)).toBeUndefined();
  cluster.put(resource as never, namespace, { metadata: { name: 'demo' } });
  expect(await resourceOf(cluster.client, target)).toMatchObject({ kind, namespace, name: 'demo' });
});

test('a runner that belongs to a set is no runner of none', async () => {
  const cluster = new ClusterStandIn();
  const ownerReferences = [{ kind: 'EphemeralRunnerSet', name: 's', uid: 'u', apiVersion: 'v' }];
  cluster.put(ephemeralRunners, namespace, { metadata: { name: 'r', ownerReferences } });
  expect(await resourceOf(cluster.client, { namespace })).toBeUndefined();
});
