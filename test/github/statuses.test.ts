import type { CallName, Fault } from '../../dev/github/protocol.ts';
import type { GitHubStandIn } from '../../dev/github/stand-in.ts';
import { startGitHub } from '../../dev/github/stand-in.ts';
import { createScaleSetClient } from '../../src/github/create-scale-set-client.ts';
import type { MessageSession } from '../../src/github/message-session.ts';
import { createMessageSession } from '../../src/github/message-session.ts';
import type { ScaleSetClient } from '../../src/github/scale-set-client.ts';

let github: GitHubStandIn;
let client: ScaleSetClient;
let scaleSetId: number;

beforeEach(async () => {
  github = await startGitHub({ pollMs: 50, batchMs: 1 });
  client = createScaleSetClient({
    configUrl: github.configUrl('org/repo'),
    credentials: { kind: 'token', token: github.token },
    registrationWaitsMs: [],
    timeoutMs: 5_000,
  });
  ({ id: scaleSetId } = await client.createScaleSet({ name: 'set', runnerGroupId: 1 }));
  github.admin.clearStats();
});

afterEach(() => github.stop());

const open = (): Promise<MessageSession> => createMessageSession(client, { scaleSetId, owner: 'me' });
const count = (name: CallName): number => github.admin.stats().calls[name]?.count ?? 0;
const fault = (match: CallName, rest: Omit<Fault, 'match'>): void =>
  github.admin.addFault({ match, ...rest });

/** Every call but those of the registration, with the status it must be answered with. */
const CALLS: [name: CallName, ok: number, call: () => Promise<unknown>][] = [
  ['getrunnergroup', 200, () => client.getRunnerGroupByName('Default')],
  ['getscalesetbyname', 200, () => client.getScaleSetByName({ name: 'set', runnerGroupId: 1 })],
  ['getscaleset', 200, () => client.getScaleSet(scaleSetId)],
  ['createscaleset', 200, () => client.createScaleSet({ name: 'other', runnerGroupId: 1 })],
  ['updatescaleset', 200, () => client.updateScaleSet(scaleSetId, { name: 'new' })],
  ['deletescaleset', 204, () => client.deleteScaleSet(scaleSetId)],
  ['generatejitconfig', 200, () => client.generateJitConfig(scaleSetId, { name: 'r1' })],
  ['getrunner', 200, () => client.getRunner(1)],
  ['getrunnerbyname', 200, () => client.getRunnerByName('r1')],
  ['removerunner', 204, () => client.removeRunner(1)],
  ['createsession', 200, () => open()],
  ['refreshsession', 200, async () => (await open()).refresh()],
  ['deletesession', 204, async () => (await open()).close()],
  ['acquirejobs', 200, async () => (await open()).acquireJobs(['1'])],
  ['getmessage', 200, async () => (await open()).getMessage({ maxCapacity: 1 })],
  ['deletemessage', 204, async () => (await open()).deleteMessage(1)],
];

describe.each(CALLS)('%s', (name, ok, call) => {
  it(`takes ${ok} alone for success`, async () => {
    const status = ok === 200 ? 201 : 200;
    fault(name, { kind: 'status', status, json: {} });
    await expect(call()).rejects.toMatchObject({ name: 'GitHubError', status });
  });

  it('tells a failure of the server, and is sent once', async () => {
    fault(name, { kind: 'status', status: 503, times: 9 });
    await expect(call()).rejects.toMatchObject({ decision: 'retry', status: 503 });
    expect(count(name)).toBe(1);
  });

  it('gives status, words and the service’s id of a refusal in plain text', async () => {
    fault(name, { kind: 'text', status: 400, message: 'example error message' });
    await expect(call()).rejects.toMatchObject({
      decision: 'refused',
      activityId: expect.stringMatching(/^[\da-f-]{36}$/) as unknown,
      message: expect.stringMatching(/status="400 Bad Request".*example error message/) as unknown,
    });
  });

  it('gives type and words of an exception', async () => {
    fault(name, { kind: 'status', status: 400, typeName: 'OddException', message: 'no way' });
    await expect(call()).rejects.toMatchObject({
      typeName: expect.stringContaining('OddException') as unknown,
      message: expect.stringContaining('no way') as unknown,
    });
  });

  it('takes a 403 for something that a person must mend', async () => {
    fault(name, { kind: 'status', status: 403 });
    await expect(call()).rejects.toMatchObject({ decision: 'refused', status: 403 });
  });
});

