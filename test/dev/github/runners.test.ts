import { setTimeout as sleep } from 'node:timers/promises';
import type { JitContent } from '../../../dev/github/protocol.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { GitHubOptions, GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { createMessageSession } from '../../../src/github/message-session.ts';
import type { ScaleSetClient } from '../../../src/github/scale-set-client.ts';
import { ask, clientOf } from './client.ts';

let github: GitHubStandIn;
let client: ScaleSetClient;
const scaleSetId = 7;

const start = async (options: GitHubOptions = {}): Promise<void> => {
  github = await startGitHub(options);
  github.admin.createScaleSet({ id: scaleSetId, name: 'set' });
  client = clientOf(github.url);
};

const connect = (jitConfig: string) => ask(github.url, 'POST', ['/runners/connect', { jitConfig }]);

const connected = async (
  name: string,
): Promise<{ connection: string; runnerId: number; jitConfig: string }> => {
  const { runner, encodedJITConfig: jitConfig } = await client.generateJitConfig(scaleSetId, { name });
  const { json } = await connect(jitConfig);
  const { connectionId } = json as { connectionId: string };
  return { connection: `/runners/${connectionId}`, runnerId: runner.id, jitConfig };
};

const get = (path: string) => ask(github.url, 'GET', [path]);
const post = (path: string, body: unknown = {}) => ask(github.url, 'POST', [path, body]);

afterEach(() => github.stop());

describe('a stand-in runner', () => {
  beforeEach(() => start());

  it('finds server, runner and a secret of its own in its JIT config', async () => {
    const configs = await Promise.all(
      ['r1', 'r2'].map((name) => client.generateJitConfig(scaleSetId, { name })),
    );
    const [one, two] = configs.map(
      ({ encodedJITConfig }) => JSON.parse(Buffer.from(encodedJITConfig, 'base64').toString()) as JitContent,
    );
    expect(one).toMatchObject({ url: github.url, runnerName: 'r1', scaleSetId });
    expect(one?.secret).not.toBe(two?.secret);
  });

  it('is online once it connects, gets a job, and is gone when that is done', async () => {
    const { connection, runnerId } = await connected('r1');
    expect(github.admin.runners()).toEqual([
      { id: runnerId, name: 'r1', scaleSetId, online: true, busy: false },
    ]);
    const waiting = get(`${connection}/job?wait=5000`);
    github.admin.queueJobs({ scaleSetId, durationMs: 30, displayName: 'unit' });
    expect(await waiting).toMatchObject({ status: 200, json: { displayName: 'unit', durationMs: 30 } });
    expect(github.admin.runners(scaleSetId)[0]).toMatchObject({ busy: true });
    expect((await post(`${connection}/complete`, { result: 'failed' })).status).toBe(204);
    expect(github.admin.runners()).toEqual([]);
    expect(github.admin.jobs()).toMatchObject([{ state: 'completed', result: 'failed', runnerName: 'r1' }]);
    expect((await get(`${connection}/job?wait=1`)).status).toBe(410);
  });

  it('uses its JIT config once; a second use is a violation', async () => {
    const { jitConfig } = await connected('r1');
    expect((await connect(jitConfig)).status).toBe(409);
    expect(github.admin.stats().violations).toEqual([expect.stringContaining('r1')]);
  });

  it.each(['', 'nonsense', Buffer.from('{"runnerId":1,"secret":"guessed"}').toString('base64')])(
    'does not get in with "%s"',
    async (jitConfig) => {
      await client.generateJitConfig(scaleSetId, { name: 'r1' });
      expect([401, 410]).toContain((await connect(jitConfig)).status);
    },
  );

  it('that was removed before it started is turned away', async () => {
    const { runner, encodedJITConfig } = await client.generateJitConfig(scaleSetId, { name: 'r1' });
    await client.removeRunner(runner.id);
    expect((await connect(encodedJITConfig)).status).toBe(410);
    expect(github.admin.stats().violations).toEqual([]);
  });

  it('that is removed while it waits learns so at once', async () => {
    const { connection, runnerId } = await connected('r1');
    const waiting = get(`${connection}/job?wait=10000`);
    await sleep(20);
    await client.removeRunner(runnerId);
    expect((await waiting).status).toBe(410);
  });

  it('gets nothing when no job comes in time', async () => {
    const { connection } = await connected('r1');
    expect((await get(`${connection}/job?wait=20`)).status).toBe(204);
    expect(github.admin.runners()[0]).toMatchObject({ online: true });
  });

  it('without a job has nothing to complete', async () => {
    const { connection } = await connected('r1');
    expect((await post(`${connection}/complete`)).status).toBe(409);
  });

  it('gets its job again after a poll that broke', async () => {
    const { connection } = await connected('r1');
    github.admin.assignJob('r1');
    const [first, second] = [await get(`${connection}/job`), await get(`${connection}/job`)];
    expect(second).toEqual(first);
  });
});

