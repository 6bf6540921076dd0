import {
  DRAINING_ANNOTATION,
  PAUSED_ANNOTATION,
  PAUSED_WITH_OWNER_ANNOTATION,
} from '../../../src/api/annotations.ts';
import type { AutoscalingRunnerSetSpec } from '../../../src/api/v1alpha1/autoscaling-runner-set.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunnerSets,
} from '../../../src/kubernetes/client/resources.ts';
import { aScene, key, name, namespace } from './scene.ts';

const scene = aScene();

async function prepared(spec: Partial<AutoscalingRunnerSetSpec> = {}) {
  const target = scene.create(spec);
  await scene.run('prepareScaleSet', target);
  await scene.run('applyChildren', target);
  scene.cluster.writes.length = 0;
  return target;
}

test('creates both, and a second time writes nothing', async () => {
  const target = await prepared();
  expect(scene.runnerSet().spec).toMatchObject({
    replicas: 0,
    patchID: 0,
    ephemeralRunnerSpec: { runnerScaleSetId: 1 },
  });
  expect(scene.listener().spec.ephemeralRunnerSetName).toBe(name);
  await scene.run('applyChildren', target);
  expect(scene.cluster.writes).toEqual([]);
});

test('a new template is patched where it stands; replicas and the listener are not touched', async () => {
  const target = await prepared();
  const { uid } = scene.runnerSet().metadata;
  await scene.cluster.client.mergePatch(ephemeralRunnerSets, key, { spec: { replicas: 9, patchID: 4 } });
  scene.cluster.writes.length = 0;
  await scene.edit({ template: { spec: { containers: [{ name: 'runner', image: 'new' }] } } });
  scene.cluster.writes.length = 0;
  await scene.run('applyChildren', target);
  expect(scene.cluster.writes).toEqual([{ verb: 'patch', resource: 'ephemeralrunnersets', name }]);
  expect(scene.runnerSet()).toMatchObject({
    metadata: { uid },
    spec: { replicas: 9, patchID: 4, ephemeralRunnerSpec: { spec: { containers: [{ image: 'new' }] } } },
  });
});

test('a template that waits leaves its mark, and takes effect later', async () => {
  const target = await prepared();
  await scene.edit({ githubConfigSecret: 'other' });
  await scene.run('applyChildren', { ...target, hold: true });
  expect(scene.runnerSet().metadata.annotations).toMatchObject({ [DRAINING_ANNOTATION]: 'true' });
  expect(scene.runnerSet().spec.ephemeralRunnerSpec?.githubConfigSecret).toBe('github');
  await scene.run('applyChildren', target);
  expect(scene.runnerSet().metadata.annotations).not.toHaveProperty([DRAINING_ANNOTATION]);
  expect(scene.runnerSet().spec.ephemeralRunnerSpec?.githubConfigSecret).toBe('other');
});

test('other limits patch the listener where it stands', async () => {
  const target = await prepared();
  const { uid } = scene.listener().metadata;
  await scene.edit({ maxRunners: 5 });
  await scene.run('applyChildren', target);
  expect(scene.listener()).toMatchObject({
    metadata: { uid },
    spec: { maxRunners: 5, minRunners: 0 },
  });
});

const image = (name: string) => ({ template: { spec: { containers: [{ name: 'runner', image: name }] } } });
const hash = (object: { metadata: { annotations?: Record<string, string> } }) =>
  object.metadata.annotations?.['actions.github.com/integrity-hash'];

test('a new template and new labels go down with one write, and the hash tells of the template', async () => {
  const target = await prepared();
  const before = hash(scene.runnerSet());
  await scene.cluster.client.mergePatch(autoscalingRunnerSets, key, { metadata: { labels: { team: 'b' } } });
  await scene.edit(image('new'));
  scene.cluster.writes.length = 0;
  await scene.run('applyChildren', target);
  expect(scene.cluster.writes.filter(({ resource }) => resource === 'ephemeralrunnersets')).toHaveLength(1);
  expect(scene.runnerSet()).toMatchObject({
    metadata: { labels: { team: 'b' } },
    spec: { ephemeralRunnerSpec: { spec: { containers: [{ image: 'new' }] } } },
  });
  expect(hash(scene.runnerSet())).not.toBe(before);
});

test('labels go down while a template waits, and the hash waits with it', async () => {
  const target = await prepared();
  const before = hash(scene.runnerSet());
  await scene.cluster.client.mergePatch(autoscalingRunnerSets, key, { metadata: { labels: { team: 'b' } } });
  await scene.edit(image('new'));
  await scene.run('applyChildren', { ...target, hold: true });
  expect(scene.runnerSet().metadata.labels).toMatchObject({ team: 'b' });
  expect(hash(scene.runnerSet())).toBe(before);
});

test.each<[string, Partial<AutoscalingRunnerSetSpec>, object]>([
  [
    'annotations for sets',
    { ephemeralRunnerSetMetadata: { annotations: { note: 'two' } } },
    { metadata: { annotations: { note: 'two' } } },
  ],
  [
    'metadata for runners',
    { ephemeralRunnerMetadata: { labels: { note: 'two' } } },
    { spec: { ephemeralRunnerMetadata: { labels: { note: 'two' } } } },
  ],
])('%s: the template stays as it is, and so does the listener', async (_what, spec, expected) => {
  const target = await prepared({
    ephemeralRunnerSetMetadata: { annotations: { note: 'one' } },
    ephemeralRunnerMetadata: { labels: { note: 'one' } },
  });
  const before = scene.runnerSet();
  await scene.edit(spec);
  scene.cluster.writes.length = 0;
  await scene.run('applyChildren', target);
  expect(scene.cluster.writes).toEqual([{ verb: 'patch', resource: 'ephemeralrunnersets', name }]);
  expect(scene.runnerSet()).toMatchObject(expected);
  expect(hash(scene.runnerSet())).toBe(hash(before));
  expect(scene.runnerSet().spec.ephemeralRunnerSpec).toEqual(before.spec.ephemeralRunnerSpec);
});

