import { jest } from '@jest/globals';
import { startScaleSet } from './support/listener-scene.ts';
import type { StartedScaleSet } from './support/listener-scene.ts';
import { createScaleSet, ScaleSet } from './support/scale-set-scene.ts';
import type { Scene } from './support/scene.ts';
import { eventually, startScene } from './support/scene.ts';

/** A spec that makes no sense is said at once; what was good before goes on. */

jest.setTimeout(120_000);

let scene: Scene;

beforeAll(async () => {
  scene = await startScene('invalid-spec');
}, 180_000);

afterAll(() => scene.stop(), 120_000);

describe('limits that make no sense, on a scale set that runs', () => {
  let demo: StartedScaleSet;
  let resource: ScaleSet;

  beforeAll(async () => {
    demo = await startScaleSet(scene, 'demo', { minRunners: 1, maxRunners: 4 });
    resource = new ScaleSet(scene, demo.name);
    await demo.online(1);
  });

  it('are InvalidSpec at once; the last good ones go on, and polling with them', async () => {
    await demo.patch({ minRunners: 9 });
    await eventually(async () => {
      for (const type of ['Ready', 'ScaleSetReady'])
        expect(await resource.condition(type)).toMatchObject({
          ...{ status: 'False', reason: 'InvalidSpec' },
          message: expect.stringMatching(/spec\.minRunners is greater than maxRunners, 4/),
        });
    }, 15_000);
    expect(await resource.events('InvalidSpec')).toHaveLength(1);
    const [job] = scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 100 });
    await eventually(() => expect(scene.job(job!.jobId).state).toBe('completed'), 20_000);
    expect((await demo.listener()).spec).toMatchObject({ minRunners: 1, maxRunners: 4 });
    expect(await demo.ready()).toMatchObject({ status: 'True' });
    expect([demo.capacity(), await demo.restarts()]).toEqual([4, 0]);
  });

  it('do not keep a listener that is deleted meanwhile from coming back', async () => {
    const { metadata } = await demo.listener();
    await scene.kubectl('delete', 'autoscalinglistener', demo.listenerName, '--wait=false');
    await eventually(async () => {
      expect((await demo.listener()).metadata.uid).not.toBe(metadata.uid);
      expect(await demo.ready()).toMatchObject({ status: 'True' });
    });
  });

  it('are forgotten once they are mended', async () => {
    await demo.patch({ minRunners: 2, maxRunners: 5 });
    await eventually(async () => {
      expect(await resource.condition('ScaleSetReady')).toMatchObject({ status: 'True' });
      expect(await resource.condition('Ready')).toMatchObject({ status: 'True' });
      expect(demo.capacity()).toBe(5);
    });
    await demo.online(2);
    await resource.delete();
  });
});

test('a listenerTemplate without a known image does not keep it from listening, and that is said', async () => {
  const resources = { requests: { cpu: '10m' } };
  const listenerTemplate = { spec: { containers: [{ name: 'listener', resources }] } };
  const demo = await startScaleSet(scene, 'template', { maxRunners: 2, listenerTemplate });
  const [job] = scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 100 });
  await eventually(() => expect(scene.job(job!.jobId).state).toBe('completed'), 20_000);
  const condition = await demo.condition('TemplateUsed');
  expect(condition).toMatchObject({ status: 'False', reason: 'ListenerImageMissing' });
  expect(condition?.message).toContain('--listener-image');
  await new ScaleSet(scene, demo.name).delete();
});

const SECRET = 'hunter2Hunter2';

it.each([
  ['orgs', (base: string) => `${base}/orgs/octo`, /leave out "orgs\/"/],
  ['git', (base: string) => `${base}/octo/app.git`, /leave out "\.git"/],
  ['page', (base: string) => `${base}/octo/app/settings/actions`, /leave out everything after its name/],
  ['query', (base: string) => `${base}/octo/app?token=${SECRET}`, /leave out everything from \?/],
  [
    'password',
    (base: string) => base.replace('://', `://someone:${SECRET}@`) + '/octo/app',
    /holds credentials: leave out all up to the @/,
  ],
])(
  'a config URL with %s says what to leave out, and nothing secret is published',
  async (name, urlOf, words) => {
    const wanted = await createScaleSet(scene, `url-${name}`, { githubConfigUrl: urlOf(scene.github.url) });
    await eventually(async () => {
      expect(await wanted.condition('ScaleSetReady')).toMatchObject({
        ...{ status: 'False', reason: 'InvalidGitHubConfigUrl' },
        message: expect.stringMatching(words),
      });
    });
    const { status, metadata } = await wanted.read();
    const execution = await wanted.workflow().describe();
    const history = await wanted.workflow().fetchHistory();
    const published = [status, metadata, await wanted.events(), execution.raw, history, scene.logs];
    const texts = published.map((each) =>
      JSON.stringify(each, (_key, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString() : value,
      ),
    );
    const readable = texts.join().replaceAll(/"kubectl.kubernetes.io[^,]*/g, '');
    expect(readable).not.toContain(SECRET);
    await wanted.edit({ githubConfigUrl: scene.github.configUrl('octo/app') });
    await eventually(async () =>
      expect(await wanted.condition('ScaleSetReady')).toMatchObject({ status: 'True' }),
    );
    await wanted.delete();
  },
);

it('one that changes to a bad URL goes on listening at the good one', async () => {
  const demo = await startScaleSet(scene, 'moved', { maxRunners: 3 });
  const resource = new ScaleSet(scene, demo.name);
  await demo.patch({ githubConfigUrl: `${scene.github.url}/orgs/octo` });
  await eventually(async () =>
    expect(await resource.condition('ScaleSetReady')).toMatchObject({ reason: 'InvalidGitHubConfigUrl' }),
  );
  const [job] = scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 100 });
  await eventually(() => expect(scene.job(job!.jobId).state).toBe('completed'), 20_000);
  expect(await demo.restarts()).toBe(0);
  await demo.patch({ githubConfigUrl: scene.github.configUrl('octo/app') });
});
