import { createMessageSession, resumeMessageSession } from '../../src/github/message-session.ts';
import type { MessageSession } from '../../src/github/message-session.ts';
import { onStandIn, raw, refusal, startTarget } from './target.ts';
import type { Target } from './target.ts';

let target: Target;
let scaleSetId: number;
let session: MessageSession;

beforeAll(async () => {
  target = await startTarget();
});

afterAll(() => target.stop());

const open = (owner = 'contract'): Promise<MessageSession> =>
  createMessageSession(target.client, { scaleSetId, owner });

beforeEach(async () => {
  ({ id: scaleSetId } = await target.scaleSet());
  session = await open();
});

afterEach(() => session.close());

const sessionsPath = (id = scaleSetId): string => `_apis/runtime/runnerscalesets/${id}/sessions`;

describe('a message session', () => {
  it('is opened with an id, an owner, a queue and statistics of nothing', () => {
    expect(session.state()).toMatchObject({
      sessionId: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i) as unknown,
      ownerName: 'contract',
      messageQueueUrl: expect.stringMatching(/^https?:\/\//) as unknown,
      messageQueueAccessToken: expect.stringMatching(/./) as unknown,
      statistics: { totalAssignedJobs: 0, totalRunningJobs: 0, totalRegisteredRunners: 0 },
    });
  });

  it('is the only one: 409 RunnerScaleSetSessionConflictException', async () => {
    const failure = await refusal(open('other'));
    expect(failure).toMatchObject({ decision: 'session-conflict', status: 409 });
  });

  it('is refreshed under its id, and its queue goes on', async () => {
    const { sessionId } = session.state();
    const refreshed = await session.refresh();
    expect(refreshed.sessionId).toBe(sessionId);
    await session.acquireJobs([]);
  });

  it('is resumed by its id', async () => {
    const { sessionId } = session.state();
    const resumed = await resumeMessageSession(target.client, { scaleSetId, sessionId });
    expect(resumed.state().messageQueueUrl).toMatch(/^https?:/);
  });

  it('is ended: 204; its place is free', async () => {
    const { sessionId } = session.state();
    await raw(target, { method: 'DELETE', path: `${sessionsPath()}/${sessionId}`, ok: 204 });
    session = await open('next');
    expect(session.state().ownerName).toBe('next');
  });

  it('that nobody has cannot be ended: 400 RunnerScaleSetSessionExpiredException', async () => {
    const path = `${sessionsPath()}/00000000-0000-4000-8000-000000000000`;
    const failure = await refusal(raw(target, { method: 'DELETE', path, ok: 204 }));
    expect(failure).toMatchObject({ decision: 'session-expired', status: 400 });
  });

  it('of a scale set that was deleted is refused: 404', async () => {
    await session.close();
    await target.client.deleteScaleSet(scaleSetId);
    expect(await refusal(open())).toMatchObject({ decision: 'gone', status: 404 });
  });
});

describe('the message queue', () => {
  it('has nothing when nothing happens: 202, after a while', async () => {
    expect(await session.getMessage({ maxCapacity: 0 })).toBeUndefined();
  });

  it('refuses a token that is none: 401', async () => {
    const { messageQueueUrl } = session.state();
    const failure = await refusal(
      target.client.transport.request({
        ...{ operation: 'get-message', service: 'queue', method: 'GET', ok: [200, 202] },
        url: new URL(messageQueueUrl),
        headers: {
          accept: 'application/json; api-version=6.0-preview',
          authorization: 'Bearer forged',
          'x-scalesetmaxcapacity': '0',
          'user-agent': target.client.transport.userAgent(scaleSetId),
        },
      }),
    );
    expect(failure).toMatchObject({ decision: 'token-expired', status: 401 });
  });

  onStandIn('a workflow run must ask for a runner')(
    'brings a job again until it is acknowledged',
    async () => {
      target.standIn!.admin.queueJobs({ scaleSetId });
      const first = await session.getMessage({ maxCapacity: 1 });
      expect(first).toMatchObject({ assigned: [{}], statistics: { totalAssignedJobs: 1 } });
      expect((await session.getMessage({ maxCapacity: 1 }))?.messageId).toBe(first?.messageId);
      await session.deleteMessage(first!.messageId);
      expect(await session.getMessage({ maxCapacity: 1 })).toBeUndefined();
    },
  );
});
