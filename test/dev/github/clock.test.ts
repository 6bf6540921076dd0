import { setTimeout as sleep } from 'node:timers/promises';
import { createClock } from '../../../dev/github/clock.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { GitHubOptions, GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { createMessageSession } from '../../../src/github/message-session.ts';
import type { ScaleSetClient } from '../../../src/github/scale-set-client.ts';
import { ask, clientOf } from './client.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('a clock', () => {
  it('runs with the machine, from the time it was given', async () => {
    const clock = createClock({ startAt: START });
    await sleep(20);
    expect(clock.now() - START).toBeGreaterThanOrEqual(15);
    expect(clock.now() - START).toBeLessThan(5_000);
  });

  it('or stands still until it is moved', async () => {
    const clock = createClock({ startAt: START, isStill: true });
    const rung: number[] = [];
    clock.after(1, () => rung.push(clock.now()));
    await sleep(20);
    expect([clock.now(), rung]).toEqual([START, []]);
    clock.advance(HOUR);
    expect([clock.now(), rung]).toEqual([START + HOUR, [START + 1]]);
  });

  it('rings at its time by itself, and not once cancelled', async () => {
    const clock = createClock();
    const rung: string[] = [];
    clock.after(20, () => rung.push('a'));
    clock.after(10, () => rung.push('b')).cancel();
    clock.after(HOUR * 10_000, () => rung.push('in a year'));
    await sleep(60);
    expect(rung).toEqual(['a']);
  });

  it('rings all that becomes due when it is moved, in its order, and what that leads to', () => {
    const clock = createClock({ startAt: START, isStill: true });
    const rung: string[] = [];
    clock.after(30, () => rung.push('third'));
    clock.after(10, () => {
      rung.push('first');
      clock.after(10, () => rung.push('second'));
      clock.after(1_000, () => rung.push('later'));
    });
    clock.advance(100);
    expect(rung).toEqual(['first', 'second', 'third']);
  });

  it('that runs brings what is left of a wait nearer', async () => {
    const clock = createClock();
    const rung: string[] = [];
    clock.after(HOUR, () => rung.push('late'));
    clock.advance(HOUR - 20);
    expect(rung).toEqual([]);
    await sleep(60);
    expect(rung).toEqual(['late']);
  });
});

describe('the time at the stand-in', () => {
  let github: GitHubStandIn;
  let client: ScaleSetClient;
  const scaleSetId = 7;

  const start = async (options: GitHubOptions = {}): Promise<void> => {
    github = await startGitHub(options);
    github.admin.createScaleSet({ id: scaleSetId, name: 'set' });
    client = clientOf(github.url);
  };
  const calls = (name: 'registrationtoken' | 'getrunner') => github.admin.stats().calls[name];

  afterEach(() => github.stop());

  it('is read and moved over HTTP, forward only', async () => {
    await start({ startAt: START, isStill: true });
    expect(await ask(github.url, 'GET', ['/clock'])).toEqual({
      status: 200,
      json: { now: START, wall: expect.any(Number) as unknown, isStill: true },
    });
    const moved = await ask(github.url, 'POST', ['/clock', { advanceMs: MINUTE }]);
    expect(moved.json).toMatchObject({ now: START + MINUTE, isStill: true });
    for (const advanceMs of [-1, 'an hour', undefined])
      expect((await ask(github.url, 'POST', ['/clock', { advanceMs }])).status).toBe(404);
  });

  it('ends admin tokens: the next call registers anew, once', async () => {
    await start({ adminTokenMs: HOUR });
    await client.getRunner(1);
    github.admin.advanceClock(HOUR + 1);
    await Promise.all(Array.from({ length: 20 }, () => client.getRunner(1)));
    expect(calls('registrationtoken')?.count).toBe(2);
    expect(calls('getrunner')?.statuses).toEqual({ 404: 21, 401: 20 });
  });

  it('ends registration tokens', async () => {
    await start();
    const answer = await fetch(`${github.url}/api/v3/orgs/o/actions/runners/registration-token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${github.token}` },
    });
    const { token } = (await answer.json()) as { token: string };
    const register = () =>
      fetch(`${github.url}/api/v3/actions/runner-registration`, {
        method: 'POST',
        headers: { authorization: `RemoteAuth ${token}` },
        body: JSON.stringify({ url: github.configUrl('o'), runner_event: 'register' }),
      });
    expect((await register()).status).toBe(200);
    github.admin.advanceClock(HOUR);
    expect((await register()).status).toBe(401);
  });

  it('ends a session that nobody polls, and makes room for the next', async () => {
    await start({ sessionIdleMs: 5 * MINUTE });
    const open = (owner: string) => createMessageSession(client, { scaleSetId, owner });
    await open('first');
    github.admin.advanceClock(4 * MINUTE);
    await expect(open('second')).rejects.toMatchObject({ decision: 'session-conflict' });
    github.admin.advanceClock(MINUTE);
    expect((await open('second')).state().ownerName).toBe('second');
  });

  it('ends a poll that is held, which keeps its session alive', async () => {
    await start({ isStill: true, pollMs: 50_000, sessionIdleMs: MINUTE });
    const session = await createMessageSession(client, { scaleSetId, owner: 'me' });
    const poll = session.getMessage({ maxCapacity: 1 });
    while (github.admin.stats().calls.getmessage?.count !== 1) await sleep(5);
    await sleep(20);
    github.admin.advanceClock(MINUTE);
    expect(await poll).toBeUndefined();
    const other = createMessageSession(client, { scaleSetId, owner: 'other' });
    await expect(other).rejects.toMatchObject({ decision: 'session-conflict' });
  });

  it('requeues a job that no runner took, three times, each time told', async () => {
    await start({ startAt: START, isStill: true, pickUpMs: MINUTE, batchMs: 1 });
    const session = await createMessageSession(client, { scaleSetId, owner: 'me' });
    github.admin.queueJobs({ scaleSetId });
    let lastMessageId = 0;
    const next = async () => {
      const message = await session.getMessage({ lastMessageId, maxCapacity: 1 });
      lastMessageId = message?.messageId ?? 0;
      return message;
    };
    expect((await next())?.assigned).toHaveLength(1);
    for (const round of [1, 2, 3]) {
      github.admin.advanceClock(MINUTE);
      expect(await next()).toMatchObject({
        completed: [{ result: 'canceled', runnerId: 0, runnerName: '' }],
        assigned: [{ scaleSetAssignTime: new Date(START + round * MINUTE).toISOString() }],
        statistics: { totalAssignedJobs: 1, totalRunningJobs: 0 },
      });
    }
    github.admin.advanceClock(MINUTE);
    expect(await next()).toMatchObject({
      completed: [{}],
      assigned: [],
      statistics: { totalAssignedJobs: 0 },
    });
    expect(github.admin.jobs()).toMatchObject([{ state: 'completed', result: 'canceled' }]);
  });

  it('ends faults that last for a while', async () => {
    await start({ isStill: true });
    github.admin.addFault({ match: 'getrunner', kind: 'status', status: 500, forMs: MINUTE });
    await expect(client.getRunner(1)).rejects.toMatchObject({ status: 500 });
    github.admin.advanceClock(MINUTE);
    expect(await client.getRunner(1)).toBeUndefined();
  });
});
