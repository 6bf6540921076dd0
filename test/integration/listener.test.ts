import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedScaleSet } from './support/listener-scene.ts';
import { setToken, startScaleSet } from './support/listener-scene.ts';
import type { Scene } from './support/scene.ts';
import { always, eventually, startScene } from './support/scene.ts';

/** The listener of a scale set, against a real API server, a real Temporal and the stand-in for GitHub. */
let scene: Scene;

beforeAll(async () => {
  scene = await startScene('listener');
}, 180_000);

afterAll(() => scene.stop(), 120_000);

afterEach(() => scene.clear(), 120_000);

const calls = (name: string, since = 0): number => scene.calls(name, since);

test('a queued job becomes a runner, which notes the job; afterwards there are minRunners again', async () => {
  const demo = await startScaleSet(scene, 'demo', { maxRunners: 10 });
  scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 1_500, displayName: 'build' });
  const runner = await eventually(async () => {
    const [first] = await demo.runners();
    expect(first?.status).toMatchObject({
      jobDisplayName: 'build',
      jobRepositoryName: expect.stringContaining('/app'),
      jobId: expect.any(String),
      jobRequestId: expect.any(Number),
      workflowRunId: expect.any(Number),
      jobWorkflowRef: expect.stringContaining('@refs/heads/main'),
    });
    return first;
  });
  expect(runner?.metadata.name).toMatch(/^demo-\w+-runner-\w{5}$/);
  await eventually(async () => {
    expect(demo.jobs('completed')).toHaveLength(1);
    expect(await demo.runners()).toEqual([]);
    expect((await demo.set()).spec).toMatchObject({ replicas: 0, patchID: 0 });
  });
  const condition = await demo.ready();
  expect(condition).toMatchObject({ status: 'True', reason: 'Listening' });
}, 90_000);

test('a runner that outlives its job says how the job ended', async () => {
  const demo = await startScaleSet(scene, 'demo', { maxRunners: 10 });
  scene.runners.rules.add({ namespace: scene.namespace, lingerMs: 8_000, times: 1 });
  scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 500 });
  await eventually(async () => {
    const [runner] = await demo.runners();
    expect(runner?.status).toMatchObject({ jobId: expect.any(String), jobResult: 'succeeded' });
  });
  await eventually(async () => expect(await demo.runners()).toEqual([]));
}, 90_000);

test('60 jobs in a burst: each runs once, on one runner each, within maxRunners; then nothing is left', async () => {
  const demo = await startScaleSet(scene, 'demo', { maxRunners: 15 });
  scene.requests.length = 0;
  const before = Date.now();
  scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 60, durationMs: 500 });
  let most = 0;
  await eventually(async () => {
    most = Math.max(most, (await demo.set()).spec.replicas ?? 0);
    expect(demo.jobs('completed')).toHaveLength(60);
  });
  const done = Date.now();
  await eventually(async () => expect(await demo.runners()).toEqual([]));
  const settled = Date.now();
  expect(most).toBe(15);
  const names = demo.jobs('completed').map(({ runnerName }) => runnerName);
  expect(new Set(names).size).toBe(60);
  const perJob = scene.requests.filter(({ verb }) => verb !== 'watch').length / 60;
  process.stderr.write(
    `60 jobs, 15 runners: ${Math.round((60 / (done - before)) * 10_000) / 10} jobs/s, settled ${settled - done} ms later, ` +
      `${Math.round(perJob * 10) / 10} Kubernetes requests a job\n`,
  );
  expect(perJob).toBeLessThan(16);
  expect(settled - done).toBeLessThan(15_000);
}, 120_000);

test('minRunners are kept idle, on top of the jobs', async () => {
  const demo = await startScaleSet(scene, 'demo', { minRunners: 2, maxRunners: 5 });
  await demo.online(2);
  scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 1 });
  await eventually(() => expect(demo.registered().filter(({ busy }) => busy)).toHaveLength(1));
  await demo.online(3);
  const busy = demo.registered().find((each) => each.busy);
  scene.github.admin.finishJob(busy?.name ?? '');
  await demo.online(2);
}, 90_000);

describe('a message session', () => {
  test('while somebody else holds the session, it waits, says so, and goes on by itself', async () => {
    const opened = calls('createsession');
    scene.github.admin.addFault({
      match: 'createsession',
      kind: 'status',
      status: 409,
      typeName: 'GitHub.Actions.Runtime.WebApi.RunnerScaleSetSessionConflictException',
      message: 'owned by another',
      times: 1,
    });
    const demo = await startScaleSet(scene, 'demo', {}, { ready: false });
    await eventually(async () =>
      expect(await demo.ready()).toMatchObject({ status: 'False', reason: 'SessionConflict' }),
    );
    await eventually(async () => expect(await demo.ready()).toMatchObject({ status: 'True' }));
    expect(calls('createsession')).toBe(opened + 2);
    const reasons = (await scene.events({ about: demo.listenerName })).map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(['SessionConflict', 'Listening']));
  }, 90_000);

  test('an expired session is opened anew in place, within seconds', async () => {
    const demo = await startScaleSet(scene, 'demo', { maxRunners: 5 });
    const opened = calls('createsession');
    scene.github.admin.expire(demo.id, 'session');
    await eventually(() => expect(calls('createsession')).toBe(opened + 1), 10_000);
    scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 300 });
    await eventually(() => expect(demo.jobs('completed')).toHaveLength(1));
    expect(await demo.restarts()).toBe(0);
  }, 90_000);

  test('a refused queue token is refreshed without losing the session', async () => {
    const demo = await startScaleSet(scene, 'demo');
    const opened = calls('createsession');
    const refreshed = calls('refreshsession');
    scene.github.admin.expire(demo.id, 'token');
    await eventually(() => expect(calls('refreshsession')).toBeGreaterThan(refreshed), 10_000);
    await sleep(500);
    expect(calls('createsession')).toBe(opened);
    expect(await demo.restarts()).toBe(0);
  }, 60_000);

  test('a change of maxRunners goes on with the same session, and polling hardly pauses', async () => {
    const demo = await startScaleSet(scene, 'demo', { maxRunners: 5 });
    const opened = calls('createsession');
    await demo.patch({ maxRunners: 8 });
    await eventually(() => expect(demo.capacity()).toBe(8), 30_000);
    expect(calls('createsession')).toBe(opened);
    expect(demo.longestPauseMs()).toBeLessThan(3_000);
  }, 60_000);
});