describe('a registration', () => {
  const fresh = (): ScaleSetClient =>
    createScaleSetClient({
      configUrl: github.configUrl('org'),
      credentials: { kind: 'token', token: github.token },
      registrationWaitsMs: [1, 1, 1],
    });
  const jwt = (payload: object): string =>
    ['{}', JSON.stringify(payload)].map((part) => Buffer.from(part).toString('base64url')).join('.') + '.x';

  it('may be answered with 201 as well', async () => {
    const url = `${github.url}/tenant/x/`;
    fault('runnerregistration', { kind: 'status', status: 201, json: { url, token: jwt({ exp: 4e9 }) } });
    // It names a token that the service does not know: the next one is the stand-in's own.
    expect(await fresh().getRunnerByName('r')).toBeUndefined();
    expect([count('runnerregistration'), count('getrunnerbyname')]).toEqual([2, 2]);
  });

  it.each([
    ['no URL', { url: null }],
    ['an empty URL', { url: '' }],
    ['a URL that is none', { url: 'nowhere' }],
    ['no token', { token: null }],
    ['a token that is no JWT', { token: 'opaque' }],
    ['a JWT without an end', { token: jwt({}) }],
    ['a JWT whose end is no number', { token: jwt({ exp: 'soon' }) }],
  ])('with %s makes no sense', async (_, json) => {
    fault('runnerregistration', { kind: 'members', json });
    await expect(fresh().getRunner(1)).rejects.toMatchObject({
      decision: 'retry',
      message: expect.stringContaining('makes no sense') as unknown,
    });
  });

  it('that the server cannot serve is sent once: Temporal repeats it', async () => {
    fault('runnerregistration', { kind: 'status', status: 500, times: 9 });
    await expect(fresh().getRunner(1)).rejects.toMatchObject({ decision: 'retry', status: 500 });
    expect([count('registrationtoken'), count('runnerregistration')]).toEqual([1, 1]);
  });

  it('that is refused for good says so after four tries, with the words of the last', async () => {
    fault('runnerregistration', { kind: 'status', status: 401, message: 'you are nobody', times: 9 });
    await expect(fresh().getRunner(1)).rejects.toMatchObject({
      decision: 'refused',
      requestId: expect.stringMatching(/^[\da-f-]{36}$/) as unknown,
      message: expect.stringContaining('you are nobody') as unknown,
    });
    expect(count('runnerregistration')).toBe(4);
  });
});

describe('a list', () => {
  const listed = { id: 9, name: 'set' };

  it('of nothing is nothing, whatever it lists', async () => {
    fault('getscalesetbyname', { kind: 'status', status: 200, json: { count: 0, value: [listed] } });
    expect(await client.getScaleSetByName({ name: 'set', runnerGroupId: 1 })).toBeUndefined();
  });

  it('of several of one name is an error with the service’s id', async () => {
    const json = { count: 2, value: [listed, listed] };
    for (const name of ['getscalesetbyname', 'getrunnerbyname', 'getrunnergroup'] as const) {
      fault(name, { kind: 'status', status: 200, json });
    }
    const calls = [
      client.getScaleSetByName({ name: 'set', runnerGroupId: 1 }),
      client.getRunnerByName('set'),
      client.getRunnerGroupByName('set'),
    ];
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({
        activityId: expect.any(String) as unknown,
        message: expect.stringContaining('lists multiple') as unknown,
      });
    }
  });

  it('that is not found is no empty list', async () => {
    fault('getscalesetbyname', { kind: 'text', status: 404 });
    const call = client.getScaleSetByName({ name: 'set', runnerGroupId: 1 });
    await expect(call).rejects.toMatchObject({ decision: 'retry', status: 404 });
  });
});

it('a scale set that is null is none', async () => {
  fault('getscaleset', { kind: 'status', status: 200, json: null });
  expect(await client.getScaleSet(scaleSetId)).toBeUndefined();
});

