import { jest } from '@jest/globals';
import { autoscalingListeners, autoscalingRunnerSets, pods } from '../../src/kubernetes/client/resources.ts';
import { always, eventually, startScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';
import { createScaleSet } from './support/scale-set-scene.ts';

jest.setTimeout(180_000);

/** The benchmark has 200 of them (`--idle-sets 200`). */
const SCALE_SETS = 30;

let scene: Scene;

beforeAll(async () => {
  scene = await startScene('many');
});

afterAll(() => scene.stop());

it(`${SCALE_SETS} scale sets add no pod, and each one's queue is polled`, async () => {
  const names = Array.from({ length: SCALE_SETS }, (_, index) => `idle-${index}`);
  const sets = await Promise.all(names.map((name) => createScaleSet(scene, name)));
  const { admin } = scene.github;
  const polled = (): string[] =>
    admin.scaleSets().flatMap(({ name, hasSession, capacity }) => (hasSession && capacity ? [name] : []));
  await eventually(async () => {
    const { items } = await scene.kubernetes.list(autoscalingListeners, { namespace: scene.namespace });
    expect(items).toHaveLength(SCALE_SETS);
    expect(polled().toSorted()).toEqual(names.toSorted());
  }, 120_000);
  await always(2_000, async () => {
    expect((await scene.kubernetes.list(pods, { namespace: scene.namespace })).items).toEqual([]);
  });
  await Promise.all(sets.map((set) => scene.kubernetes.delete(autoscalingRunnerSets, set.key)));
  await eventually(() => expect(admin.scaleSets()).toEqual([]), 120_000);
});