describe('demand', () => {
  test('the first statistics of a session are applied', async () => {
    const demo = await startScaleSet(scene, 'demo', { maxRunners: 5 });
    // Jobs that were assigned while nobody listened: no message tells of them.
    scene.github.admin.expire(demo.id, 'session');
    scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 3, durationMs: 300 });
    await eventually(() => expect(demo.jobs('completed')).toHaveLength(3));
  }, 90_000);

  test('an assigned message with zero statistics still makes a runner', async () => {
    const demo = await startScaleSet(scene, 'demo', { maxRunners: 5 });
    const none = {
      ...{ totalAvailableJobs: 0, totalAcquiredJobs: 0, totalAssignedJobs: 0, totalRunningJobs: 0 },
      ...{ totalRegisteredRunners: 0, totalBusyRunners: 0, totalIdleRunners: 0 },
    };
    // The poll that is held now is answered truthfully; later ones are not.
    scene.github.admin.addFault({
      match: 'getmessage',
      kind: 'members',
      json: { statistics: none },
      times: 1_000,
    });
    scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 200 });
    await eventually(() => expect(demo.jobs('completed')).toHaveLength(1));
    scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 200 });
    await eventually(() => expect(demo.jobs('completed')).toHaveLength(2));
    scene.github.admin.clearFaults();
  }, 90_000);

  test('a message delivered twice changes nothing', async () => {
    const demo = await startScaleSet(scene, 'demo', { maxRunners: 10 });
    // It is acted upon; the acknowledgement fails, and it comes again.
    scene.github.admin.addFault({ match: 'deletemessage', kind: 'status', status: 500, times: 2 });
    scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 4 });
    await demo.online(4);
    expect(calls('deletemessage')).toBeGreaterThanOrEqual(3);
    await always(2_000, async () => expect(await demo.runners()).toHaveLength(4));
    expect((await demo.set()).spec.replicas).toBe(4);
  }, 90_000);

  test('an answer that makes no sense ends nothing', async () => {
    const demo = await startScaleSet(scene, 'demo', { maxRunners: 5 });
    scene.github.admin.addFault(
      { match: 'getmessage', kind: 'empty', times: 1 },
      { match: 'getmessage', kind: 'html', times: 1 },
      { match: 'getmessage', kind: 'truncated', times: 1 },
    );
    for (let i = 1; i <= 4; i += 1) {
      scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 100 });
      await eventually(() => expect(demo.jobs('completed')).toHaveLength(i));
    }
    expect(await demo.restarts()).toBe(0);
  }, 120_000);
});

test('the capacity sent with each poll is 0 while paused, and maxRunners again afterwards', async () => {
  const demo = await startScaleSet(scene, 'demo', { maxRunners: 6 });
  expect(demo.capacity()).toBe(6);
  await demo.annotate({ 'temporal-arc/paused': 'true' });
  await eventually(() => expect(demo.capacity()).toBe(0), 30_000);
  scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 2, durationMs: 200 });
  await always(2_000, () => expect(demo.jobs('queued')).toHaveLength(2));
  await demo.annotate({ 'temporal-arc/paused': null });
  await eventually(() => expect(demo.jobs('completed')).toHaveLength(2));
  expect(demo.capacity()).toBe(6);
}, 120_000);

test('deleted, it closes its session and goes', async () => {
  const demo = await startScaleSet(scene, 'demo');
  const closed = calls('deletesession');
  await demo.remove();
  await eventually(async () => expect(await demo.exists()).toBe(false));
  expect(calls('deletesession')).toBe(closed + 1);
}, 60_000);

describe('refused credentials', () => {
  test('are one clear condition and few calls; a new Secret is taken up by itself', async () => {
    const demo: StartedScaleSet = await startScaleSet(scene, 'demo', { maxRunners: 5 });
    scene.github.admin.setCredentials({ tokens: ['ghp_other'], revokeAdminTokens: true });
    scene.github.admin.expire(demo.id, 'token');
    await eventually(async () =>
      expect(await demo.ready()).toMatchObject({ status: 'False', reason: 'GitHubRefused' }),
    );
    await setToken(scene, 'ghp_other');
    await eventually(async () => expect(await demo.ready()).toMatchObject({ status: 'True' }), 90_000);
    // The old token stays revoked: a refusal is believed for a minute.
  }, 150_000);
});
