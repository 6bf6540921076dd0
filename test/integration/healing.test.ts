import { jest } from '@jest/globals';
import { createGitHubConnections } from '../../src/github/connections.ts';
import { resourceQuotas, secrets } from '../../src/kubernetes/client/resources.ts';
import { always, eventually, podTemplate, revision, startScene } from './support/scene.ts';
import type { RunnerSet, Scene } from './support/scene.ts';

jest.setTimeout(180_000);

let scene: Scene;

beforeAll(async () => {
  scene = await startScene('healing');
});
afterEach(() => scene.clear());
afterAll(() => scene.stop());

/** While creation is blocked, one try comes at least every five seconds; the rest is for a slow machine. */
const SECONDS = 25_000;

/** Waits until the set says what blocks it, in its conditions, one Event and its workflow's answer. */
async function blocked(set: RunnerSet, reason: string, message: RegExp): Promise<void> {
  const block = { reason, message: expect.stringMatching(message) };
  await eventually(async () => {
    expect(await set.condition('CreationBlocked')).toMatchObject({ status: 'True', ...block });
    expect(await set.condition('Ready')).toMatchObject({ status: 'False', ...block });
    expect(await set.events(reason)).toMatchObject([
      { type: 'Warning', message: expect.stringMatching(message) },
    ]);
    expect(await set.state()).toMatchObject({ blocked: block });
  });
}

/** What the worker may ask in five seconds of a blocked set: a few tries, each a handful of requests. */
const MOST_REQUESTS = 60;

/** Watches the set fail for a while: it must not try harder than this. */
async function doesNotStorm(set: RunnerSet, most: { tries: number; registrations: number }): Promise<void> {
  const began = Date.now();
  const { tries } = (await set.state()).blocked!;
  const registrations = scene.calls('generatejitconfig');
  await always(5_000, () => {
    expect(scene.calls('generatejitconfig') - registrations).toBeLessThanOrEqual(most.registrations);
    expect(scene.requests.filter(({ at, verb }) => at >= began && verb !== 'watch').length).toBeLessThan(
      MOST_REQUESTS,
    );
  });
  expect((await set.state()).blocked!.tries - tries).toBeLessThanOrEqual(most.tries);
}

/** The set gets all its runners within seconds, and says that it is well. */
async function heals(set: RunnerSet, count: number): Promise<void> {
  await eventually(() => expect(set.onlineNames()).toHaveLength(count), SECONDS);
  await set.ready(count);
  expect(await set.condition('CreationBlocked')).toMatchObject({ status: 'False' });
  expect(await set.state()).not.toHaveProperty('blocked');
  expect((await set.events('CreationResumed')).length).toBeGreaterThan(0);
}

