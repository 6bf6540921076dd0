import type { CallName, Fault } from '../../../dev/github/protocol.ts';
import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import { openSession } from '../../../src/activities/autoscaling-listener/open-session.ts';
import type { ListenerSetup } from '../../../src/activities/autoscaling-listener/setup.ts';
import { createScaleSetClient } from '../../../src/github/create-scale-set-client.ts';
import { createMessageSession } from '../../../src/github/message-session.ts';

const { signal } = new AbortController();

let github: GitHubStandIn;
let setup: ListenerSetup;
let sessionId: string;

beforeEach(async () => {
  github = await startGitHub();
  const client = createScaleSetClient({
    configUrl: github.configUrl('org/repo'),
    credentials: { kind: 'token', token: github.token },
  });
  const { id } = await client.createScaleSet({ name: 'set', runnerGroupId: 1 });
  setup = { github: client, scaleSetId: id, owner: 'me' } as unknown as ListenerSetup;
  ({ sessionId } = (await createMessageSession(client, { scaleSetId: id, owner: 'me' })).state());
  github.admin.clearStats();
});

afterEach(() => github.stop());

const count = (name: CallName): number => github.admin.stats().calls[name]?.count ?? 0;

const open = (isLost = false) => openSession(setup, { sessionId, isLost }, signal);

const openWithout = (isLost: boolean) => openSession(setup, { sessionId: undefined, isLost }, signal);

test('the session that is known goes on', async () => {
  const { session, isEarlier } = await open();
  expect([isEarlier, session.state().sessionId]).toEqual([true, sessionId]);
  expect(count('createsession')).toBe(0);
});

const BROKER = 'GitHub.Actions.Runtime.WebApi.RunnerAdminException, GitHub.Actions.Runtime.WebApi';
const MISSING = 'GitHub.Actions.Runtime.WebApi.RunnerScaleSetNotFoundException';

const LOST: [what: string, fault: Omit<Fault, 'match'>][] = [
  [
    '404 of the broker',
    { kind: 'status', status: 404, typeName: BROKER, message: 'session ID that does not exist in redis' },
  ],
  ['404 of the scale set', { kind: 'status', status: 404, typeName: MISSING }],
  ['404 as a page', { kind: 'html', status: 404 }],
  ['404 as text', { kind: 'text', status: 404 }],
  ['404 without a word', { kind: 'empty', status: 404 }],
  ['410', { kind: 'status', status: 410, typeName: 'GoneException' }],
  ['410 without a word', { kind: 'empty', status: 410 }],
  [
    '400 of a session that expired',
    { kind: 'status', status: 400, typeName: 'RunnerScaleSetSessionExpiredException' },
  ],
  [
    '400 of a session that is not found',
    { kind: 'status', status: 400, typeName: 'RunnerScaleSetSessionNotFoundException' },
  ],
  ['400 in words', { kind: 'status', status: 400, typeName: BROKER, message: 'the session does not exist' }],
];

test.each(LOST)('a refresh that answers %s: another one is opened in place', async (_what, fault) => {
  github.admin.expire(setup.scaleSetId, 'session');
  github.admin.addFault({ match: 'refreshsession', ...fault });
  const { session, isEarlier } = await open();
  expect(isEarlier).toBe(false);
  expect(session.state().sessionId).not.toBe(sessionId);
});

test('one that is said to be lost is not asked for again', async () => {
  github.admin.expire(setup.scaleSetId, 'session');
  expect((await open(true)).isEarlier).toBe(false);
  expect(count('refreshsession')).toBe(0);
});

test('one that is said to be lost, and is in the way of the next, is closed', async () => {
  const { session } = await open(true);
  expect(session.state().sessionId).not.toBe(sessionId);
  expect([count('createsession'), count('deletesession')]).toEqual([2, 1]);
});

test("somebody else's is in the way, and stays", async () => {
  await expect(openWithout(false)).rejects.toMatchObject({ decision: 'session-conflict' });
  await expect(openWithout(true)).rejects.toMatchObject({ decision: 'session-conflict' });
  expect(count('deletesession')).toBe(0);
});

describe('a session that cannot be opened for a 404', () => {
  beforeEach(() => github.admin.expire(setup.scaleSetId, 'session'));

  test.each<[string, Omit<Fault, 'match'>]>([
    ['of a page', { kind: 'html', status: 404 }],
    ['without a word', { kind: 'empty', status: 404 }],
    ['of the broker', { kind: 'status', status: 404, typeName: BROKER }],
    ['that says the scale set is missing', { kind: 'status', status: 404, typeName: MISSING }],
  ])('%s means nothing while the scale set is there', async (_what, fault) => {
    github.admin.addFault({ match: 'createsession', ...fault });
    await expect(open(true)).rejects.toMatchObject({ decision: 'retry', status: 404 });
    expect(count('getscaleset')).toBe(1);
  });

  test('means nothing when whoever answers does so to all', async () => {
    github.admin.addFault({ match: '*', kind: 'html', status: 404, times: 9 });
    await expect(open(true)).rejects.toMatchObject({ decision: 'retry', status: 404 });
  });

  test('means that the scale set is gone when GitHub says so of the scale set itself', async () => {
    await setup.github.deleteScaleSet(setup.scaleSetId);
    await expect(open(true)).rejects.toMatchObject({ decision: 'gone', status: 404 });
  });
});
