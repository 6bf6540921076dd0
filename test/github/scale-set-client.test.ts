import type { GitHubStandIn } from '../../dev/github/stand-in.ts';
import { startGitHub } from '../../dev/github/stand-in.ts';
import type { GitHubCallRecord } from '../../src/github/call-record.ts';
import { createScaleSetClient } from '../../src/github/create-scale-set-client.ts';
import type { ScaleSetClient } from '../../src/github/scale-set-client.ts';

let github: GitHubStandIn;
let client: ScaleSetClient;

const clientWith = (token: string, path = 'org/repo'): ScaleSetClient =>
  createScaleSetClient({
    configUrl: github.configUrl(path),
    credentials: { kind: 'token', token },
    timeoutMs: 5_000,
  });

const connect = async (encodedJITConfig: string): Promise<string> => {
  const body = JSON.stringify({ jitConfig: encodedJITConfig });
  const response = await fetch(`${github.url}/standin/runners/connect`, { method: 'POST', body });
  return ((await response.json()) as { connectionId: string }).connectionId;
};

const lastCall = (name: string) => github.admin.calls().findLast((call) => call.name === name);

beforeEach(async () => {
  github = await startGitHub({ keptLabels: 3 });
  client = clientWith(github.token);
});

afterEach(() => github.stop());

describe('scale sets', () => {
  it('are created with their name as label, updates switched off, and found again', async () => {
    const created = await client.createScaleSet({ name: 'set', runnerGroupId: 1 });
    expect(created).toMatchObject({
      name: 'set',
      runnerGroupId: 1,
      runnerGroupName: 'Default',
      labels: [{ type: 'System', name: 'set' }],
      runnerSetting: { disableUpdate: true },
    });
    expect(await client.getScaleSetByName({ name: 'set', runnerGroupId: 1 })).toEqual(created);
    expect(await client.getScaleSet(created.id)).toEqual(created);
  });

  it('take labels; those that the service drops are missing in the answer', async () => {
    const labels = ['set', 'gpu', 'large', 'dropped'];
    const created = await client.createScaleSet({ name: 'set', runnerGroupId: 1, labels });
    expect(created.labels.map(({ name }) => name)).toEqual(['set', 'gpu', 'large']);
  });

  it.each(['a b', 'a+b', 'a&b=c', '100%', 'ünï/cödé', 'a?b#c'])('may be called "%s"', async (name) => {
    const created = await client.createScaleSet({ name, runnerGroupId: 1 });
    expect(await client.getScaleSetByName({ name, runnerGroupId: 1 })).toEqual(created);
  });

  it('are none of another group or config URL', async () => {
    await client.createScaleSet({ name: 'set', runnerGroupId: 1 });
    expect(await client.getScaleSetByName({ name: 'set', runnerGroupId: 2 })).toBeUndefined();
    const other = clientWith(github.token, 'org/other');
    expect(await other.getScaleSetByName({ name: 'set', runnerGroupId: 1 })).toBeUndefined();
  });

  it('are renamed and moved, keeping what is not named', async () => {
    const { id } = await client.createScaleSet({ name: 'set', runnerGroupId: 1, labels: ['gpu'] });
    expect(await client.updateScaleSet(id, { name: 'renamed' })).toMatchObject({ id, name: 'renamed' });
    expect(await client.updateScaleSet(id, { runnerGroupId: 2 })).toMatchObject({
      name: 'renamed',
      runnerGroupName: 'standin-group',
      labels: [{ type: 'System', name: 'gpu' }],
      runnerSetting: { disableUpdate: true },
    });
  });

  it('are deleted once; deleting again is no failure', async () => {
    const { id } = await client.createScaleSet({ name: 'set', runnerGroupId: 1 });
    await client.deleteScaleSet(id);
    await client.deleteScaleSet(id);
    expect(await client.getScaleSet(id)).toBeUndefined();
    await expect(client.updateScaleSet(id, { name: 'x' })).rejects.toMatchObject({
      decision: 'gone',
      status: 404,
    });
  });

  it('of a name that is taken are refused', async () => {
    await client.createScaleSet({ name: 'set', runnerGroupId: 1 });
    const again = client.createScaleSet({ name: 'set', runnerGroupId: 1 });
    await expect(again).rejects.toMatchObject({ decision: 'refused', status: 409 });
  });

  it('count as unknown, not as absent, when a bare 404 comes from anywhere', async () => {
    github.admin.addFault({ match: 'getscaleset', kind: 'text', status: 404, message: 'default backend' });
    await expect(client.getScaleSet(1)).rejects.toMatchObject({ decision: 'retry', status: 404 });
  });
});

describe('runner groups', () => {
  it('are found by name', async () => {
    expect(await client.getRunnerGroupByName('standin-group')).toMatchObject({
      id: 2,
      isDefaultGroup: false,
    });
  });

  it('that do not exist are named in the error', async () => {
    const missing = client.getRunnerGroupByName('a & b');
    await expect(missing).rejects.toMatchObject({
      decision: 'not-found',
      message: expect.stringContaining('a & b') as unknown,
    });
  });
});

