import { jest } from '@jest/globals';
import { ephemeralRunners, pods } from '../../src/kubernetes/client/resources.ts';
import type { StartedScaleSet } from './support/listener-scene.ts';
import { startScaleSet } from './support/listener-scene.ts';
import type { Scene } from './support/scene.ts';
import { always, eventually, podTemplate, startScene } from './support/scene.ts';

/** What is supply and what is not; what is a failure of the template and what is none. */
jest.setTimeout(120_000);

let scene: Scene;

beforeAll(async () => {
  scene = await startScene('supply', {
    settings: { jobEndGraceSeconds: 3, imageErrorGraceSeconds: 2 },
  });
});
afterEach(() => scene.clear());
afterAll(() => scene.stop());

const key = (name: string) => ({ namespace: scene.namespace, name });
const eventsOf = (reason: string) => scene.events({ reason });
const completed = (demo: StartedScaleSet, count: number, withinMs?: number) =>
  eventually(() => expect(demo.jobs('completed')).toHaveLength(count), withinMs);

/** Twenty seconds are many for what needs no wait, and few for what does. */
const SOON = 20_000;

describe('a place is free when its job is over', () => {
  it('though the runner’s process hangs: GitHub is asked, and its pod is ended', async () => {
    const demo = await startScaleSet(scene, 'hangs', { maxRunners: 1 });
    scene.runners.rules.add({ namespace: scene.namespace, lingerMs: 3_600_000, times: 1 });
    scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 3, durationMs: 300 });
    await completed(demo, 3, SOON);
    await eventually(async () => {
      const [event, ...others] = await eventsOf('RunnerOutlivedJob');
      expect(event?.message).toMatch(/^hangs-[\w-]+-runner-\w{5}: Its job is over \(succeeded\)/);
      expect(others).toEqual([]);
      expect(await demo.runners()).toEqual([]);
    });
  });

  it('and is not ended while GitHub says that the runner still has a job', async () => {
    const demo = await startScaleSet(scene, 'works-on', { maxRunners: 1 });
    scene.runners.rules.add({ namespace: scene.namespace, lingerMs: 3_600_000, times: 1 });
    const since = Date.now();
    scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 300 });
    scene.github.admin.addFault({
      match: 'removerunner',
      kind: 'status',
      status: 400,
      typeName: 'GitHub.Actions.Runtime.WebApi.JobStillRunningException',
      times: 1,
    });
    await eventually(() => expect(scene.calls('removerunner', since)).toBeGreaterThan(0));
    const [runner] = await demo.runners();
    const name = runner?.metadata.name ?? '';
    await always(2_000, async () =>
      expect((await scene.pod(name))?.metadata?.deletionTimestamp).toBeUndefined(),
    );
    const about = (await eventsOf('RunnerOutlivedJob')).filter(({ message }) => message?.includes(name));
    expect(about).toEqual([]);
    scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 300 });
    await completed(demo, 2, SOON);
    expect(scene.runners.end(key(name), 0)).toBe(true);
    await eventually(async () => expect(await demo.runners()).toEqual([]), SOON);
  });

  it('the next job waits for no container that lingers', async () => {
    const demo = await startScaleSet(scene, 'lingers', { maxRunners: 5 });
    scene.runners.rules.add({ namespace: scene.namespace, lingerMs: 12_000, times: 1 });
    scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 300 });
    await completed(demo, 1);
    const since = Date.now();
    scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 300 });
    await completed(demo, 2);
    expect(Date.now() - since).toBeLessThan(10_000);
  });

  it('a busy pod on a lost node is no supply, and is left to GitHub', async () => {
    const set = await scene.createSet('lost-node', { replicas: 1 });
    const [busy = ''] = await set.ready(1);
    await scene.startJob(busy);
    const status = { reason: 'NodeLost', message: 'The node is unresponsive.' };
    await scene.kubernetes.mergePatch(pods, key(busy), { status }, { subresource: 'status' });
    await eventually(() => expect(set.onlineNames()).toHaveLength(2), SOON);
    expect(set.registered().find(({ name }) => name === busy)).toMatchObject({ busy: true });
    expect(await scene.pod(busy)).toBeDefined();
  });
});

