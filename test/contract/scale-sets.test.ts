import { NOBODY, onStandIn, raw, refusal, startTarget } from './target.ts';
import type { Target } from './target.ts';

const SCALE_SETS = '_apis/runtime/runnerscalesets';

let target: Target;

beforeAll(async () => {
  target = await startTarget();
});

afterAll(() => target.stop());

describe('runner groups', () => {
  it('have a default one, number 1', async () => {
    const path = '_apis/runtime/runnergroups/';
    const list = await raw(target, { method: 'GET', path, ok: 200, query: { groupName: 'Default' } });
    expect(list).toMatchObject({ count: 1, value: [{ id: 1, name: 'Default', isDefaultGroup: true }] });
  });

  it('of a name that nobody has are an empty list: 200', async () => {
    const path = '_apis/runtime/runnergroups/';
    const list = await raw(target, { method: 'GET', path, ok: 200, query: { groupName: target.name() } });
    expect(list).toMatchObject({ count: 0 });
    expect(await refusal(target.client.getRunnerGroupByName('a & b'))).toMatchObject({
      decision: 'not-found',
    });
  });
});

describe('a scale set', () => {
  it('is created with its name as label and its setting, and found by name and id', async () => {
    const { client } = target;
    const created = await target.scaleSet();
    expect(created).toMatchObject({
      id: expect.any(Number) as unknown,
      runnerGroupId: 1,
      labels: [{ name: created.name }],
      runnerSetting: { disableUpdate: true },
    });
    const byId = await client.getScaleSet(created.id);
    expect(byId).toMatchObject({ id: created.id, name: created.name, runnerGroupName: 'Default' });
    const byName = await client.getScaleSetByName({ name: created.name, runnerGroupId: 1 });
    expect(byName?.id).toBe(created.id);
  });

  it('has the members of the wire, and statistics of nothing', async () => {
    const { id, name } = await target.scaleSet();
    const members = (await raw(target, { method: 'GET', path: `${SCALE_SETS}/${id}`, ok: 200 })) as object;
    const names = Object.keys(members).map((member) => member.toLowerCase());
    expect(names).toEqual(expect.arrayContaining(['id', 'name', 'runnergroupid', 'labels', 'runnersetting']));
    expect(members).toMatchObject({ id, name, createdOn: expect.stringMatching(/^\d{4}-/) as unknown });
  });

  it('of a name that nobody has is an empty list: 200', async () => {
    const query = { name: target.name(), runnerGroupId: '1' };
    expect(await raw(target, { method: 'GET', path: SCALE_SETS, ok: 200, query })).toMatchObject({
      count: 0,
    });
  });

  it.each(['a b', 'a+b', 'a&b=c', '100%', 'a?b#c'])('may be asked for as "%s"', async (name) => {
    expect(await target.client.getScaleSetByName({ name, runnerGroupId: 1 })).toBeUndefined();
  });

  it('of a number that nobody has is not there: 404', async () => {
    const failure = await refusal(raw(target, { method: 'GET', path: `${SCALE_SETS}/${NOBODY}`, ok: 200 }));
    expect(failure.status).toBe(404);
    expect(await target.client.getScaleSet(NOBODY)).toBeUndefined();
  });

  it('of a name that is taken in its group is refused', async () => {
    const { name } = await target.scaleSet();
    const failure = await refusal(target.client.createScaleSet({ name, runnerGroupId: 1 }));
    expect(failure.status).toBeGreaterThanOrEqual(400);
    expect(failure.status).toBeLessThan(500);
  });

  it('is renamed, keeping the rest', async () => {
    const { id } = await target.scaleSet();
    const name = target.name();
    const renamed = await target.client.updateScaleSet(id, { name });
    expect(renamed).toMatchObject({ id, name, runnerGroupId: 1, runnerGroupName: 'Default' });
    const found = await target.client.getScaleSet(id);
    expect(found).toMatchObject({ name, runnerSetting: { disableUpdate: true } });
  });

  onStandIn('a second runner group is needed')('is moved to another group', async () => {
    const { id } = await target.scaleSet();
    const moved = await target.client.updateScaleSet(id, { runnerGroupId: 2 });
    expect(moved).toMatchObject({ runnerGroupId: 2, runnerGroupName: 'standin-group' });
  });

  it('is deleted: 204, and is gone', async () => {
    const { client } = target;
    const { id } = await target.scaleSet();
    await raw(target, { method: 'DELETE', path: `${SCALE_SETS}/${id}`, ok: 204 });
    expect(await client.getScaleSet(id)).toBeUndefined();
    expect(await refusal(client.updateScaleSet(id, { name: target.name() }))).toMatchObject({ status: 404 });
    await client.deleteScaleSet(id);
  });
});