describe('runners', () => {
  let scaleSetId: number;

  beforeEach(async () => {
    ({ id: scaleSetId } = await client.createScaleSet({ name: 'set', runnerGroupId: 1 }));
  });

  it('are registered, found by id and name, and removed', async () => {
    const { runner, encodedJITConfig } = await client.generateJitConfig(scaleSetId, { name: 'r1' });
    expect(runner).toEqual({ id: expect.any(Number) as unknown, name: 'r1', runnerScaleSetId: scaleSetId });
    expect(encodedJITConfig).toMatch(/^[\w+/=]+$/);
    expect(await client.getRunner(runner.id)).toEqual({ ...runner, online: false });
    expect(await client.getRunnerByName('r1')).toEqual(runner);
    await client.removeRunner(runner.id);
    expect(await client.getRunner(runner.id)).toBeUndefined();
    expect(await client.getRunnerByName('r1')).toBeUndefined();
  });

  it('of a name that is taken are refused as existing', async () => {
    await client.generateJitConfig(scaleSetId, { name: 'r1' });
    const again = client.generateJitConfig(scaleSetId, { name: 'r1' });
    await expect(again).rejects.toMatchObject({ decision: 'runner-exists', status: 409 });
  });

  it('of a scale set that is not there are refused as gone', async () => {
    const orphan = client.generateJitConfig(999, { name: 'r1' });
    await expect(orphan).rejects.toMatchObject({
      decision: 'gone',
      status: 404,
      activityId: expect.any(String) as unknown,
    });
  });

  it('that are unknown, or never registered, count as removed', async () => {
    await client.removeRunner(0);
    await client.removeRunner(12_345);
    const typeName = 'TaskAgentNotFoundException';
    github.admin.addFault({ match: 'removerunner', kind: 'status', status: 404, typeName });
    await client.removeRunner(7);
  });

  it('with a job are not removed', async () => {
    const { runner, encodedJITConfig } = await client.generateJitConfig(scaleSetId, { name: 'r1' });
    await connect(encodedJITConfig);
    github.admin.assignJob('r1');
    const removal = client.removeRunner(runner.id);
    await expect(removal).rejects.toMatchObject({ decision: 'job-still-running', status: 400 });
    github.admin.finishJob('r1');
    await client.removeRunner(runner.id);
  });

  it('are registered in parallel', async () => {
    github.admin.setLatency({ generatejitconfig: 100 });
    const names = Array.from({ length: 50 }, (_, index) => `r${index}`);
    const started = performance.now();
    await Promise.all(names.map((name) => client.generateJitConfig(scaleSetId, { name })));
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(github.admin.stats().calls.generatejitconfig).toMatchObject({ count: 50, maxInFlight: 50 });
    expect(github.admin.stats().calls.registrationtoken).toMatchObject({ count: 1 });
  });

  it('cost one request each', async () => {
    await client.generateJitConfig(scaleSetId, { name: 'r1' });
    expect(lastCall('generatejitconfig')).toMatchObject({ method: 'POST', status: 200 });
    expect(github.admin.stats().calls.generatejitconfig?.count).toBe(1);
  });
});

describe('a call', () => {
  it('ends at once, with the reason, when its signal aborts', async () => {
    github.admin.addFault({ match: 'getrunner', kind: 'timeout' });
    const abort = new AbortController();
    const reason = new Error('shutting down');
    setTimeout(() => abort.abort(reason), 50);
    await expect(client.getRunner(1, { signal: abort.signal })).rejects.toBe(reason);
  });

  it('is not sent at all when its signal has aborted', async () => {
    const reason = new Error('too late');
    await expect(client.getRunner(1, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(github.admin.stats().calls.getrunner).toBeUndefined();
  });

  it('is not retried here', async () => {
    github.admin.addFault({ match: 'getrunner', kind: 'status', status: 503 });
    await expect(client.getRunner(1)).rejects.toMatchObject({ decision: 'retry', status: 503 });
    expect(github.admin.stats().calls.getrunner?.count).toBe(1);
  });

  it('is not sent while GitHub wants a pause, whatever it is about', async () => {
    github.admin.addFault({ match: 'getrunner', kind: 'status', status: 429, retryAfter: 30 });
    await expect(client.getRunner(1)).rejects.toMatchObject({
      decision: 'retry-after',
      retryAfterMs: 30_000,
    });
    const held = await client.getRunnerByName('r1').catch((error: unknown) => error);
    expect(held).toMatchObject({ decision: 'retry-after' });
    expect((held as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(25_000);
    expect(github.admin.stats().calls.getrunnerbyname).toBeUndefined();
  });

  it('is sent again after the pause', async () => {
    let now = Date.now();
    const { token } = github;
    const patient = createScaleSetClient({
      configUrl: github.configUrl('org'),
      credentials: { kind: 'token', token },
      clock: { now: () => now },
    });
    github.admin.addFault({ match: 'getrunner', kind: 'status', status: 503, retryAfter: 30 });
    await expect(patient.getRunner(1)).rejects.toMatchObject({ decision: 'retry-after' });
    now += 30_001;
    expect(await patient.getRunner(1)).toBeUndefined();
  });

  it('is told to the observer, each request once, with its outcome', async () => {
    const seen: GitHubCallRecord[] = [];
    const observed = createScaleSetClient({
      configUrl: github.configUrl('org'),
      credentials: { kind: 'token', token: github.token },
      observe: (observation) => seen.push(observation),
    });
    await observed.getRunnerByName('r1');
    await observed.generateJitConfig(99, { name: 'r1' }).catch(() => undefined);
    github.admin.addFault({ match: 'getrunner', kind: 'reset' });
    await observed.getRunner(1).catch(() => undefined);
    expect(seen).toMatchObject([
      { operation: 'create-registration-token', service: 'rest', status: 201 },
      { operation: 'register', service: 'rest', status: 200 },
      { operation: 'get-runner-by-name', service: 'actions', status: 200 },
      { operation: 'generate-jit-config', status: 404, decision: 'gone' },
      { operation: 'get-runner', decision: 'retry' },
    ]);
    expect(seen.every(({ configUrl }) => configUrl === github.configUrl('org'))).toBe(true);
    expect(seen[4]).not.toHaveProperty('status');
    expect(seen.every(({ durationMs }) => durationMs > 0 && durationMs < 5_000)).toBe(true);
  });
});