describe('jobs and runners', () => {
  beforeEach(() => start());

  it('meet whichever comes first, one job for each runner', async () => {
    github.admin.queueJobs({ scaleSetId, count: 3 });
    await Promise.all(['r1', 'r2', 'r3', 'r4'].map(connected));
    const busy = github.admin.runners().filter((runner) => runner.busy);
    expect(busy).toHaveLength(3);
    expect(new Set(github.admin.jobs().map(({ runnerName }) => runnerName)).size).toBe(3);
  });

  it('never lose a job to a removal: a runner is either removed or busy', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `r${index}`);
    const runners = await Promise.all(names.map(connected));
    const removals = runners.map(({ runnerId }) =>
      client.removeRunner(runnerId).then(
        () => 'removed',
        () => 'busy',
      ),
    );
    github.admin.queueJobs({ scaleSetId, count: 10 });
    const removed = (await Promise.all(removals)).filter((outcome) => outcome === 'removed').length;
    expect(github.admin.runners().filter(({ busy }) => busy)).toHaveLength(20 - removed);
    expect(github.admin.jobs().filter(({ state }) => state === 'running')).toHaveLength(20 - removed);
  });

  it('keep names unique within a config URL, and free them with the end', async () => {
    const { runnerId } = await connected('r1');
    await expect(client.generateJitConfig(scaleSetId, { name: 'r1' })).rejects.toMatchObject({ status: 409 });
    await client.removeRunner(runnerId);
    expect((await client.generateJitConfig(scaleSetId, { name: 'r1' })).runner.id).not.toBe(runnerId);
  });

  it('are started and ended by hand', async () => {
    await connected('r1');
    expect((await post('/jobs/assign', { runnerName: 'r1' })).json).toMatchObject({
      runnerName: 'r1',
      state: 'running',
    });
    expect((await post('/jobs/assign', { runnerName: 'r1' })).status).toBe(404);
    expect((await post('/jobs/finish', { runnerName: 'r1', result: 'canceled' })).status).toBe(204);
    expect(github.admin.jobs()).toMatchObject([{ result: 'canceled' }]);
  });

  it('keep a scale set from being deleted while one runs', async () => {
    await connected('r1');
    github.admin.assignJob('r1');
    await expect(client.deleteScaleSet(scaleSetId)).rejects.toMatchObject({ decision: 'job-still-running' });
    github.admin.finishJob('r1');
    await client.deleteScaleSet(scaleSetId);
    expect(github.admin.scaleSets()).toEqual([]);
  });
});

describe('a runner that falls silent', () => {
  it('goes offline when it is idle, and comes back with the next poll', async () => {
    await start({ offlineMs: 20 });
    const { connection } = await connected('r1');
    await get(`${connection}/job?wait=1`);
    await sleep(60);
    expect(github.admin.runners()[0]).toMatchObject({ online: false });
    github.admin.queueJobs({ scaleSetId });
    expect(github.admin.jobs()[0]).toMatchObject({ state: 'queued' });
    expect((await get(`${connection}/job?wait=100`)).status).toBe(200);
  });

  it('loses its job in time after it left', async () => {
    await start({ lostJobMs: 30 });
    const { connection, runnerId } = await connected('r1');
    github.admin.assignJob('r1');
    await post(`${connection}/disconnect`);
    await expect(client.removeRunner(runnerId)).rejects.toMatchObject({ decision: 'job-still-running' });
    await sleep(80);
    expect(github.admin.jobs()).toMatchObject([{ state: 'completed', result: 'failed' }]);
    expect(github.admin.runners()).toEqual([]);
  });

  it('keeps its job while it renews it, and loses it afterwards', async () => {
    await start({ lostJobMs: 150 });
    const { connection } = await connected('r1');
    github.admin.assignJob('r1');
    for (let round = 0; round < 4; round += 1) {
      await post(`${connection}/renew`);
      await sleep(60);
    }
    expect(github.admin.jobs()).toMatchObject([{ state: 'running' }]);
    await sleep(200);
    expect(github.admin.jobs()).toMatchObject([{ state: 'completed' }]);
    expect((await post(`${connection}/renew`)).status).toBe(410);
  });

  it('or never comes: the job is cancelled and queued again, three times', async () => {
    await start({ pickUpMs: 15 });
    const session = await createMessageSession(client, { scaleSetId, owner: 'me' });
    github.admin.queueJobs({ scaleSetId });
    await session.getMessage({ maxCapacity: 1 });
    await sleep(200);
    expect(github.admin.jobs()).toMatchObject([{ state: 'completed', result: 'canceled' }]);
    expect(github.admin.jobs()[0]).not.toHaveProperty('runnerAssignTime');
  });
});
