import { setTimeout as sleep } from 'node:timers/promises';
import { NO_DEMAND } from '../../../src/activities/autoscaling-listener/policies/demand.ts';
import { NO_SCALING } from '../../../src/activities/autoscaling-listener/policies/desired-replicas.ts';
import type {
  ListenProgress,
  MessageProblem,
} from '../../../src/activities/autoscaling-listener/message-loop.ts';
import { noListenerMetrics } from '../../../src/activities/autoscaling-listener/metrics.ts';
import type { ListenerSetup } from '../../../src/activities/autoscaling-listener/setup.ts';
import { MessageLoop } from '../../../src/activities/autoscaling-listener/message-loop.ts';
import { Telling } from '../../../src/activities/autoscaling-listener/telling.ts';
import { GitHubError } from '../../../src/github/errors.ts';
import type { MessageSession, ScaleSetMessage } from '../../../src/github/message-session.ts';
import { KubernetesError } from '../../../src/kubernetes/client/errors.ts';
import { aJob, aMessage, counts } from './messages.ts';

/** A queue and an API server that note what is asked of them, in order. */
class Surroundings {
  readonly asked: string[] = [];
  queue: ScaleSetMessage[] = [];
  /** Thrown by the next request of this kind, once. */
  faults: Record<string, Error | undefined> = {};
  readonly done = new AbortController();
  assignedJobs = 0;
  /** Milliseconds for which a poll is held that finds no message. */
  holdMs = 0;

  private ask(what: string): void {
    this.asked.push(what);
    const [kind = ''] = what.split(' ');
    const fault = this.faults[kind];
    this.faults[kind] = undefined;
    if (fault) throw fault;
  }

  /** Throws once the session may be another one's. */
  check: () => void = () => undefined;

  tell(results: Record<string, string>): Promise<void> {
    return new Promise((resolve) => {
      this.ask(`tell ${JSON.stringify(results)}`);
      resolve();
    });
  }

  session(): MessageSession {
    const promised = <T>(work: () => T | Promise<T>): Promise<T> => new Promise((resolve) => resolve(work()));
    return {
      state: () => ({
        sessionId: 'session-1',
        ownerName: '',
        messageQueueUrl: '',
        messageQueueAccessToken: '',
        statistics: counts(this.assignedJobs),
      }),
      getMessage: ({ lastMessageId = 0, maxCapacity }) =>
        promised(async () => {
          this.ask(`poll ${lastMessageId} capacity ${maxCapacity}`);
          const message = this.queue.find(({ messageId }) => messageId > lastMessageId);
          if (message) return message;
          await sleep(this.holdMs);
          throw new Error('the end');
        }),
      deleteMessage: (id) => promised(() => this.ask(`acknowledge ${id}`)),
      acquireJobs: (ids) =>
        promised(() => {
          this.ask(`acquire ${ids.join()}`);
          return [...ids];
        }),
      refresh: () => Promise.reject(new Error('not expected')),
      close: () => Promise.reject(new Error('not expected')),
    };
  }

  kubernetes = {
    mergePatch: (resource: { plural: string }, { name }: { name: string }, patch: object) =>
      new Promise((resolve) => {
        const kind = resource.plural === 'ephemeralrunnersets' ? 'order' : 'record';
        this.ask(
          kind === 'order' ? `order ${JSON.stringify((patch as { spec: object }).spec)}` : `record ${name}`,
        );
        resolve({});
      }),
  } as never;
}

const progress = (): ListenProgress => ({
  scaleSetId: 7,
  sessionId: 'session-1',
  lastMessageId: 0,
  handledMessageId: 0,
  scaling: NO_SCALING,
  demand: NO_DEMAND,
});

let problems: MessageProblem[] = [];
let lost: string[] = [];

beforeEach(() => {
  problems = [];
  lost = [];
});

function loopIn(around: Surroundings, state = progress(), capacity = 5): MessageLoop {
  const setup = { namespace: 'ns', runnerSet: 'demo', limits: { minRunners: 0, maxRunners: 10 } };
  return new MessageLoop({
    kubernetes: around.kubernetes,
    recorder: noListenerMetrics.open({
      listener: { namespace: 'ns', name: 'l' },
      namespace: 'ns',
      name: 'demo',
    }),
    setup: setup as unknown as ListenerSetup,
    session: around.session(),
    progress: state,
    capacity,
    signal: around.done.signal,
    check: () => around.check(),
    telling: new Telling((what) => void lost.push(what)),
    onResults: (results) => around.tell(results),
    onProblem: (problem) => void problems.push(problem),
    onHandled: () => undefined,
    onPolled: () => undefined,
  });
}

test('the statistics with which a session begins are applied', async () => {
  const around = new Surroundings();
  around.assignedJobs = 3;
  await loopIn(around).begin();
  expect(around.asked).toEqual(['order {"patchID":0,"replicas":3}']);
});

