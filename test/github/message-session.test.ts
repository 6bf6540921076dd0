import type { GitHubOptions, GitHubStandIn } from '../../dev/github/stand-in.ts';
import { startGitHub } from '../../dev/github/stand-in.ts';
import { createScaleSetClient } from '../../src/github/create-scale-set-client.ts';
import type { MessageSession, ScaleSetMessage } from '../../src/github/message-session.ts';
import { createMessageSession, resumeMessageSession } from '../../src/github/message-session.ts';
import type { ScaleSetClient } from '../../src/github/scale-set-client.ts';

let github: GitHubStandIn;
let client: ScaleSetClient;
let session: MessageSession;
let scaleSetId: number;

const start = async (options: GitHubOptions = {}): Promise<void> => {
  github = await startGitHub({ pollMs: 200, batchMs: 5, ...options });
  client = createScaleSetClient({
    configUrl: github.configUrl('org/repo'),
    credentials: { kind: 'token', token: github.token },
    timeoutMs: 5_000,
  });
  ({ id: scaleSetId } = await client.createScaleSet({ name: 'set', runnerGroupId: 1 }));
  session = await createMessageSession(client, { scaleSetId, owner: 'me' });
};

const registered = async (name: string): Promise<string> => {
  const { encodedJITConfig } = await client.generateJitConfig(scaleSetId, { name });
  const body = JSON.stringify({ jitConfig: encodedJITConfig });
  const response = await fetch(`${github.url}/standin/runners/connect`, { method: 'POST', body });
  return ((await response.json()) as { connectionId: string }).connectionId;
};

const received = async (lastMessageId?: number): Promise<ScaleSetMessage> => {
  const message = await session.getMessage({ lastMessageId, maxCapacity: 10 });
  if (!message) throw new Error('no message came');
  return message;
};

const count = (name: 'refreshsession' | 'getmessage'): number => github.admin.stats().calls[name]?.count ?? 0;

afterEach(() => github.stop());

describe('a message session', () => {
  beforeEach(() => start());

  it('has an id, an owner, a queue and statistics', () => {
    expect(session.state()).toMatchObject({
      sessionId: expect.stringMatching(/^[\da-f-]{36}$/) as unknown,
      ownerName: 'me',
      messageQueueUrl: expect.stringContaining(github.url) as unknown,
      statistics: { totalAssignedJobs: 0, totalRegisteredRunners: 0 },
    });
  });

  it('is the only one', async () => {
    const second = createMessageSession(client, { scaleSetId, owner: 'other' });
    await expect(second).rejects.toMatchObject({ decision: 'session-conflict', status: 409 });
    await session.close();
    expect((await createMessageSession(client, { scaleSetId, owner: 'other' })).state().ownerName).toBe(
      'other',
    );
  });

  it('of a scale set that is not there is refused as gone', async () => {
    const orphan = createMessageSession(client, { scaleSetId: 999, owner: 'me' });
    await expect(orphan).rejects.toMatchObject({ decision: 'gone' });
  });

  it('is closed once; closing again is no failure', async () => {
    await session.close();
    await session.close();
  });

  it('is resumed elsewhere by its id alone', async () => {
    const { sessionId } = session.state();
    const resumed = await resumeMessageSession(client, { scaleSetId, sessionId });
    github.admin.queueJobs({ scaleSetId });
    expect((await resumed.getMessage({ maxCapacity: 1 }))?.assigned).toHaveLength(1);
  });

  it('that is gone is not resumed', async () => {
    const { sessionId } = session.state();
    await session.close();
    const resumed = resumeMessageSession(client, { scaleSetId, sessionId });
    await expect(resumed).rejects.toMatchObject({ decision: 'session-expired', status: 400 });
  });

  it('refreshes a token that the queue refuses, and goes on', async () => {
    github.admin.expire(scaleSetId, 'token');
    github.admin.queueJobs({ scaleSetId });
    expect((await received()).assigned).toHaveLength(1);
    expect(count('refreshsession')).toBe(1);
  });

  it('refreshes once for parallel calls', async () => {
    github.admin.expire(scaleSetId, 'token');
    github.admin.setLatency({ refreshsession: 50 });
    await Promise.all([
      session.getMessage({ maxCapacity: 0 }),
      session.deleteMessage(1),
      session.acquireJobs([]),
    ]);
    expect(count('refreshsession')).toBe(1);
  });

  it('gives up when the fresh token is refused as well', async () => {
    github.admin.addFault({ match: 'getmessage', kind: 'status', status: 401, times: 9 });
    const refused = session.getMessage({ maxCapacity: 0 });
    await expect(refused).rejects.toMatchObject({ decision: 'token-expired', status: 401 });
    expect(count('getmessage')).toBe(2);
  });

  it('that the service dropped shows as expired at the next poll', async () => {
    github.admin.expire(scaleSetId, 'session');
    await expect(session.getMessage({ maxCapacity: 0 })).rejects.toMatchObject({
      decision: 'session-expired',
    });
  });
});