describe('what a person must repair', () => {
  it('a missing Secret', async () => {
    const set = await scene.createSet('no-secret', { replicas: 3, runner: { githubConfigSecret: 'absent' } });
    await blocked(set, 'SecretNotFound', /create Secret "absent" in namespace/);
    await doesNotStorm(set, { tries: 5, registrations: 0 });
    expect(await set.names()).toEqual([]);
    await scene.createSecret('absent', { github_token: scene.github.token });
    await heals(set, 3);
  });

  it('a config URL that makes no sense', async () => {
    const set = await scene.createSet('bad-url', {
      replicas: 2,
      runner: { githubConfigUrl: 'https://github.com' },
    });
    await blocked(set, 'InvalidGitHubConfigUrl', /githubConfigUrl/);
    await doesNotStorm(set, { tries: 5, registrations: 0 });
    await set.edit({ githubConfigUrl: scene.github.configUrl('octo/app') });
    await heals(set, 2);
  });

  it('a pod template that Kubernetes refuses', async () => {
    const before = scene.registrations();
    const set = await scene.createSet('bad-pod', {
      replicas: 4,
      runner: { spec: podTemplate({ priorityClassName: 'notexist' }) },
    });
    const refusal =
      /^Failed to create the pod: pods "bad-pod-runner-[a-z0-9]{5}" is forbidden: no PriorityClass with name notexist was found$/;
    await blocked(set, 'InvalidPodTemplate', refusal);
    await eventually(async () => {
      const runners = await set.runners();
      expect(runners.length).toBeGreaterThan(0);
      for (const { status } of runners) {
        expect(status).toMatchObject({
          phase: 'Failed',
          reason: 'InvalidPod',
          message: expect.stringMatching(refusal),
        });
      }
      expect(await set.read()).toMatchObject({ status: { failedEphemeralRunners: runners.length } });
    });
    // Every runner of the first pass cost one; what Kubernetes would refuse again costs none.
    expect(scene.registrations() - before).toBeLessThanOrEqual(4);
    await doesNotStorm(set, { tries: 5, registrations: 0 });
    await eventually(async () => expect((await set.names()).length).toBeLessThanOrEqual(3));
    expect(set.registered()).toEqual([]);
    await blocked(set, 'InvalidPodTemplate', refusal);
    await set.edit({ spec: podTemplate({ priorityClassName: null as never }) });
    await heals(set, 4);
  });

  it('a token that was revoked', async () => {
    const admin = scene.github.admin;
    admin.setCredentials({ tokens: [scene.github.token, 'ghp_before'] });
    await scene.createSecret('rotating', { github_token: 'ghp_before' });
    const set = await scene.createSet('revoked', { replicas: 2, runner: { githubConfigSecret: 'rotating' } });
    await set.ready(2);
    admin.setCredentials({ tokens: [scene.github.token, 'ghp_after'], revokeAdminTokens: true });
    const began = Date.now();
    await set.patch({ replicas: 5 });
    await blocked(
      set,
      'GitHubRefused',
      /replace the credentials in the Secret that githubConfigSecret names/,
    );
    // The admin token that was refused is tried once a try; the one that GitHub refuses to give is not asked for again.
    await doesNotStorm(set, { tries: 5, registrations: 5 });
    expect(scene.calls('registrationtoken', began)).toBe(1);
    expect(set.onlineNames()).toHaveLength(2);
    const key = { namespace: scene.namespace, name: 'rotating' };
    await scene.kubernetes.mergePatch(secrets, key, { stringData: { github_token: 'ghp_after' } });
    await heals(set, 5);
  });
});

describe('a ResourceQuota', () => {
  const quota = () => ({ namespace: scene.namespace, name: 'few' });
  const limitPods = async (count: number): Promise<void> => {
    const spec = { hard: { pods: String(count) } };
    await scene.kubernetes.create(resourceQuotas, scene.namespace, { metadata: { name: 'few' }, spec });
    await eventually(async () => {
      expect((await scene.kubernetes.get(resourceQuotas, quota())).status?.used).toEqual({ pods: '0' });
    });
  };
  afterEach(async () => {
    await scene.kubernetes.delete(resourceQuotas, quota());
  });

  it('that is exceeded is back-pressure, and room that frees up is used', async () => {
    await limitPods(2);
    const before = scene.registrations();
    const set = await scene.createSet('quota', { replicas: 8 });
    await eventually(async () => {
      expect(await set.condition('CreationBlocked')).toMatchObject({
        status: 'True',
        reason: 'QuotaExceeded',
        message: expect.stringContaining(
          'exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2',
        ),
      });
      expect(set.onlineNames()).toHaveLength(2);
    });
    expect(scene.registrations() - before).toBeLessThanOrEqual(8);
    expect(await set.events('QuotaExceeded')).toHaveLength(1);
    await doesNotStorm(set, { tries: 5, registrations: 0 });
    expect(set.registered()).toHaveLength(2);
    const [full] = set.onlineNames();
    await scene.startJob(full!);
    scene.github.admin.finishJob(full!);
    await eventually(() => expect(set.onlineNames()).not.toContain(full));
    await eventually(() => expect(set.onlineNames()).toHaveLength(2), SECONDS);
    await scene.kubernetes.mergePatch(resourceQuotas, quota(), { spec: { hard: { pods: '50' } } });
    await heals(set, 8);
  });
});