test('a message that comes when the session may be another one’s is not acted upon, and comes again', async () => {
  const around = new Surroundings();
  around.queue = [aMessage({ messageId: 11, statistics: counts(2) })];
  around.check = () => {
    throw new Error('lapsed');
  };
  await expect(loopIn(around).run()).rejects.toThrow('lapsed');
  expect(around.asked).toEqual([expect.stringContaining('poll')]);
});

test('acts first, and only then acknowledges', async () => {
  const around = new Surroundings();
  const message = aMessage({
    messageId: 11,
    available: [aJob('b', { runnerRequestId: '5' })],
    started: [aJob('a')],
    statistics: counts(2),
  });
  around.queue = [message];
  await expect(loopIn(around).run()).rejects.toThrow('the end');
  expect(around.asked).toEqual([
    'poll 0 capacity 5',
    'acquire 5',
    'order {"patchID":0,"replicas":2}',
    'record demo-runner-aaaaa',
    'acknowledge 11',
    'poll 11 capacity 5',
  ]);
});

test.each(['acquire', 'order'])('does not acknowledge when it could not %s', async (step) => {
  const around = new Surroundings();
  around.queue = [
    aMessage({ messageId: 11, available: [aJob('b')], started: [aJob('a')], statistics: counts(2) }),
  ];
  around.faults[step] = new Error(`no ${step}`);
  await expect(loopIn(around).run()).rejects.toThrow(`no ${step}`);
  expect(around.asked).not.toContain('acknowledge 11');
});

test('a message that was acted upon and could not be acknowledged comes again and changes nothing', async () => {
  const around = new Surroundings();
  around.queue = [aMessage({ messageId: 11, started: [aJob('a')], statistics: counts(2) })];
  around.faults['acknowledge'] = new GitHubError({ decision: 'retry', message: 'away' });
  const state = progress();
  await expect(loopIn(around, state).run()).rejects.toThrow('away');
  around.asked.length = 0;
  await expect(loopIn(around, state).run()).rejects.toThrow('the end');
  expect(around.asked).toEqual(['poll 0 capacity 5', 'acknowledge 11', 'poll 11 capacity 5']);
});

test('a runner that is gone, or that nobody names, is no reason to stop', async () => {
  const around = new Surroundings();
  around.queue = [
    aMessage({ messageId: 11, started: [aJob('a'), aJob('b', { runnerName: '' })], statistics: counts(2) }),
  ];
  const subject = { verb: 'patch', resource: 'ephemeralrunners/status' };
  around.faults['record'] = new KubernetesError(subject, { message: 'no such runner', status: 404 });
  await expect(loopIn(around).run()).rejects.toThrow('the end');
  expect(around.asked.filter((what) => what.startsWith('record'))).toHaveLength(1);
  expect(around.asked).toContain('acknowledge 11');
});

test('once the queue has been quiet, the order is given anew, until it is exact', async () => {
  const around = new Surroundings();
  around.queue = [aMessage({ messageId: 11, completed: [aJob('a')], statistics: counts(0) })];
  around.holdMs = 4_500;
  const state = { ...progress(), scaling: { targetRunners: 1, patchSeq: 5, dirty: false } };
  await expect(loopIn(around, state).run()).rejects.toThrow('the end');
  expect(around.asked.filter((what) => what.startsWith('order'))).toEqual([
    'order {"patchID":6,"replicas":0}',
    'order {"patchID":0,"replicas":0}',
  ]);
}, 10_000);

test('while jobs run, the order is given anew a few times only', async () => {
  const around = new Surroundings();
  around.queue = [aMessage({ messageId: 11, started: [aJob('a')], statistics: counts(1) })];
  around.holdMs = 1_500;
  await expect(loopIn(around).run()).rejects.toThrow('the end');
  expect(around.asked.filter((what) => what.startsWith('order'))).toEqual([
    'order {"patchID":0,"replicas":1}',
    'order {"patchID":1,"replicas":1}',
  ]);
});

test('a job that statistics leave out has a runner ordered once the queue is quiet', async () => {
  const around = new Surroundings();
  around.queue = [aMessage({ messageId: 11, assigned: [aJob('a')], statistics: counts(0) })];
  around.holdMs = 1_500;
  const state = { ...progress(), scaling: { targetRunners: 0, patchSeq: 5, dirty: false } };
  await expect(loopIn(around, state).run()).rejects.toThrow('the end');
  expect(around.asked.filter((what) => what.startsWith('order'))).toEqual([
    'order {"patchID":0,"replicas":0}',
    'order {"patchID":7,"replicas":1}',
  ]);
});