describe('messages', () => {
  beforeEach(() => start());

  it('do not come while nothing happens', async () => {
    expect(await session.getMessage({ maxCapacity: 3 })).toBeUndefined();
    expect(github.admin.scaleSets()[0]?.capacity).toBe(3);
  });

  it('end a poll that is held', async () => {
    setTimeout(() => github.admin.queueJobs({ scaleSetId, count: 2 }), 50);
    expect(await received()).toMatchObject({ assigned: [{}, {}], statistics: { totalAssignedJobs: 2 } });
  });

  it('tell the life of a job', async () => {
    github.admin.queueJobs({ scaleSetId, owner: 'org', repository: 'repo', displayName: 'test' });
    const first = await received();
    expect(first.assigned).toEqual([
      expect.objectContaining({
        ownerName: 'org',
        repositoryName: 'repo',
        jobDisplayName: 'test',
        eventName: 'push',
      }),
    ]);
    expect(first.assigned[0]).not.toHaveProperty('runnerAssignTime');
    await session.deleteMessage(first.messageId);
    await registered('r1');
    const second = await received(first.messageId);
    expect(second).toMatchObject({
      started: [{ runnerName: 'r1', runnerAssignTime: expect.any(String) as unknown }],
      statistics: { totalAssignedJobs: 1, totalRunningJobs: 1, totalBusyRunners: 1, totalIdleRunners: 0 },
    });
    await session.deleteMessage(second.messageId);
    github.admin.finishJob('r1', 'failed');
    expect(await received(second.messageId)).toMatchObject({
      completed: [{ runnerName: 'r1', result: 'failed', finishTime: expect.any(String) as unknown }],
      statistics: { totalAssignedJobs: 0, totalRegisteredRunners: 0 },
    });
  });

  it('come again until they are acknowledged', async () => {
    github.admin.queueJobs({ scaleSetId });
    const { messageId } = await received();
    expect((await received()).messageId).toBe(messageId);
    expect(await session.getMessage({ lastMessageId: messageId, maxCapacity: 1 })).toBeUndefined();
    await session.deleteMessage(messageId);
    expect(await session.getMessage({ maxCapacity: 1 })).toBeUndefined();
  });

  it('hold at most 50 jobs each', async () => {
    github.admin.queueJobs({ scaleSetId, count: 120 });
    const sizes: number[] = [];
    for (let last = 0; sizes.length < 3;) {
      const message = await session.getMessage({ lastMessageId: last, maxCapacity: 1_000 });
      sizes.push(message?.assigned.length ?? 0);
      last = message?.messageId ?? 0;
    }
    expect(sizes).toEqual([50, 50, 20]);
  });

  it('assign no more jobs than the capacity allows', async () => {
    expect(await session.getMessage({ maxCapacity: 2 })).toBeUndefined();
    github.admin.queueJobs({ scaleSetId, count: 5 });
    expect((await session.getMessage({ maxCapacity: 2 }))?.statistics?.totalAssignedJobs).toBe(2);
    expect((await session.getMessage({ maxCapacity: 4 }))?.statistics?.totalAssignedJobs).toBe(4);
  });

  it.each([
    ['empty', /makes no sense/],
    ['html', /makes no sense/],
    ['truncated', /makes no sense/],
    ['wrong-types', /makes no sense/],
  ] as const)('that are %s give a typed error, and come again', async (kind, text) => {
    github.admin.queueJobs({ scaleSetId });
    github.admin.addFault({ match: 'getmessage', kind });
    await expect(received()).rejects.toMatchObject({
      name: 'GitHubError',
      decision: 'retry',
      message: expect.stringMatching(text) as unknown,
    });
    expect((await received()).assigned).toHaveLength(1);
  });

  it('lose an element that makes no sense, and say so', async () => {
    github.admin.queueJobs({ scaleSetId, count: 2 });
    const { request } = client.transport;
    const damaged: typeof client.transport = {
      ...client.transport,
      request: async (call) => {
        const answer = await request(call);
        return { ...answer, body: answer.body.replace('\\"JobAssigned\\"', '7') };
      },
    };
    const { sessionId } = session.state();
    const other = await resumeMessageSession({ transport: damaged }, { scaleSetId, sessionId });
    expect(await other.getMessage({ maxCapacity: 9 })).toMatchObject({
      assigned: [{}],
      problems: [expect.stringContaining('makes no sense')],
    });
  });

  it('are not waited for when the signal aborts', async () => {
    const reason = new Error('moving on');
    const poll = session.getMessage({ maxCapacity: 1, signal: AbortSignal.timeout(50) });
    await expect(poll).rejects.toMatchObject({ name: 'TimeoutError' });
    const never = session.getMessage({ maxCapacity: 1, signal: AbortSignal.abort(reason) });
    await expect(never).rejects.toBe(reason);
  });
});

describe('jobs of an Enterprise Server', () => {
  const firstRequestId = 2n ** 53n + 1n;

  beforeEach(() => start({ style: 'ghes', firstRequestId }));

  it('are available first, and assigned when acquired, with all digits of their ids', async () => {
    github.admin.queueJobs({ scaleSetId, count: 3 });
    const message = await received();
    const ids = message.available.map(({ runnerRequestId }) => runnerRequestId);
    expect(ids).toEqual(['9007199254740993', '9007199254740994', '9007199254740995']);
    expect(message.available[0]?.workflowRunId).toBe('9007199255740993');
    expect(message.statistics).toMatchObject({ totalAvailableJobs: 3, totalAssignedJobs: 0 });
    expect(await session.acquireJobs(ids.slice(0, 2))).toEqual(ids.slice(0, 2));
    const states = github.admin.jobs().map(({ state }) => state);
    expect(states).toEqual(['assigned', 'assigned', 'available']);
  });

  it('that others got meanwhile are missing in the answer', async () => {
    github.admin.queueJobs({ scaleSetId });
    const [job] = (await received()).available;
    await session.acquireJobs([job!.runnerRequestId]);
    expect(await session.acquireJobs([job!.runnerRequestId, '1'])).toEqual([]);
  });

  it('none of them: an empty list is sent all the same', async () => {
    expect(await session.acquireJobs([])).toEqual([]);
  });
});
