import { leftScaleSets, noteOf } from '../../../src/activities/autoscaling-runner-set/left-scale-sets.ts';
import { LEFT_SCALE_SETS_ANNOTATION } from '../../../src/api/annotations.ts';
import { secrets } from '../../../src/kubernetes/client/resources.ts';
import { aScene, namespace } from './scene.ts';

const scene = aScene();
const url = (repository: string) => scene.github.configUrl(`octo/${repository}`);
const ids = () => scene.github.admin.scaleSets().map(({ id }) => id);
const noted = () => leftScaleSets(scene.read());

async function move(to: string, target: { namespace: string; name: string; uid: string }) {
  await scene.edit({ githubConfigUrl: url(to) });
  return scene.run('prepareScaleSet', target);
}

test.each([
  ['nothing', undefined, []],
  ['no JSON', '{', []],
  ['no list', '{"id":1}', []],
  [
    'entries that are none',
    '[null, 7, {"id":"1","url":"u"}, {"id":1}, {"id":2,"url":"u"}]',
    [{ id: 2, url: 'u' }],
  ],
])('a note that says %s', (_what, note, expected) => {
  const annotations = note === undefined ? {} : { [LEFT_SCALE_SETS_ANNOTATION]: note };
  expect(leftScaleSets({ metadata: { annotations } })).toEqual(expected);
});

test('a note says each once', () => {
  const one = { id: 1, url: 'u' };
  const [value] = Object.values(noteOf({ metadata: {} }, one));
  const metadata = { annotations: { [LEFT_SCALE_SETS_ANNOTATION]: value } } as never;
  expect(Object.values(noteOf({ metadata }, one))).toEqual([value]);
});

test.each([403, 400, 500])(
  'GitHub fails once with %i: it is noted, and the next try deletes it',
  async (status) => {
    const target = scene.create();
    await scene.run('prepareScaleSet', target);
    scene.github.admin.addFault({ match: 'deletescaleset', kind: 'status', status });
    await move('other', target);
    expect(noted()).toEqual([{ id: 1, url: url('app') }]);
    const { events = [] } = (await scene.run('prepareScaleSet', target)) ?? {};
    expect(events).toMatchObject([{ type: 'Normal', reason: 'ScaleSetDeleted' }]);
    expect(scene.read().metadata.annotations).not.toHaveProperty([LEFT_SCALE_SETS_ANNOTATION]);
    expect(ids()).toEqual([2]);
  },
);

test('several moves in a row leave none behind, and none is told of twice', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  scene.github.admin.addFault({ match: 'deletescaleset', kind: 'status', status: 403, times: 4 });
  await move('two', target);
  await move('three', target);
  expect(noted().map(({ id }) => id)).toEqual([1, 2]);
  expect(await scene.run('prepareScaleSet', target)).toMatchObject({
    events: [{ reason: 'ScaleSetDeleted' }],
  });
  await scene.run('prepareScaleSet', target);
  expect(noted()).toEqual([]);
  expect(ids()).toEqual([3]);
});

test('a deletion waits for what was left, and goes without it when it is forced', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  scene.github.admin.addFault({ match: 'deletescaleset', kind: 'status', status: 403, times: 3 });
  await move('other', target);
  await expect(scene.run('removeScaleSet', target)).rejects.toMatchObject({ type: 'ScaleSetLeftBehind' });
  expect(ids()).toEqual([1, 2]);
  expect(await scene.run('removeScaleSet', { ...target, force: true })).toMatchObject({
    leaked: expect.stringContaining(`Scale set 1 was left at ${url('app')}`),
  });
  expect(ids()).toEqual([1]);
});

test('after a move and back, the scale set is not deleted that is in use again', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  scene.github.admin.addFault({ match: 'deletescaleset', kind: 'status', status: 403 });
  await move('other', target);
  expect(noted()).toMatchObject([{ id: 1 }]);
  const back = await move('app', target);
  expect(back).toMatchObject({ scaleSetId: 1 });
  expect(ids()).toEqual([1]);
  expect(noted()).toEqual([]);
});

test('one that another AutoscalingRunnerSet has stays for that one', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  scene.createOther('other', scene.read().metadata.annotations ?? {});
  const moved = await move('other', target);
  expect(moved?.events).toContainEqual({
    type: 'Normal',
    reason: 'ScaleSetKept',
    message: expect.stringContaining('stays for AutoscalingRunnerSet other/demo'),
  });
  expect(ids()).toEqual([1, 2]);
  expect(noted()).toEqual([]);
});

test('what cannot be read is cleared away, and not tried for ever', async () => {
  const target = scene.create({}, { [LEFT_SCALE_SETS_ANNOTATION]: '{' });
  await scene.run('prepareScaleSet', target);
  expect(scene.read().metadata.annotations).not.toHaveProperty([LEFT_SCALE_SETS_ANNOTATION]);
});

describe('where the new URL needs other credentials', () => {
  const data = (token: string) => ({ data: { github_token: Buffer.from(token).toString('base64') } });

  /** It has moved to a URL with another Secret, and the old one could not be deleted so far. */
  async function moved() {
    const target = scene.create();
    await scene.run('prepareScaleSet', target);
    await scene.run('applyChildren', target);
    scene.cluster.put(secrets, namespace, { metadata: { name: 'new' }, ...data('ghp_new') });
    scene.github.admin.setCredentials({ tokens: [scene.github.token, 'ghp_new'] });
    scene.github.admin.addFault({ match: 'deletescaleset', kind: 'status', status: 403, times: 2 });
    await scene.edit({ githubConfigUrl: url('other'), githubConfigSecret: 'new' });
    await scene.run('prepareScaleSet', target);
    await scene.run('applyChildren', target);
    return target;
  }

  test('those that were good at the old one are noted by name, and used', async () => {
    const target = await moved();
    expect(noted()).toEqual([{ id: 1, url: url('app'), access: { githubConfigSecret: 'github' } }]);
    await scene.run('prepareScaleSet', target);
    expect(ids()).toEqual([2]);
  });

  test('when they are no longer there, those of now are tried', async () => {
    const target = await moved();
    await scene.cluster.client.delete(secrets, { namespace, name: 'github' });
    await scene.run('prepareScaleSet', target);
    expect([ids(), noted()]).toEqual([[2], []]);
  });
});
