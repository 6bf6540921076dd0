import { jest } from '@jest/globals';
import { ephemeralRunnerSets, ephemeralRunners } from '../../src/kubernetes/client/resources.ts';
import { createScaleSet } from './support/scale-set-scene.ts';
import { TOKEN_SECRET, always, eventually, podTemplate, startScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';

jest.setTimeout(180_000);

let scene: Scene;

beforeAll(async () => {
  scene = await startScene('odd-names');
});

afterAll(() => scene.stop());

test('a bare EphemeralRunnerSet says what is missing, and so it rests', async () => {
  const key = { namespace: scene.namespace, name: 'bare' };
  await scene.kubernetes.create(ephemeralRunnerSets, scene.namespace, { metadata: key } as never);
  await eventually(async () => {
    const { status } = await scene.kubernetes.get(ephemeralRunnerSets, key);
    for (const condition of [
      { type: 'Ready', status: 'False' },
      { type: 'CreationBlocked', status: 'True' },
    ])
      expect(status?.conditions).toContainEqual(
        expect.objectContaining({ ...condition, reason: 'InvalidSpec' }),
      );
  });
});

const eventsOf = async (handle: { describe(): Promise<{ historyLength: number }> }): Promise<number> =>
  (await handle.describe()).historyLength;

test('a name that cannot be a label is told once, with the longest possible, and not tried again', async () => {
  const scaleSet = await createScaleSet(scene, 'n'.repeat(64));
  await eventually(async () =>
    expect(await scaleSet.condition('ScaleSetReady')).toMatchObject({
      status: 'False',
      reason: 'InvalidName',
      message: expect.stringContaining('at most 63'),
    }),
  );
  const before = await eventsOf(scaleSet.workflow());
  await always(8_000, () => undefined);
  expect(await eventsOf(scaleSet.workflow())).toBeLessThanOrEqual(before + 6);
  expect(await scaleSet.events('InvalidName')).toHaveLength(1);
  await scaleSet.delete();
  await scaleSet.gone();
});

test.each(['s'.repeat(253), `${'s'.repeat(57)}.with.dots`])(
  'a set called %s has its runners',
  async (name) => {
    const set = await scene.createSet(name, { replicas: 1 });
    await set.ready(1);
  },
);

test('a label that is taken off goes from what is below', async () => {
  const scaleSet = await createScaleSet(scene, 'labelled', { labels: { team: 'a', other: 'b' } });
  const { set } = await scaleSet.running();
  expect(set.metadata.labels).toMatchObject({ team: 'a', other: 'b' });
  await scaleSet.patch({ metadata: { labels: { team: null } } });
  await eventually(async () => {
    const { set: live, listener } = await scaleSet.running();
    for (const { metadata } of [live, listener]) {
      expect(metadata.labels).toMatchObject({ other: 'b' });
      expect(metadata.labels).not.toHaveProperty('team');
    }
  });
});

test('signals that cannot be read stop nothing', async () => {
  const set = await scene.createSet('signalled', { replicas: 1 });
  await set.ready(1);
  for (const signal of ['observe', 'scale', 'nobody-knows'])
    for (const payload of [null, 7, 'text', [], {}, { at: 1, runners: [null] }, { at: 1, settings: {} }])
      await set.workflow().signal(signal, payload);
  await set.patch({ replicas: 2, patchID: 0 });
  await set.ready(2);
});

test('two runners of no set: what the first lacks does not hold up the second', async () => {
  const { id } = scene.github.admin.createScaleSet({ name: 'alone' });
  const spec = {
    githubConfigUrl: scene.github.configUrl('octo/app'),
    runnerScaleSetId: id,
    spec: podTemplate(),
  };
  const put = (name: string, githubConfigSecret: string): Promise<unknown> =>
    scene.kubernetes.create(ephemeralRunners, scene.namespace, {
      metadata: { name },
      spec: { ...spec, githubConfigSecret },
    } as never);
  await put('first', 'missing');
  await put('second', TOKEN_SECRET);
  await eventually(async () => {
    const second = await scene.kubernetes.get(ephemeralRunners, {
      namespace: scene.namespace,
      name: 'second',
    });
    expect(second.status?.ready).toBe(true);
  });
  expect(await scene.events({ about: 'first', reason: 'SecretNotFound' })).toHaveLength(1);
});
