import { jest } from '@jest/globals';
import { createGitHubConnections } from '../../src/github/connections.ts';
import { always, eventually, podTemplate, startScene } from './support/scene.ts';
import type { RunnerSet, Scene } from './support/scene.ts';
import { startScaleSet } from './support/listener-scene.ts';

/** Runners that fail, never come online, vanish or stay pending. */
jest.setTimeout(180_000);

let scene: Scene;

const PENDING_SECONDS = 4;
const GRACE_SECONDS = 2;

beforeAll(async () => {
  scene = await startScene('failed-runners', {
    settings: {
      registrationTimeoutSeconds: 3,
      pendingTimeoutSeconds: PENDING_SECONDS,
      imageErrorGraceSeconds: GRACE_SECONDS,
    },
  });
});
afterEach(() => scene.clear());
afterAll(() => scene.stop());

const [first, second] = [0, 1] as const;

describe('failed runners', () => {
  it('are tried again at bounded intervals, hold no capacity, and leave nothing to delete by hand', async () => {
    scene.runners.rules.add({ namespace: scene.namespace, exitCode: 1 });
    const demo = await startScaleSet(scene, 'failing', { maxRunners: 4 });
    scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 4 });
    await eventually(async () => {
      const { status } = await demo.set();
      expect(status?.conditions).toContainEqual(
        expect.objectContaining({ type: 'CreationBlocked', status: 'True', reason: 'RunnersFailing' }),
      );
      expect(status?.conditions?.find(({ type }) => type === 'CreationBlocked')?.message).toMatch(
        /runners in a row failed; one at a time is tried. Last: Error/,
      );
    });
    const { metadata } = await demo.set();
    expect((await scene.events({ about: metadata.name!, reason: 'RunnerFailed' })).length).toBeGreaterThan(2);
    const before = scene.registrations();
    await always(4_000, async () => {
      expect((await demo.runners()).length).toBeLessThanOrEqual(2);
      // The last interval is 1.2 s, and each try takes its time.
      expect(scene.registrations() - before).toBeLessThanOrEqual(4);
      expect(demo.capacity()).toBe(4);
    });
    scene.runners.rules.clear();
    await eventually(() => expect(demo.jobs('running')).toHaveLength(4));
    await demo.online(4);
  });
});

describe('a runner that counts as supply and is none', () => {
  const stranger = (set: RunnerSet, known: string[]): string | undefined =>
    set.registered().find(({ name, online }) => !online && !known.includes(name))?.name;

  it('because it never came online, is replaced, with an Event', async () => {
    const set = await scene.createSet('silent', { replicas: 2 });
    const known = await set.ready(2);
    scene.runners.rules.add({ namespace: scene.namespace, delayMs: 120_000, times: 1 });
    await set.patch({ replicas: 3 });
    const silent = await eventually(() => {
      const name = stranger(set, known);
      if (name === undefined) throw new Error('No silent runner yet.');
      return name;
    });
    await eventually(async () => {
      const names = await set.names();
      expect(names).not.toContain(silent);
      expect(set.onlineNames()).toEqual(names);
      expect(names).toHaveLength(3);
    });
    expect(await set.names()).toEqual(expect.arrayContaining(known));
    const [event] = await set.events('RunnerFailed');
    expect(event?.message).toMatch(new RegExp(`^${silent}: NeverOnline: `));
  });

  it('because its registration is gone, is replaced, with an Event', async () => {
    scene.runners.rules.add({ namespace: scene.namespace, delayMs: 120_000, times: 1 });
    const set = await scene.createSet('forgotten', { replicas: 1 });
    const { id, name } = await eventually(() => {
      const [runner] = set.registered();
      if (!runner) throw new Error('No runner yet.');
      return runner;
    });
    await eventually(async () => expect((await scene.pod(name))?.status?.phase).toBe('Running'));
    await removeAtGitHub(id);
    await eventually(async () => {
      const names = await set.names();
      expect(names).not.toContain(name);
      expect(set.onlineNames()).toEqual(names);
      expect(names).toHaveLength(1);
    });
    const [event] = await set.events('RegistrationLost');
    expect(event?.message).toMatch(new RegExp(`^${name}: GitHub no longer knows this idle runner`));
    expect((await set.state()).failures.inARow).toBe(0);
  });

  it('because it has been offline for long, is replaced, with an Event; no other is', async () => {
    const set = await scene.createSet('offline', { replicas: 3 });
    const before = await set.ready(3);
    const since = Date.now();
    // Once they are known to have been online, it is no failure of the template.
    await eventually(() => expect(scene.calls('getscaleset', since)).toBeGreaterThan(0));
    const [offline = ''] = before;
    expect(scene.runners.disconnect({ namespace: scene.namespace, name: offline })).toBe(true);
    await eventually(() => expect(set.onlineNames()).not.toContain(offline));
    expect((await scene.pod(offline))?.status?.phase).toBe('Running');
    await eventually(async () => expect(await set.names()).not.toContain(offline));
    const after = await set.ready(3);
    expect(after).toEqual(expect.arrayContaining(before.slice(1)));
    expect(set.registeredNames()).toEqual(after);
    expect((await set.events('RunnerOffline')).map(({ message }) => message)).toEqual([
      `${offline}: This idle runner has been offline at GitHub for too long; it is replaced.`,
    ]);
    expect((await set.state()).failures.inARow).toBe(0);
    expect(await set.state()).toMatchObject({ pastFailures: [{ runner: offline, reason: 'RunnerOffline' }] });
  });

  it('costs GitHub one call now and then while all is well, however many runners idle', async () => {
    const set = await scene.createSet('many', { replicas: 20 });
    const names = await set.ready(20);
    const began = Date.now();
    const requests = (): number => scene.calls('getscaleset', began);
    await eventually(() => expect(requests()).toBeGreaterThan(1));
    expect(scene.calls('getrunner', began)).toBe(0);
    expect(requests()).toBeLessThanOrEqual(Math.ceil((Date.now() - began) / 1_500));
    expect(await set.names()).toEqual(names);
  });

  async function removeAtGitHub(id: number): Promise<void> {
    const connections = createGitHubConnections();
    const credentials = { kind: 'token', token: scene.github.token } as const;
    const client = connections.connect({ configUrl: scene.github.configUrl('octo/app'), credentials });
    await client.removeRunner(id);
    await connections.close();
  }
});

