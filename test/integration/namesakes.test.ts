import { randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import type { Fault } from '../../dev/github/protocol.ts';
import { RUNNER_SCALE_SET_ID_ANNOTATION } from '../../src/api/annotations.ts';
import type { ScaleSet, WantedScaleSet } from './support/scale-set-scene.ts';
import { createScaleSet } from './support/scale-set-scene.ts';
import type { Scene } from './support/scene.ts';
import { always, eventually, startScene } from './support/scene.ts';
import type { FreshNamespace } from './support/servers.ts';
import { freshNamespace } from './support/servers.ts';

/** Names and groups that GitHub will not give, or that several want: whoever has a scale set goes on with it. */

jest.setTimeout(120_000);

let scene: Scene;
let other: FreshNamespace;

beforeAll(async () => {
  other = await freshNamespace('namesakes-other');
  scene = await startScene('namesakes', { alsoIn: [other.name] });
}, 180_000);
afterAll(async () => {
  await scene.stop();
  await other.remove();
}, 120_000);

const GROUP = 'standin-group';

interface Listening {
  scaleSet: ScaleSet;
  id: number;
}

/** One that listens, under a name of its own. */
async function listening(prefix: string, spec: WantedScaleSet = {}): Promise<Listening> {
  const name = `${prefix}-${randomBytes(2).toString('hex')}`;
  const scaleSet = await createScaleSet(scene, name, { maxRunners: 2, ...spec });
  return { scaleSet, id: await listens(scaleSet) };
}

/** @returns its id at GitHub */
async function listens(scaleSet: ScaleSet): Promise<number> {
  return eventually(async () => {
    expect(await scaleSet.condition('Ready')).toMatchObject({ status: 'True' });
    return Number(await scaleSet.annotation(RUNNER_SCALE_SET_ID_ANNOTATION));
  });
}

const atGitHub = (id: number) => scene.github.admin.scaleSets().find((each) => each.id === id);

/** Its queue goes on: a job that comes now is run. */
async function takesJobs({ id }: Listening): Promise<void> {
  const [job] = scene.github.admin.queueJobs({ scaleSetId: id, durationMs: 50 });
  await eventually(() => expect(scene.job(job!.jobId).state).toBe('completed'), 20_000);
}

const refusedAs = (scaleSet: ScaleSet, reason: string, message: RegExp) =>
  eventually(async () => {
    expect(await scaleSet.condition('ScaleSetReady')).toMatchObject({
      ...{ status: 'False', reason },
      message: expect.stringMatching(message),
    });
    expect(await scaleSet.events(reason)).toHaveLength(1);
  }, 20_000);

/** Calls that change a scale set, or look for one, while nothing is changed: no more than backoff allows. */
async function goesCalmlyOn(work: () => Promise<void>): Promise<void> {
  const names = ['updatescaleset', 'createscaleset', 'deletescaleset', 'getscalesetbyname', 'getrunnergroup'];
  const count = () => names.reduce((sum, name) => sum + scene.calls(name), 0);
  const [before, from] = [count(), Date.now()];
  await work();
  await always(Math.max(0, 4_000 - (Date.now() - from)), () => undefined);
  expect(count() - before).toBeLessThanOrEqual(8);
}

const NAME_TAKEN = /RunnerScaleSetExistsException.* goes on as "/;

interface Row {
  spec?: WantedScaleSet;
  /** Before the change. @returns the change, and what repairs it */
  arrange: (one: Listening) => { change: object; repair: object };
  reason: string;
  message: RegExp;
}

const namesake = (name: string, runnerGroupId: number) =>
  scene.github.admin.createScaleSet({ name, runnerGroupId });

const refuse = (fault: Partial<Fault>): void =>
  scene.github.admin.addFault({ match: 'updatescaleset', kind: 'status', times: 3, ...fault });

const rows: [string, Row][] = [
  [
    'its runner group was renamed',
    {
      spec: { runnerGroup: GROUP },
      arrange: () => {
        scene.github.admin.renameRunnerGroup(GROUP, 'renamed');
        return { change: { runnerScaleSetLabels: ['gpu'] }, repair: { runnerGroup: 'renamed' } };
      },
      reason: 'RunnerGroupNotFound',
      message: /no runner group "standin-group".*goes on .* in runner group "renamed"/,
    },
  ],
  [
    'another one of its group has the name that it is to have',
    {
      arrange: ({ scaleSet: { name } }) => {
        namesake(`${name}-taken`, 1);
        return {
          change: { runnerScaleSetName: `${name}-taken` },
          repair: { runnerScaleSetName: `${name}-free` },
        };
      },
      reason: 'ScaleSetNameTaken',
      message: NAME_TAKEN,
    },
  ],
  [
    'one of its name is in the group that it is to go to',
    {
      arrange: ({ scaleSet: { name } }) => {
        namesake(name, 2);
        return { change: { runnerGroup: 'renamed' }, repair: { runnerGroup: 'Default' } };
      },
      reason: 'ScaleSetNameTaken',
      message: NAME_TAKEN,
    },
  ],
  ...[400, 403, 422].map((status): [string, Row] => [
    `GitHub refuses the change with ${status}`,
    {
      arrange: () => {
        refuse({ status, typeName: 'SomeException', message: 'words of GitHub' });
        return { change: { runnerScaleSetLabels: ['gpu'] }, repair: { runnerScaleSetLabels: null } };
      },
      reason: 'GitHubRefused',
      message: /SomeException.*words of GitHub\. Scale set \d+ goes on/,
    },
  ]),
];

describe('a scale set that listens, and that GitHub will not change', () => {
  afterEach(() => scene.github.admin.clearFaults());

  it.each(rows)('%s: it goes on as it is, says why, and is repaired', async (_what, row) => {
    const one = await listening('stays', row.spec);
    const polls = scene.calls('getmessage');
    const { change, repair } = row.arrange(one);
    await one.scaleSet.edit(change);
    await refusedAs(one.scaleSet, row.reason, row.message);
    await goesCalmlyOn(async () => {
      // What GitHub need not be asked about takes effect.
      await one.scaleSet.edit({ maxRunners: 5 });
      await eventually(() => expect(atGitHub(one.id)?.capacity).toBe(5));
      await takesJobs(one);
    });
    await listens(one.scaleSet);
    expect(scene.calls('getmessage')).toBeGreaterThan(polls);
    expect(scene.calls('createsession')).toBeLessThan(20);
    await one.scaleSet.edit(repair);
    await eventually(async () =>
      expect(await one.scaleSet.condition('ScaleSetReady')).toMatchObject({ status: 'True' }),
    );
    expect(await listens(one.scaleSet)).toBe(one.id);
    await one.scaleSet.delete();
  });
});

test('a new one whose name GitHub does not give out says so, and comes with another name', async () => {
  scene.github.admin.addFault({
    ...{ match: 'createscaleset', kind: 'status', status: 409, times: 1_000 },
    ...{ typeName: 'RunnerScaleSetExistsException', message: 'it is in another group' },
  });
  const fresh = await createScaleSet(scene, 'not-given');
  await refusedAs(fresh, 'ScaleSetNameTaken', /runnerScaleSetName.*it is in another group/);
  await goesCalmlyOn(() => Promise.resolve());
  scene.github.admin.clearFaults();
  await fresh.edit({ runnerScaleSetName: 'given' });
  await listens(fresh);
  await fresh.delete();
});

describe('two AutoscalingRunnerSets with the name and URL of one scale set', () => {
  /** It waits, makes nothing, and says for whom. */
  async function waits(second: ScaleSet): Promise<void> {
    await eventually(async () =>
      expect(await second.condition('Ready')).toMatchObject({
        ...{ status: 'False', reason: 'ScaleSetTaken' },
        message: expect.stringContaining(`${scene.namespace}/${second.name} has scale set`),
      }),
    );
    expect(await second.events('ScaleSetTaken')).toHaveLength(1);
    expect(await second.listeners()).toEqual([]);
    expect(await second.runnerSets()).toEqual([]);
  }

  it('the first listens, the second waits and changes nothing; deleted, it takes nothing along', async () => {
    const first = await listening('twice');
    const spec = { runnerScaleSetLabels: ['gpu'], minRunners: 1 };
    const second = await createScaleSet(scene, first.scaleSet.name, spec, other.name);
    await waits(second);
    await goesCalmlyOn(() => takesJobs(first));
    expect(atGitHub(first.id)?.labels).toEqual([first.scaleSet.name]);
    await second.delete();
    await second.gone();
    expect(atGitHub(first.id)).toBeDefined();
    await takesJobs(first);
    expect(await first.scaleSet.events('ScaleSetRecreated')).toEqual([]);
    await first.scaleSet.delete();
    await first.scaleSet.gone();
    expect(atGitHub(first.id)).toBeUndefined();
  });

  it('when the first is deleted the second takes the scale set over, with the jobs that wait', async () => {
    const first = await listening('next', { minRunners: 1 });
    const second = await createScaleSet(scene, first.scaleSet.name, {}, other.name);
    await waits(second);
    await first.scaleSet.delete();
    const [job] = scene.github.admin.queueJobs({ scaleSetId: first.id, durationMs: 50 });
    await first.scaleSet.gone();
    expect(await listens(second)).toBe(first.id);
    expect(await first.scaleSet.events('ScaleSetKept')).toHaveLength(1);
    await eventually(() => expect(scene.job(job!.jobId).state).toBe('completed'), 20_000);
    await second.delete();
    await second.gone();
    expect(atGitHub(first.id)).toBeUndefined();
  });
});
