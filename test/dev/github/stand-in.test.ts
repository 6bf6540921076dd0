import { setTimeout as sleep } from 'node:timers/promises';
import { createFaults } from '../../../dev/github/faults.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { ask, clientOf } from './client.ts';

let github: GitHubStandIn;

beforeEach(async () => {
  github = await startGitHub();
});

afterEach(() => github.stop());

const get = (path: string) => ask(github.url, 'GET', [path]);
const post = (path: string, body: unknown) => ask(github.url, 'POST', [path, body]);
const clear = (path: string) => ask(github.url, 'DELETE', [path]);

describe('the administration over HTTP', () => {
  it('creates scale sets with an id, and refuses a second of the same', async () => {
    expect(await post('/scale-sets', { id: 5, name: 'set' })).toMatchObject({
      status: 201,
      json: { id: 5, name: 'set' },
    });
    expect((await post('/scale-sets', { id: 5, name: 'other' })).status).toBe(404);
    expect((await get('/scale-sets')).json).toMatchObject([{ id: 5, hasSession: false }]);
  });

  it('queues jobs and lists them', async () => {
    await post('/scale-sets', { id: 5, name: 'set' });
    expect((await post('/jobs', { scaleSetId: 5, count: 3, durationMs: 10 })).json).toHaveLength(3);
    expect((await get('/jobs')).json).toMatchObject([{ state: 'queued', durationMs: 10 }, {}, {}]);
    expect((await post('/jobs', { scaleSetId: 6 })).status).toBe(404);
  });

  it('logs calls with their times and how many were in flight', async () => {
    await post('/latency', { getrunner: 30 });
    const client = clientOf(github.url);
    await Promise.all([1, 2, 3].map((id) => client.getRunner(id)));
    const calls = (await get('/calls')).json as { name: string; durationMs: number; inFlight: number }[];
    const seen = calls.filter(({ name }) => name === 'getrunner');
    expect(seen.map(({ inFlight }) => inFlight)).toEqual([1, 2, 3]);
    expect(Math.min(...seen.map(({ durationMs }) => durationMs))).toBeGreaterThanOrEqual(28);
    expect((await get('/stats')).json).toMatchObject({
      calls: { getrunner: { count: 3, maxInFlight: 3, statuses: { 404: 3 } } },
      violations: [],
    });
    await clear('/stats');
    expect((await get('/calls')).json).toEqual([]);
  });

  it('rotates credentials', async () => {
    await post('/credentials', { tokens: ['ghp_new'] });
    await expect(clientOf(github.url).getRunner(1)).rejects.toMatchObject({ decision: 'refused' });
  });

  it('sets and clears faults', async () => {
    await post('/faults', [{ match: '*', kind: 'status', status: 502, times: 99 }]);
    expect((await get('/faults')).json).toHaveLength(1);
    await expect(clientOf(github.url).getRunner(1)).rejects.toMatchObject({ status: 502 });
    await clear('/faults');
    expect(await clientOf(github.url).getRunner(1)).toBeUndefined();
  });
});

describe('the Actions service', () => {
  it.each([
    ['without an API version', '', 400],
    ['without a known token', '?api-version=6.0-preview', 401],
  ])('refuses a call %s', async (_, query, status) => {
    const response = await fetch(`${github.url}/tenant/x/_apis/distributedtask/pools/0/agents/1${query}`, {
      headers: { authorization: 'Bearer forged' },
    });
    expect(response.status).toBe(status);
    expect(response.headers.get('activityid')).toMatch(/^[\da-f-]{36}$/);
  });

  it.each(['/orgs/o', '/repos/o/r', '/enterprises/e', '/api/v3/orgs/o'])(
    'hands out tokens for %s',
    async (scope) => {
      const response = await fetch(`${github.url}${scope}/actions/runners/registration-token`, {
        method: 'POST',
        headers: { authorization: 'token ghp_standin' },
      });
      expect(response.status).toBe(201);
    },
  );

  it('serves a thousand runners at hundreds a second', async () => {
    const { id } = github.admin.createScaleSet({ name: 'set' });
    const client = clientOf(github.url);
    const started = performance.now();
    const names = Array.from({ length: 1_000 }, (_, index) => `r${index}`);
    await Promise.all(names.map((name) => client.generateJitConfig(id, { name })));
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(github.admin.runners()).toHaveLength(1_000);
  });
});

describe('faults', () => {
  it('answer with headers and JSON of one’s own', async () => {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1767225600' };
    const json = { token: 'AREGmine' };
    await post('/faults', { match: 'registrationtoken', kind: 'status', status: 201, headers, json });
    const url = `${github.url}/orgs/o/actions/runners/registration-token`;
    const response = await fetch(url, { method: 'POST' });
    expect([response.status, response.headers.get('x-ratelimit-reset')]).toEqual([201, '1767225600']);
    expect(await response.json()).toEqual(json);
  });

  it('change members of an answer that is given', async () => {
    const { id } = github.admin.createScaleSet({ name: 'set' });
    await post('/faults', {
      match: 'getscaleset',
      kind: 'members',
      json: { name: 'other', statistics: null },
    });
    const scaleSet = await clientOf(github.url).getScaleSet(id);
    expect(scaleSet).toMatchObject({ id, name: 'other', labels: [{ name: 'set' }] });
    expect(scaleSet).not.toHaveProperty('statistics');
  });

  it('hit once if nothing else is said', () => {
    const faults = createFaults();
    faults.add({ match: 'getrunner', kind: 'reset' });
    expect([faults.take('removerunner'), faults.take('getrunner')?.kind, faults.take('getrunner')]).toEqual([
      undefined,
      'reset',
      undefined,
    ]);
  });

  it('end with their time', async () => {
    const faults = createFaults();
    faults.add({ match: '*', kind: 'reset', forMs: 20 });
    expect(faults.take('getrunner')).toBeDefined();
    await sleep(40);
    expect(faults.take('getrunner')).toBeUndefined();
  });

  it('hit by chance, the same calls with the same seed', () => {
    const hits = (seed: number): boolean[] => {
      const faults = createFaults();
      faults.add({ match: '*', kind: 'reset', probability: 0.3, seed });
      return Array.from({ length: 1_000 }, () => faults.take('getrunner') !== undefined);
    };
    const share = hits(1).filter(Boolean).length / 1_000;
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.35);
    expect(hits(1)).toEqual(hits(1));
    expect(hits(1)).not.toEqual(hits(2));
  });
});

test('a runner group that is renamed keeps its scale sets', async () => {
  await post('/scale-sets', { id: 5, name: 'set', runnerGroupId: 2 });
  expect((await post('/runner-groups/rename', { name: 'standin-group', to: 'renamed' })).status).toBe(204);
  expect((await post('/runner-groups/rename', { name: 'nowhere', to: 'x' })).status).toBe(404);
  const client = clientOf(github.url);
  expect(await client.getScaleSet(5)).toMatchObject({ runnerGroupName: 'renamed' });
  expect(await client.getRunnerGroupByName('renamed')).toMatchObject({ id: 2 });
});