describe('a pod that vanished', () => {
  it('without a job: another runner comes, by another name and JIT config', async () => {
    const set = await scene.createSet('vanished', { replicas: 2 });
    const before = await set.ready(2);
    const ids = set.registered().map(({ id }) => id);
    const registrations = scene.registrations();
    await scene.deletePod(before[first]!);
    await eventually(async () => expect(await set.names()).not.toContain(before[first]));
    const after = await set.ready(2);
    expect(after).toContain(before[second]);
    expect(scene.registrations() - registrations).toBe(1);
    expect(set.registered().filter(({ id }) => !ids.includes(id))).toHaveLength(1);
  });

  it('with its job: an Event says so, it is deregistered, and the next job has a runner', async () => {
    const set = await scene.createSet('vanished-busy', { replicas: 1 });
    const [lost = ''] = await set.ready(1);
    const job = await scene.startJob(lost);
    await scene.deletePod(lost);
    await eventually(async () => {
      expect(await set.names()).not.toContain(lost);
      expect(set.registered().map(({ name }) => name)).not.toContain(lost);
    });
    // It is told beside the clean-up, not before it.
    await eventually(async () => {
      const messages = (await set.events('RunnerLost')).map(({ message }) => message);
      expect(messages).toEqual([expect.stringMatching(new RegExp(`^${lost}: .*PodGone`))]);
    });
    expect((await set.state()).pastFailures).toMatchObject([{ runner: lost, reason: 'PodGone' }]);
    const [next = ''] = await set.ready(1);
    await scene.startJob(next);
    expect(scene.job(job)).toMatchObject({ state: 'completed', runnerName: lost });
  });
});

describe('a pod that is pending', () => {
  it('for its image fails after the grace, under the name of the error, and heals with the template', async () => {
    const began = Date.now();
    const set = await scene.createSet('bad-image', {
      replicas: 2,
      runner: { spec: podTemplate({}, { image: 'Not:an:image' }) },
    });
    await eventually(async () => expect((await set.events('RunnerFailed')).length).toBeGreaterThan(0));
    expect(Date.now() - began).toBeGreaterThan(GRACE_SECONDS * 1000);
    const [event] = await set.events('RunnerFailed');
    expect(event?.message).toMatch(
      /^bad-image-runner-[a-z0-9]{5}: InvalidImageName: container "runner": couldn't parse image name/,
    );
    await set.edit({ spec: podTemplate() });
    await set.ready(2);
  });

  it.each([
    {
      why: 'because its node does not start it',
      spec: podTemplate({}, { image: 'stuck.invalid/runner:1' }),
      suffix: ' (ContainerCreating)',
    },
    { why: 'because no scheduler looks at it', spec: podTemplate({ schedulerName: 'nobody' }), suffix: '' },
  ])('$why fails after the timeout, and heals with the template', async ({ spec, suffix }) => {
    const began = Date.now();
    const set = await scene.createSet(`stuck${suffix.length}`, { replicas: 2, runner: { spec } });
    const [event] = await eventually(async () => {
      const failures = await set.events('RunnerFailed');
      expect(failures.length).toBeGreaterThan(1);
      return failures;
    });
    expect(Date.now() - began).toBeGreaterThan(PENDING_SECONDS * 1000);
    const [, text] = event?.message?.split(/^[\w-]+-runner-\w{5}: /) ?? [];
    expect(text).toBe(
      `PendingTimeout: The pod did not run within the time that --pending-timeout sets${suffix}.`,
    );
    await set.edit({ spec: podTemplate({ schedulerName: null as never }) });
    await set.ready(2);
  });

  it('for a node survives the timeout, and runs when there is one', async () => {
    const set = await scene.createSet('no-node', {
      replicas: 2,
      runner: { spec: podTemplate({ nodeSelector: { nowhere: 'here' } }) },
    });
    await eventually(async () =>
      expect(await set.read()).toMatchObject({ status: { pendingEphemeralRunners: 2 } }),
    );
    const names = await set.names();
    await always((PENDING_SECONDS + 3) * 1000, async () => expect(await set.names()).toEqual(names));
    expect(await set.events('RunnerFailed')).toEqual([]);
    const { items } = JSON.parse(await scene.kubectl('get', 'nodes', '-o', 'json')) as {
      items: { metadata: { name: string } }[];
    };
    const node = items[first]!.metadata.name;
    await scene.kubectl('label', 'node', node, 'nowhere=here');
    try {
      expect(await set.ready(2)).toEqual(names);
    } finally {
      await scene.kubectl('label', 'node', node, 'nowhere-');
    }
  });
});
