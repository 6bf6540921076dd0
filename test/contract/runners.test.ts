import { NOBODY, onStandIn, raw, refusal, startTarget } from './target.ts';
import type { Target } from './target.ts';

const AGENTS = '_apis/distributedtask/pools/0/agents';

let target: Target;
let scaleSetId: number;

beforeAll(async () => {
  target = await startTarget();
  ({ id: scaleSetId } = await target.scaleSet());
});

afterAll(() => target.stop());

const registered = async () => {
  const name = target.name();
  return { name, ...(await target.client.generateJitConfig(scaleSetId, { name })) };
};

describe('a runner', () => {
  it('is registered with a JIT config, and found by id and name', async () => {
    const { client } = target;
    const { name, runner, encodedJITConfig } = await registered();
    expect(runner).toMatchObject({ name, runnerScaleSetId: scaleSetId });
    expect(Buffer.from(encodedJITConfig, 'base64').toString()).toMatch(/^\{/);
    expect(await client.getRunner(runner.id)).toMatchObject({ id: runner.id, name });
    expect(await client.getRunnerByName(name)).toMatchObject({ id: runner.id, name });
    await client.removeRunner(runner.id);
  });

  it('of a name that is taken is refused: 409 AgentExistsException', async () => {
    const { name, runner } = await registered();
    const failure = await refusal(target.client.generateJitConfig(scaleSetId, { name }));
    expect(failure).toMatchObject({ decision: 'runner-exists', status: 409 });
    expect(failure.typeName).toContain('AgentExistsException');
    await target.client.removeRunner(runner.id);
  });

  it('of a scale set that is not there is refused: 404', async () => {
    const failure = await refusal(target.client.generateJitConfig(NOBODY, { name: target.name() }));
    expect(failure.status).toBe(404);
  });

  it('is removed: 204, and its name is free', async () => {
    const { client } = target;
    const { name, runner } = await registered();
    await raw(target, { method: 'DELETE', path: `${AGENTS}/${runner.id}`, ok: 204 });
    expect(await client.getRunner(runner.id)).toBeUndefined();
    expect(await client.getRunnerByName(name)).toBeUndefined();
    const again = await client.generateJitConfig(scaleSetId, { name });
    await client.removeRunner(again.runner.id);
  });

  it.each([0, NOBODY])('number %d, which nobody has, counts as removed', async (id) => {
    await target.client.removeRunner(id);
  });

  it('of a number that nobody has is not there: 404 AgentNotFoundException', async () => {
    const failure = await refusal(raw(target, { method: 'GET', path: `${AGENTS}/${NOBODY}`, ok: 200 }));
    expect(failure).toMatchObject({ decision: 'not-found', status: 404 });
    expect(failure.typeName).toContain('AgentNotFoundException');
  });

  it('of a name that nobody has is an empty list: 200', async () => {
    const query = { agentName: target.name() };
    expect(await raw(target, { method: 'GET', path: AGENTS, ok: 200, query })).toMatchObject({ count: 0 });
  });

  onStandIn('a runner must take a job')('with a job is not removed: JobStillRunningException', async () => {
    const { name, runner, encodedJITConfig: jitConfig } = await registered();
    const { url, admin } = target.standIn!;
    await fetch(`${url}/standin/runners/connect`, { method: 'POST', body: JSON.stringify({ jitConfig }) });
    admin.assignJob(name);
    const failure = await refusal(target.client.removeRunner(runner.id));
    expect(failure).toMatchObject({ decision: 'job-still-running', status: 400 });
    expect(failure.typeName).toContain('JobStillRunningException');
    admin.finishJob(name);
  });
});
