import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { CallName, Fault } from '../../dev/github/protocol.ts';
import type { StartedScaleSet } from './support/listener-scene.ts';
import { startScaleSet } from './support/listener-scene.ts';
import type { Scene } from './support/scene.ts';
import { eventually, startScene } from './support/scene.ts';

/** Whatever GitHub, or something on the way to it, answers a listener: the queue never stands still. */

jest.setTimeout(120_000);

let scene: Scene;
let demo: StartedScaleSet;

beforeAll(async () => {
  scene = await startScene('listener-answers');
  demo = await startScaleSet(scene, 'demo', { maxRunners: 5 });
}, 180_000);

afterAll(() => scene.stop(), 120_000);

afterEach(() => scene.github.admin.clearFaults());

const fault = (match: CallName | '*', rest: Omit<Fault, 'match'>): void =>
  scene.github.admin.addFault({ match, ...rest });

/** Far less than a poll is held: nobody waits for one to run out. */
const SOON_MS = 20_000;

async function aJobRuns(): Promise<void> {
  const [job] = scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 100 });
  await eventually(() => expect(scene.job(job!.jobId).state).toBe('completed'), SOON_MS);
}

async function itNeverStopped(): Promise<void> {
  expect(await demo.restarts()).toBe(0);
  const [scaleSet] = scene.github.admin.scaleSets();
  expect(scaleSet?.id).toBe(demo.id);
  const reasons = (await scene.events()).map(({ reason }) => reason);
  expect(reasons).not.toContain('ScaleSetNotFound');
  expect(reasons).not.toContain('ScaleSetRecreated');
}

const BROKER = 'GitHub.Actions.Runtime.WebApi.RunnerAdminException, GitHub.Actions.Runtime.WebApi';
const MISSING = 'GitHub.Actions.Runtime.WebApi.RunnerScaleSetNotFoundException, GitHub.Actions';
const REDIS = 'could not find a session ID that does not exist in redis';

const NOT_THERE: [what: string, fault: Omit<Fault, 'match'>][] = [
  ['404 of the broker', { kind: 'status', status: 404, typeName: BROKER, message: REDIS }],
  ['400 of the broker', { kind: 'status', status: 400, typeName: BROKER, message: REDIS }],
  ['404 about the scale set', { kind: 'status', status: 404, typeName: MISSING }],
  ['404 as a page', { kind: 'html', status: 404 }],
  ['404 without a word', { kind: 'empty', status: 404 }],
  ['410', { kind: 'status', status: 410, typeName: 'GitHub.GoneException' }],
];

test.each(NOT_THERE)('%s for a refresh means a new session', async (_what, answer) => {
  const opened = scene.calls('createsession');
  fault('refreshsession', answer);
  scene.github.admin.expire(demo.id, 'session');
  await aJobRuns();
  expect(scene.calls('createsession')).toBe(opened + 1);
  await itNeverStopped();
});

/** The session is there all the same, and in the way of the next. */
test.each([NOT_THERE[0]!, NOT_THERE[3]!])(
  '%s for any other call of a session, as well',
  async (_what, answer) => {
    fault('refreshsession', answer);
    scene.github.admin.expire(demo.id, 'token');
    await aJobRuns();
    fault('getmessage', answer);
    fault('deletemessage', answer);
    await aJobRuns();
    await aJobRuns();
    await itNeverStopped();
  },
);

test('a 404 of a gateway to all calls means nothing', async () => {
  fault('*', { kind: 'html', status: 404, forMs: 3_000 });
  await aJobRuns();
  await itNeverStopped();
  await eventually(async () => expect(await demo.ready()).toMatchObject({ status: 'True' }), SOON_MS);
});

test('a 404 for acquiring jobs means a new session; a refusal of a job is told and goes by', async () => {
  const offer = JSON.stringify([{ messageType: 'JobAvailable', runnerRequestId: 77, jobId: 'x' }]);
  fault('getmessage', { kind: 'members', json: { body: offer } });
  fault('acquirejobs', { kind: 'html', status: 404 });
  await aJobRuns();
  fault('getmessage', { kind: 'members', json: { body: offer } });
  fault('acquirejobs', { kind: 'status', status: 409, typeName: 'JobTakenException', message: 'too late' });
  await aJobRuns();
  await eventually(async () => {
    const [event] = await scene.events({ about: demo.listenerName, reason: 'JobsNotAcquired' });
    expect(event?.message).toMatch(/job request 77: .*too late/);
  }, SOON_MS);
  await itNeverStopped();
});