test('another Secret goes down to the set and to the listener, both where they stand', async () => {
  const target = await prepared();
  const [uid, listenerUid] = [scene.runnerSet().metadata.uid, scene.listener().metadata.uid];
  await scene.edit({ githubConfigSecret: 'other' });
  await scene.run('applyChildren', target);
  expect(scene.runnerSet()).toMatchObject({
    metadata: { uid },
    spec: { ephemeralRunnerSpec: { githubConfigSecret: 'other' } },
  });
  expect(scene.listener()).toMatchObject({
    metadata: { uid: listenerUid },
    spec: { githubConfigSecret: 'other' },
  });
});

test('without the id of the scale set nothing is written: children would belong to none', async () => {
  const target = await prepared();
  const annotations = { 'runner-scale-set-id': null };
  await scene.cluster.client.mergePatch(autoscalingRunnerSets, key, { metadata: { annotations } });
  scene.cluster.writes.length = 0;
  await scene.run('applyChildren', target);
  expect(scene.cluster.writes).toEqual([]);
  await scene.run('prepareScaleSet', target);
  expect(scene.read().metadata.annotations?.['runner-scale-set-id']).toBe('1');
  expect(scene.github.admin.scaleSets()).toHaveLength(1);
});

test('pause and resume go down; a set that was paused by itself stays so', async () => {
  const target = await prepared();
  const pause = (paused: string | null) =>
    scene.cluster.client.mergePatch(autoscalingRunnerSets, key, {
      metadata: { annotations: { [PAUSED_ANNOTATION]: paused } },
    });
  const isPaused = () => scene.runnerSet().metadata.annotations?.[PAUSED_ANNOTATION] === 'true';
  await pause('true');
  await scene.run('applyChildren', target);
  expect(isPaused()).toBe(true);
  await pause(null);
  await scene.run('applyChildren', target);
  expect(isPaused()).toBe(false);
  const annotations = { [PAUSED_ANNOTATION]: 'true' };
  await scene.cluster.client.mergePatch(ephemeralRunnerSets, key, { metadata: { annotations } });
  await scene.run('applyChildren', target);
  expect(isPaused()).toBe(true);
});

test('the newest of several sets is the one that counts', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  for (const each of ['demo-aaaaa', 'demo-bbbbb'])
    scene.cluster.put(ephemeralRunnerSets, namespace, {
      metadata: {
        name: each,
        ownerReferences: [{ kind: 'AutoscalingRunnerSet', name, controller: true, uid: target.uid }],
      },
      spec: { replicas: 1, patchID: 1 },
    });
  await scene.run('applyChildren', target);
  expect(scene.runnerSet()).toBeUndefined();
  expect(scene.listener().spec.ephemeralRunnerSetName).toBe('demo-bbbbb');
  const [older, newer] = ['demo-aaaaa', 'demo-bbbbb'].map((each) =>
    scene.cluster.find(ephemeralRunnerSets, { namespace, name: each }),
  );
  expect(older?.spec).toEqual({ replicas: 1, patchID: 1 });
  expect(newer?.spec).toMatchObject({ replicas: 1, ephemeralRunnerSpec: { runnerScaleSetId: 1 } });
});

test('the listener lives in the controller namespace when there is one', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  await scene.run('applyChildren', target, { controllerNamespace: 'systems' });
  expect(
    scene.cluster.find(autoscalingListeners, { ...scene.listenerKey(), namespace: 'systems' }),
  ).toBeDefined();
});

test('one that is gone, going, or another of that name gets no children', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  scene.cluster.writes.length = 0;
  await scene.run('applyChildren', { ...target, uid: 'another' });
  expect(scene.cluster.writes).toEqual([]);
  await scene.markDeleted();
  scene.cluster.writes.length = 0;
  await scene.run('applyChildren', target);
  expect(scene.cluster.writes).toEqual([]);
});

test('a listener that is being deleted is left alone', async () => {
  const target = await prepared();
  await scene.cluster.client.mergePatch(autoscalingListeners, scene.listenerKey(), {
    metadata: { finalizers: ['of/its-workflow'] },
  });
  await scene.cluster.client.delete(autoscalingListeners, scene.listenerKey());
  await scene.edit({ maxRunners: 5 });
  scene.cluster.writes.length = 0;
  await scene.run('applyChildren', target);
  expect(scene.cluster.writes).toEqual([]);
  expect(scene.listener().spec.maxRunners).not.toBe(5);
});

test('children that somebody else makes at the same moment are as good', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  for (const resource of [ephemeralRunnerSets, autoscalingListeners])
    scene.cluster.failNext({ verb: 'create', resource, status: 409, reason: 'AlreadyExists' });
  await expect(scene.run('applyChildren', target)).resolves.toBeUndefined();
});

test('a set that is created for a paused scale set is paused with it from the start', async () => {
  const target = scene.create({}, { [PAUSED_ANNOTATION]: 'true' });
  await scene.run('prepareScaleSet', target);
  await scene.run('applyChildren', target);
  expect(scene.runnerSet().metadata.annotations).toMatchObject({
    [PAUSED_ANNOTATION]: 'true',
    [PAUSED_WITH_OWNER_ANNOTATION]: 'true',
  });
});
