import { jest } from '@jest/globals';
import { API_VERSION } from '../../src/api/v1alpha1/group.ts';
import type { Kind } from '../../src/api/v1alpha1/group.ts';
import { ignoreNotFound } from '../../src/kubernetes/client/errors.ts';
import type { KubernetesObject, Resource } from '../../src/kubernetes/client/resources.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunnerSets,
  ephemeralRunners,
} from '../../src/kubernetes/client/resources.ts';
import { eventually, startScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';

jest.setTimeout(180_000);

let scene: Scene;

beforeAll(async () => {
  scene = await startScene('odd-objects');
});

afterAll(() => scene.stop());

const KINDS: [Kind, Resource<never>][] = [
  ['EphemeralRunnerSet', ephemeralRunnerSets as never],
  ['AutoscalingRunnerSet', autoscalingRunnerSets as never],
  ['AutoscalingListener', autoscalingListeners as never],
  ['EphemeralRunner', ephemeralRunners as never],
];

const create = (kind: Kind, resource: Resource<never>, name: string): Promise<KubernetesObject> => {
  const object = { apiVersion: API_VERSION, kind, metadata: { name, namespace: scene.namespace } };
  return scene.kubernetes.create(resource, scene.namespace, object as never);
};

test('objects that have only metadata keep no set from being served, and go when they are deleted', async () => {
  for (const [kind, resource] of KINDS) await create(kind, resource, 'bare');
  const set = await scene.createSet('served', { replicas: 2 });
  await set.ready(2);
  await eventually(async () => {
    const key = { namespace: scene.namespace, name: 'bare' };
    const { status } = await scene.kubernetes.get(autoscalingRunnerSets, key);
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'ScaleSetReady', status: 'False', reason: 'InvalidSpec' }),
    );
  }, 60_000);
  for (const [, resource] of KINDS) {
    // A listener that serves no scale set may have gone already.
    await ignoreNotFound(scene.kubernetes.delete(resource, { namespace: scene.namespace, name: 'bare' }));
  }
  await eventually(async () => {
    for (const [kind, resource] of KINDS) {
      const { items } = await scene.kubernetes.list(resource, { namespace: scene.namespace });
      const names = items.map((each: KubernetesObject) => each.metadata?.name);
      expect([kind, names.includes('bare')]).toEqual([kind, false]);
    }
  }, 90_000);
});
