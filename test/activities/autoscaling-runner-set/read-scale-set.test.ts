import { readScaleSet } from '../../../src/activities/autoscaling-runner-set/read-scale-set.ts';
import { autoscalingRunnerSets } from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const key = { namespace: 'team', name: 'demo' };

function aCluster(): { cluster: ClusterStandIn; uid: string } {
  const cluster = new ClusterStandIn();
  const { metadata } = cluster.put(autoscalingRunnerSets, key.namespace, {
    metadata: { name: key.name },
    spec: { maxRunners: 3 },
  });
  return { cluster, uid: metadata.uid ?? '' };
}

test('the AutoscalingRunnerSet is read as it is now', async () => {
  const { cluster, uid } = aCluster();
  expect(await readScaleSet(cluster.client, { ...key, uid })).toMatchObject({
    metadata: { uid },
    spec: { maxRunners: 3 },
  });
});

test('one that is gone, and another of its name, are none', async () => {
  const { cluster, uid } = aCluster();
  expect(await readScaleSet(cluster.client, { ...key, uid: 'before' })).toBeUndefined();
  expect(await readScaleSet(cluster.client, { ...key, name: 'other', uid })).toBeUndefined();
});

test('a server that refuses is not taken for one that is gone', async () => {
  const { cluster, uid } = aCluster();
  cluster.failNext({ verb: 'get', resource: autoscalingRunnerSets, status: 503, reason: 'Unavailable' });
  await expect(readScaleSet(cluster.client, { ...key, uid })).rejects.toMatchObject({ status: 503 });
});