describe('an idle runner', () => {
  it('that exits 0 is replaced', async () => {
    const demo = await startScaleSet(scene, 'drained', { minRunners: 1, maxRunners: 2 });
    await demo.online(1);
    const [{ name } = { name: '' }] = demo.registered();
    expect(scene.runners.end(key(name), 0)).toBe(true);
    await eventually(() => expect(demo.registered().map((each) => each.name)).not.toContain(name), SOON);
    await demo.online(1);
  });

  it.each([
    [
      'deleted with force',
      async (name: string): Promise<void> => {
        await scene.kubernetes.delete(pods, key(name), { gracePeriodSeconds: 0 });
      },
    ],
    [
      'evicted',
      async (name: string): Promise<void> => {
        await Promise.resolve(scene.runners.evict(key(name)));
      },
    ],
  ])('six of six %s, six jobs queued: six at once, and no failure', async (_what, end) => {
    const demo = await startScaleSet(scene, 'spot', { minRunners: 6, maxRunners: 20 });
    await demo.online(6);
    const before = demo.registered().map(({ name }) => name);
    const registrations = scene.registrations();
    await Promise.all(before.map((name) => end(name)));
    // GitHub would give jobs to those that it still takes for online.
    await eventually(() =>
      expect(demo.registered().filter(({ name, online }) => online && before.includes(name))).toEqual([]),
    );
    scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 6 });
    await eventually(() => expect(demo.jobs('running')).toHaveLength(6), SOON);
    await demo.online(12);
    expect(scene.registrations() - registrations).toBeLessThanOrEqual(18);
    const { metadata } = await demo.set();
    const eventsAbout = (reason: string) => scene.events({ reason, about: metadata.name! });
    const told = (await eventsAbout('RunnerDisrupted')).map(({ message }) => message?.split(':')[0]);
    expect(new Set(told)).toEqual(new Set(before));
    expect(await eventsAbout('RunnerFailed')).toEqual([]);
  });

  it('whose pod was deleted before anybody saw it is noticed within seconds', async () => {
    const set = await scene.createSet('unseen', { replicas: 1 });
    const name = await eventually(async () => {
      const [first = ''] = await set.names();
      await scene.kubernetes.delete(pods, key(first), { gracePeriodSeconds: 0 });
      return first;
    });
    await eventually(async () => expect(await set.names()).not.toContain(name), SOON);
    await set.ready(1);
  });

  it('whose status somebody wrote is written as it is', async () => {
    const set = await scene.createSet('edited', { replicas: 1 });
    const [name = ''] = await set.ready(1);
    for (const status of [{ phase: 'Failed', ready: false }, { runnerId: 999 }]) {
      await scene.kubernetes.mergePatch(ephemeralRunners, key(name), { status }, { subresource: 'status' });
      expect(await set.ready(1)).toEqual([name]);
      await eventually(async () =>
        expect((await scene.runner(name))?.status).toMatchObject({
          phase: 'Running',
          ready: true,
          runnerId: set.registered()[0]?.id,
        }),
      );
    }
  });
});

it('restartPolicy Always is not used, and an Event says so', async () => {
  const set = await scene.createSet('restarts', {
    replicas: 1,
    runner: { spec: podTemplate({ restartPolicy: 'Always' }) },
  });
  const [name = ''] = await set.ready(1);
  expect((await scene.pod(name))?.spec?.restartPolicy).toBe('Never');
  const [event] = await set.events('RestartPolicyIgnored');
  expect(event?.message).toMatch(/^restartPolicy "Always" of the pod template is not used/);
});

describe('what a template does wrong', () => {
  it('a container that ends with 0 at once, without a job: a failure, with its likely cause', async () => {
    scene.runners.rules.add({ namespace: scene.namespace, exitCode: 0 });
    const set = await scene.createSet('no-command', { replicas: 3 });
    await eventually(async () => {
      expect(await set.condition('CreationBlocked')).toMatchObject({
        status: 'True',
        reason: 'RunnersFailing',
        message: expect.stringMatching(/EndedWithoutJob .*exit code 0 .* no command/),
      });
      expect((await set.events('RunnerFailed')).length).toBeGreaterThan(0);
    });
    const registrations = scene.registrations();
    await always(4_000, () => expect(scene.registrations() - registrations).toBeLessThanOrEqual(4));
    scene.runners.rules.clear();
    await set.ready(3);
  });
});
