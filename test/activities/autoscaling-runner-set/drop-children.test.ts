import { autoscalingListeners, ephemeralRunnerSets } from '../../../src/kubernetes/client/resources.ts';
import { aScene, namespace } from './scene.ts';

const scene = aScene();

test('dropChildren deletes only those that were meant', async () => {
  scene.cluster.put(ephemeralRunnerSets, namespace, { metadata: { name: 'a' }, spec: { replicas: 3 } });
  const { metadata } = scene.cluster.put(ephemeralRunnerSets, namespace, {
    metadata: { name: 'b' },
    spec: {},
  });
  await scene.run('dropChildren', {
    namespace,
    empty: ['a', 'not-there'],
    runnerSets: [
      { name: 'b', uid: metadata.uid ?? '' },
      { name: 'a', uid: 'another' },
      { name: 'c', uid: 'gone' },
    ],
    listeners: [],
  });
  expect(scene.cluster.all(ephemeralRunnerSets, namespace)).toMatchObject([
    { metadata: { name: 'a' }, spec: { replicas: 0, patchID: 0 } },
  ]);
});

test('listeners go likewise, wherever they live', async () => {
  const metadata = { name: 'l' };
  const { metadata: meant } = scene.cluster.put(autoscalingListeners, 'systems', { metadata, spec: {} });
  scene.cluster.put(autoscalingListeners, namespace, { metadata, spec: {} });
  const nothing = { namespace, empty: [], runnerSets: [] };
  const uid = meant.uid ?? '';
  await scene.run('dropChildren', {
    ...nothing,
    listeners: [
      { namespace: 'systems', name: 'l', uid },
      { namespace, name: 'l', uid },
    ],
  });
  expect(scene.cluster.all(autoscalingListeners)).toMatchObject([{ metadata: { namespace } }]);
  await scene.run('dropChildren', { ...nothing, listeners: [{ namespace: 'systems', name: 'l', uid }] });
});

test('a deletion that is refused is a failure with its reason', async () => {
  scene.cluster.put(ephemeralRunnerSets, namespace, { metadata: { name: 'a', uid: 'a' }, spec: {} });
  const refused = {
    verb: 'delete',
    resource: ephemeralRunnerSets,
    status: 403,
    reason: 'Forbidden',
  } as const;
  scene.cluster.failNext(refused);
  const runnerSets = [{ name: 'a', uid: 'a' }];
  await expect(
    scene.run('dropChildren', { namespace, empty: [], runnerSets, listeners: [] }),
  ).rejects.toMatchObject({ type: 'KubernetesForbidden', nonRetryable: true });
});
