import { leftScaleSets, noteOf } from '../../../src/activities/autoscaling-runner-set/left-scale-sets.ts';
import { LEFT_SCALE_SETS_ANNOTATION } from '../../../src/api/annotations.ts';
import { aScene } from './scene.ts';

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