test('how jobs ended is passed on before the message is acknowledged; one that no runner took is not', async () => {
  const around = new Surroundings();
  const completed = [aJob('a', { result: 'failed' }), aJob('b', { runnerName: '', result: 'canceled' })];
  around.queue = [aMessage({ messageId: 11, completed, statistics: counts(0) })];
  await expect(loopIn(around).run()).rejects.toThrow('the end');
  const told = around.asked.indexOf('tell {"demo-runner-aaaaa":"failed"}');
  expect(told).toBeGreaterThan(0);
  expect(told).toBeLessThan(around.asked.indexOf('acknowledge 11'));
  expect(around.asked.filter((what) => what.startsWith('record'))).toEqual([]);
});

test.each(['record', 'tell'])('what is only told holds nothing up, and is tried again: %s', async (step) => {
  const around = new Surroundings();
  around.queue = [
    aMessage({
      messageId: 11,
      started: [aJob('a')],
      completed: [aJob('b', { result: 'failed' })],
      statistics: counts(1),
    }),
  ];
  around.holdMs = 300;
  around.faults[step] = new Error('away');
  await expect(loopIn(around).run()).rejects.toThrow('the end');
  expect(around.asked.filter((what) => what.startsWith(step))).toHaveLength(2);
  expect(around.asked).toContain('acknowledge 11');
  expect(lost).toEqual([]);
});

test('what was not understood of a message is said, and the message is acknowledged', async () => {
  const around = new Surroundings();
  around.queue = [
    aMessage({ messageId: 11, problems: ['its body is no list in JSON'], statistics: counts(3) }),
  ];
  await expect(loopIn(around).run()).rejects.toThrow('the end');
  expect(problems).toEqual([
    { reason: 'MessageNotUnderstood', message: expect.stringContaining('its body is no list in JSON') },
  ]);
  expect(around.asked).toContain('order {"patchID":0,"replicas":3}');
  expect(around.asked).toContain('acknowledge 11');
});

describe('jobs that GitHub does not let us have', () => {
  const refusal = (status: number): GitHubError =>
    new GitHubError({ decision: 'refused', message: 'taken', status });
  const offers = (): ScaleSetMessage =>
    aMessage({
      messageId: 11,
      available: [aJob('a', { runnerRequestId: '5' }), aJob('b', { runnerRequestId: '6' })],
      statistics: counts(1),
    });

  test('keep no other one waiting: each is asked for by itself', async () => {
    const around = new Surroundings();
    around.queue = [offers()];
    around.faults['acquire'] = refusal(400);
    await expect(loopIn(around).run()).rejects.toThrow('the end');
    expect(around.asked.filter((what) => what.startsWith('acquire'))).toEqual([
      'acquire 5,6',
      'acquire 5',
      'acquire 6',
    ]);
    expect(around.asked).toContain('acknowledge 11');
  });

  test('are told, one by one', async () => {
    const around = new Surroundings();
    around.queue = [aMessage({ ...offers(), available: [aJob('a', { runnerRequestId: '5' })] })];
    around.faults['acquire'] = refusal(409);
    await expect(loopIn(around).run()).rejects.toThrow('the end');
    expect(problems).toEqual([
      { reason: 'JobsNotAcquired', message: expect.stringMatching(/job request 5: taken/) },
    ]);
    expect(around.asked).toContain('acknowledge 11');
  });

  test.each([401, 403])('for want of rights (%d) come again', async (status) => {
    const around = new Surroundings();
    around.queue = [offers()];
    around.faults['acquire'] = refusal(status);
    await expect(loopIn(around).run()).rejects.toThrow('taken');
    expect(around.asked).not.toContain('acknowledge 11');
  });

  test('or that have no number are not asked for', async () => {
    const around = new Surroundings();
    around.queue = [aMessage({ messageId: 11, available: [aJob('a', { runnerRequestId: '0' })] })];
    await expect(loopIn(around).run()).rejects.toThrow('the end');
    expect(around.asked).not.toContainEqual(expect.stringMatching(/^acquire/));
    expect(around.asked).toContain('acknowledge 11');
  });
});

test('a message that came again and still cannot be acknowledged is passed by, and told', async () => {
  const around = new Surroundings();
  around.queue = [aMessage({ messageId: 11, statistics: counts(1) }), aMessage({ messageId: 12 })];
  const away = () => new GitHubError({ decision: 'retry', message: 'away' });
  const state = progress();
  around.faults['acknowledge'] = away();
  await expect(loopIn(around, state).run()).rejects.toThrow('away');
  around.faults['acknowledge'] = away();
  await expect(loopIn(around, state).run()).rejects.toThrow('the end');
  expect(around.asked).toContain('acknowledge 12');
  expect(problems).toMatchObject([{ reason: 'MessageNotAcknowledged' }]);
});

test('a session that is lost while a message is acknowledged is renewed, not passed by', async () => {
  const around = new Surroundings();
  around.queue = [aMessage({ messageId: 11 })];
  const state = { ...progress(), handledMessageId: 11 };
  around.faults['acknowledge'] = new GitHubError({ decision: 'session-expired', message: 'lost' });
  await expect(loopIn(around, state).run()).rejects.toThrow('lost');
  expect(state.lastMessageId).toBe(0);
});