describe('GitHub', () => {
  it('is not asked within the time that a 429 names, and then all runners come', async () => {
    const set = await scene.createSet('limited');
    await set.ready(0);
    const began = Date.now();
    scene.github.admin.addFault({
      match: 'generatejitconfig',
      kind: 'status',
      status: 429,
      retryAfter: 4,
      times: 1,
    });
    await set.patch({ replicas: 8 });
    await set.ready(8);
    const calls = scene.github.admin
      .calls()
      .filter(({ name, at }) => name === 'generatejitconfig' && at >= began);
    const limited = calls.find(({ status }) => status === 429)!;
    const answeredAt = limited.at + limited.durationMs;
    // The margin is for calls that were on their way when the answer came.
    expect(calls.filter(({ at }) => at > answeredAt + 250 && at < answeredAt + 3_900)).toEqual([]);
    expect(calls.some(({ at }) => at >= answeredAt + 3_900)).toBe(true);
    expect(await set.events('RunnerFailed')).toEqual([]);
  });

  it('may fail every other time and lose answers for a while: all runners come, none twice', async () => {
    const fault = { match: 'generatejitconfig', forMs: 4_000 } as const;
    scene.github.admin.addFault(
      { ...fault, kind: 'status', status: 500, probability: 0.5, seed: 11 },
      { ...fault, kind: 'lost-answer', probability: 0.3, seed: 12 },
    );
    const set = await scene.createSet('storm', { replicas: 30 });
    const names = await set.ready(30);
    expect(set.registeredNames()).toEqual(names);
    expect(scene.github.admin.stats().calls.generatejitconfig?.statuses['500']).toBeGreaterThan(3);
  });

  it('is asked for another name when a runner of another scale set has it', async () => {
    const other = scene.github.admin.createScaleSet({ name: 'other' });
    scene.github.admin.addFault({ match: 'generatejitconfig', kind: 'slow', latencyMs: 2_000, times: 1 });
    const before = scene.calls('generatejitconfig');
    const set = await scene.createSet('conflict', { replicas: 1 });
    const [taken = ''] = await eventually(async () => {
      expect(scene.calls('generatejitconfig')).toBe(before + 1);
      const names = await set.names();
      expect(names).toHaveLength(1);
      return names;
    });
    const connections = createGitHubConnections();
    const credentials = { kind: 'token', token: scene.github.token } as const;
    const client = connections.connect({ configUrl: scene.github.configUrl('octo/app'), credentials });
    const { runner } = await client.generateJitConfig(other.id, { name: taken });
    const [name] = await set.ready(1);
    expect(name).not.toBe(taken);
    expect(scene.github.admin.runners(other.id)).toMatchObject([{ id: runner.id, name: taken }]);
    await client.removeRunner(runner.id);
    await connections.close();
  });

  it('says no in several ways at once: they are reported together, and nothing is left for good', async () => {
    const set = await scene.createSet('many-ways', { replicas: 3, runner: revision('one') });
    await set.ready(3);
    const refusal = { match: 'removerunner', kind: 'status', status: 403, times: 1 } as const;
    scene.github.admin.addFault(
      { ...refusal, message: 'no for one reason' },
      { ...refusal, message: 'no for another reason' },
    );
    await set.patch({ replicas: 0 });
    await eventually(async () => {
      const [event, ...others] = await set.events('GitHubRefused');
      expect(others).toEqual([]);
      expect(event?.message).toMatch(/^Runners could not be retired: .*no for one reason/);
      expect(event?.message).toContain('no for another reason');
    });
    await eventually(async () => expect(await set.names()).toEqual([]), SECONDS);
    expect(set.registered()).toEqual([]);
  });
});
