import { autoscalingRunnerSets, secrets } from '../../../src/kubernetes/client/resources.ts';
import { aScene, key, name, namespace } from './scene.ts';

const scene = aScene();

test('removeScaleSet deletes at GitHub, then the id; one that is not there counts', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  expect(await scene.run('removeScaleSet', target)).toEqual({});
  expect(scene.github.admin.scaleSets()).toEqual([]);
  expect(scene.read().metadata.annotations).not.toHaveProperty('runner-scale-set-id');
  await scene.cluster.client.mergePatch(autoscalingRunnerSets, key, {
    metadata: { annotations: { 'runner-scale-set-id': '99' } },
  });
  expect(await scene.run('removeScaleSet', target)).toEqual({});
});

test('removeScaleSet without the Secret fails, and when forced says what was left', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  await scene.cluster.client.delete(secrets, { namespace, name: 'github' });
  await expect(scene.run('removeScaleSet', target)).rejects.toMatchObject({ type: 'SecretNotFound' });
  const { leaked } = await scene.run('removeScaleSet', { ...target, force: true });
  expect(leaked).toContain('Scale set 1 was left');
  expect(scene.read().metadata.annotations).not.toHaveProperty('runner-scale-set-id');
});

test('one whose jobs still run is asked for again soon, and keeps its id', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  scene.github.admin.addFault({
    match: 'deletescaleset',
    kind: 'status',
    status: 400,
    typeName: 'JobStillRunningException',
  });
  await expect(scene.run('removeScaleSet', target)).rejects.toMatchObject({
    type: 'JobStillRunning',
    nextRetryDelay: '2s',
  });
  expect(scene.read().metadata.annotations).toHaveProperty('runner-scale-set-id', '1');
});

test('it is deleted where its id is valid, also after a move to another URL', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  await scene.edit({ githubConfigUrl: scene.github.configUrl('octo/other') });
  scene.github.admin.clearCalls();
  scene.github.admin.addFault({ match: 'deletescaleset', kind: 'status', status: 403 });
  const { leaked } = await scene.run('removeScaleSet', { ...target, force: true });
  expect(leaked).toContain(`left at ${scene.github.configUrl('octo/app')};`);
  await scene.cluster.client.mergePatch(autoscalingRunnerSets, key, {
    metadata: { annotations: { 'runner-scale-set-id': '1' } },
  });
  await scene.run('removeScaleSet', target);
  expect(scene.github.admin.scaleSets()).toEqual([]);
  expect(scene.github.admin.calls().filter(({ path }) => path.includes('octo/other'))).toEqual([]);
});

test.each<[string, (target: { uid: string }) => { uid: string }]>([
  ['another of that name', (target) => ({ ...target, uid: 'another' })],
  ['one that has no scale set', (target) => target],
])('nothing is asked of GitHub for %s', async (_what, change) => {
  const target = scene.create();
  scene.github.admin.createScaleSet({ id: 1, name });
  expect(await scene.run('removeScaleSet', { ...target, ...change(target) })).toEqual({});
  expect(scene.github.admin.calls()).toEqual([]);
});

test('a scale set that another one has stays for that one, and is named', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  const { annotations = {} } = scene.read().metadata;
  scene.createOther('other', annotations);
  expect(await scene.run('removeScaleSet', target)).toEqual({
    kept: 'Scale set 1 stays at GitHub: AutoscalingRunnerSet other/demo has it.',
  });
  expect(scene.github.admin.scaleSets()).toHaveLength(1);
  expect(scene.read().metadata.annotations).not.toHaveProperty('runner-scale-set-id');
});

test.each<[string, object, object]>([
  ['is being deleted as well', {}, { finalizers: ['of/others'] }],
  ['has the same id at another URL', { githubConfigUrl: 'https://github.com/octo/elsewhere' }, {}],
])('one that %s does not keep it', async (_what, spec, metadata) => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  const other = scene.createOther('other', { 'runner-scale-set-id': '1' }, spec);
  const otherKey = { namespace: 'other', name: other.name };
  await scene.cluster.client.mergePatch(autoscalingRunnerSets, otherKey, { metadata });
  if ('finalizers' in metadata) await scene.cluster.client.delete(autoscalingRunnerSets, otherKey);
  expect(await scene.run('removeScaleSet', target)).toEqual({});
  expect(scene.github.admin.scaleSets()).toEqual([]);
});