describe('a message', () => {
  const good = { messageType: 'JobAssigned', jobId: 'elsewhere' };

  it.each<[what: string, json: object, told: RegExp | undefined]>([
    ['of a type that is not known', { messageType: 'RunnerScaleSetNews' }, /unknown type RunnerScaleSetNews/],
    ['whose type is no text', { messageType: 5 }, /unknown type ""/],
    ['whose body is no JSON', { body: '[{"messageType":' }, /body is no list/],
    ['whose body is no list', { body: '{"messageType":"JobAssigned"}' }, /body is no list/],
    ['whose body is a number', { body: 17 }, /body is no list/],
    [
      'with one job that makes no sense',
      { body: JSON.stringify([good, 7, { jobId: 'y' }]) },
      /makes no sense/,
    ],
    ['without statistics', { statistics: null }, undefined],
    ['with statistics in words', { statistics: { totalAssignedJobs: 'three' } }, /statistics/],
    [
      'with members that nobody knows',
      { more: { of: ['this'] }, body: JSON.stringify([{ ...good, new: 1 }]) },
      undefined,
    ],
    [
      'whose jobs have members of wrong types',
      { body: JSON.stringify([{ ...good, jobId: 9, requestLabels: 'a', queueTime: {}, runnerId: 'x' }]) },
      undefined,
    ],
  ])('%s is acknowledged, and the queue goes on', async (_what, json, told) => {
    const acknowledged = scene.calls('deletemessage');
    fault('getmessage', { kind: 'members', json });
    await aJobRuns();
    await eventually(() => expect(scene.calls('deletemessage')).toBeGreaterThanOrEqual(acknowledged + 2));
    await itNeverStopped();
    if (!told) return;
    await eventually(async () => {
      const events = await scene.events({ about: demo.listenerName, reason: 'MessageNotUnderstood' });
      expect(events.filter(({ message = '' }) => told.test(message))).not.toHaveLength(0);
    }, SOON_MS);
  });

  it('that can be acted upon and never be acknowledged is passed by', async () => {
    fault('deletemessage', { kind: 'status', status: 500, times: 2 });
    await aJobRuns();
    await aJobRuns();
    await itNeverStopped();
  });
});

const hasJob = (object: string): string => `(has(${object}.status) && has(${object}.status.jobId))`;
const IS_NO_NEW_NOTE = `!${hasJob('object')} || ${hasJob('oldObject')}`;

describe('a note of a job that the cluster refuses', () => {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-arc-policy-'));
  const path = join(folder, 'policy.json');

  afterAll(async () => {
    await scene.kubectl('delete', '--ignore-not-found', '--filename', path);
    rmSync(folder, { recursive: true });
  });

  it('holds nothing up', async () => {
    const name = `no-notes-${scene.namespace}`;
    const api = { apiVersion: 'admissionregistration.k8s.io/v1' };
    const rule = { apiGroups: ['actions.github.com'], apiVersions: ['*'], operations: ['UPDATE'] };
    const policy = {
      ...{ ...api, kind: 'ValidatingAdmissionPolicy', metadata: { name } },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [{ ...rule, resources: ['ephemeralrunners/status'] }] },
        validations: [{ expression: IS_NO_NEW_NOTE, message: 'no notes here' }],
      },
    };
    const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': scene.namespace } };
    const binding = {
      ...{ ...api, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name } },
      spec: { policyName: name, validationActions: ['Deny'], matchResources: { namespaceSelector } },
    };
    writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [policy, binding] }));
    await scene.kubectl('apply', '--filename', path);
    await eventually(async () => {
      const { length } = scene.logs;
      const [job] = scene.github.admin.queueJobs({ scaleSetId: demo.id, durationMs: 8_000 });
      await aJobRuns();
      await eventually(() => expect(scene.job(job!.jobId).state).toBe('completed'));
      expect(scene.logs.slice(length).join()).toContain('no notes here');
    });
    await itNeverStopped();
  });
});