describe('a message', () => {
  it('without a number makes no sense', async () => {
    const session = await open();
    github.admin.queueJobs({ scaleSetId });
    fault('getmessage', { kind: 'members', json: { messageId: null } });
    await expect(session.getMessage({ maxCapacity: 1 })).rejects.toMatchObject({
      decision: 'retry',
      message: expect.stringContaining('messageId') as unknown,
    });
  });

  it.each([
    ['of another type', { messageType: 'Other' }, /unknown type Other/],
    ['whose type is no text', { messageType: 7 }, /unknown type ""/],
    ['whose body is no list', { body: '{}' }, /body is no list in JSON/],
    ['whose body is no JSON', { body: '[' }, /body is no list in JSON/],
    ['whose body is no text', { body: 5 }, /body is no list in JSON/],
  ])('%s has no jobs and says why; its statistics count', async (_, json, words) => {
    const session = await open();
    github.admin.queueJobs({ scaleSetId });
    fault('getmessage', { kind: 'members', json });
    expect(await session.getMessage({ maxCapacity: 1 })).toMatchObject({
      ...{ available: [], assigned: [], started: [], completed: [] },
      problems: [expect.stringMatching(words)],
      statistics: { totalAssignedJobs: 1 },
    });
  });

  it.each([
    ['without statistics', { statistics: null }, { assigned: [{}], problems: [] }],
    [
      'with statistics of another kind',
      { statistics: 'none' },
      { problems: [expect.stringContaining('statistics')] },
    ],
    ['with statistics that count backwards', { statistics: { totalAssignedJobs: -1 } }, { assigned: [{}] }],
    ['with statistics in words', { statistics: { totalAssignedJobs: 'two' } }, { assigned: [{}] }],
    ['with statistics that say nothing', { statistics: {} }, { assigned: [{}] }],
  ])('%s keeps what was known', async (_, json, seen) => {
    const session = await open();
    github.admin.queueJobs({ scaleSetId });
    fault('getmessage', { kind: 'members', json });
    const message = await session.getMessage({ maxCapacity: 1 });
    expect(message).toMatchObject(seen);
    expect(message?.statistics).toBeUndefined();
  });

  it.each([
    ['with an empty body has no jobs', { body: '' }, { assigned: [], problems: [] }],
    [
      'whose list is no text is read',
      { body: [{ messageType: 'JobAssigned' }] },
      { assigned: [{}], problems: [] },
    ],
    ['whose number is text is read', { messageId: '7' }, { messageId: 7, assigned: [{}] }],
    [
      'leaves out jobs of a type that is not known',
      { body: '[{"messageType":"JobPostponed"},{"messageType":"JobAvailable"}]' },
      { available: [{}], assigned: [], started: [], completed: [], problems: [] },
    ],
    [
      'leaves out a job that makes no sense, among others',
      { body: '[{"messageType":"JobAssigned"},7,null,{"jobId":"x"},[],{"messageType":"JobStarted"}]' },
      { assigned: [{}], started: [{}] },
    ],
    [
      'reads of a job what has the right type',
      {
        body: '[{"messageType":"JobAvailable","runnerRequestId":5,"jobId":7,"requestLabels":"x","queueTime":3,"more":{}}]',
      },
      { available: [{ runnerRequestId: '5', jobId: '', requestLabels: [] }], problems: [] },
    ],
  ])('%s', async (_, json, seen) => {
    const session = await open();
    github.admin.queueJobs({ scaleSetId });
    fault('getmessage', { kind: 'members', json });
    expect(await session.getMessage({ maxCapacity: 1 })).toMatchObject(seen);
  });

  it('keeps the order of jobs of one kind', async () => {
    const session = await open();
    const body = JSON.stringify(
      ['b', 'a', 'c'].flatMap((jobId) => [
        { messageType: 'JobAssigned', jobId },
        { messageType: 'JobCompleted', jobId: `${jobId}!` },
      ]),
    );
    github.admin.queueJobs({ scaleSetId });
    fault('getmessage', { kind: 'members', json: { body } });
    const message = await session.getMessage({ maxCapacity: 1 });
    expect(message?.assigned.map(({ jobId }) => jobId)).toEqual(['b', 'a', 'c']);
    expect(message?.completed.map(({ jobId }) => jobId)).toEqual(['b!', 'a!', 'c!']);
  });

  it('that cannot be acknowledged for an old token is, with a new one', async () => {
    const session = await open();
    github.admin.expire(scaleSetId, 'token');
    await session.deleteMessage(1);
    expect([count('deletemessage'), count('refreshsession')]).toEqual([2, 1]);
  });
});

describe('a session', () => {
  it('whose queue has no URL is asked for another: a new one heals it', async () => {
    fault('createsession', { kind: 'members', json: { messageQueueUrl: '' } });
    const session = await open();
    await expect(session.getMessage({ maxCapacity: 1 })).rejects.toMatchObject({
      decision: 'retry',
      message: expect.stringContaining('no usable queue URL') as unknown,
    });
    await session.refresh();
    expect(await session.getMessage({ maxCapacity: 1 })).toBeUndefined();
  });

  it('keeps the URL of its queue when a refresh names none', async () => {
    const session = await open();
    fault('refreshsession', { kind: 'members', json: { messageQueueUrl: '' } });
    await session.refresh();
    expect(await session.getMessage({ maxCapacity: 1 })).toBeUndefined();
  });

  it('whose creation was answered into the void is in its own way', async () => {
    fault('createsession', { kind: 'lost-answer' });
    await expect(open()).rejects.toMatchObject({ decision: 'retry' });
    await expect(open()).rejects.toMatchObject({ decision: 'session-conflict' });
  });

  it('tells why it could not refresh its token', async () => {
    const session = await open();
    github.admin.expire(scaleSetId, 'token');
    fault('refreshsession', { kind: 'status', status: 502 });
    await expect(session.getMessage({ maxCapacity: 1 })).rejects.toMatchObject({
      decision: 'retry',
      status: 502,
    });
  });

  it('whose scale set was deleted meanwhile is gone with it', async () => {
    const session = await open();
    await client.deleteScaleSet(scaleSetId);
    await expect(session.getMessage({ maxCapacity: 1 })).rejects.toMatchObject({
      decision: 'session-expired',
      status: 404,
    });
    await session.close();
  });

  it('has a long poll that keeps nothing else from being done', async () => {
    github.admin.setLatency({ getmessage: 300 });
    const session = await open();
    const started = performance.now();
    const poll = session.getMessage({ maxCapacity: 1 });
    await Promise.all([session.acquireJobs([]), client.getRunner(1)]);
    expect(performance.now() - started).toBeLessThan(250);
    await poll;
  });
});
