import { WorkflowNotFoundError } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunnerStore } from '../../../src/activities/cluster-watch/runner-store.ts';
import { SignalQueue } from '../../../src/activities/cluster-watch/signal-queue.ts';
import type { SignalQueueOptions } from '../../../src/activities/cluster-watch/signal-queue.ts';
import type { RunnerSetObservation } from '../../../src/messages/observations.ts';
import { DEFAULT_SETTINGS } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { aSet, seen } from '../../workflows/ephemeral-runner-set/builders.ts';

const ID = 'c1/ephemeralrunnerset/team/demo';

/** A stand-in for Temporal that keeps what workflows are told, and whether they run. */
class Mailboxes {
  readonly running = new Set<string>();
  readonly told: { how: 'start' | 'signal'; id: string; observation: RunnerSetObservation; at: number }[] =
    [];
  /** Those that were asked whether they have come so far. */
  readonly asked: string[] = [];
  /** Whether they answer. */
  answers = true;
  /** How many of the next messages fail. */
  broken = 0;

  readonly client = {
    signalWithStart: (
      _type: string,
      { workflowId, signalArgs }: { workflowId: string; signalArgs: [RunnerSetObservation] },
    ) => {
      this.running.add(workflowId);
      return this.take('start', workflowId, signalArgs[0]);
    },
    getHandle: (workflowId: string) => ({
      query: () => {
        this.asked.push(workflowId);
        return this.answers ? Promise.resolve({}) : new Promise(() => undefined);
      },
      signal: (_name: string, observation: RunnerSetObservation) => {
        if (!this.running.has(workflowId)) throw new WorkflowNotFoundError('gone', workflowId, undefined);
        return this.take('signal', workflowId, observation);
      },
    }),
  } as unknown as SignalQueueOptions['workflows'];

  private take(how: 'start' | 'signal', id: string, observation: RunnerSetObservation): Promise<void> {
    if (this.broken > 0) {
      this.broken -= 1;
      return Promise.reject(new Error('unavailable'));
    }
    this.told.push({ how, id, observation, at: Date.now() });
    return Promise.resolve();
  }
}

function aQueue() {
  const boxes = new Mailboxes();
  const ended = new AbortController();
  const logged: string[] = [];
  const store: RunnerStore = new RunnerStore((who) => signalQueue.notify(who));
  const signalQueue: SignalQueue = new SignalQueue({
    cluster: 'c1',
    epoch: 7,
    workflows: boxes.client,
    store,
    settings: DEFAULT_SETTINGS,
    signal: ended.signal,
    log: (message) => logged.push(message),
  });
  endings.push(() => ended.abort());
  return { boxes, store, signalQueue, logged };
}

const endings: (() => void)[] = [];
afterEach(() => endings.splice(0).forEach((end) => end()));

async function eventually(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !condition(); i += 1) await sleep(10);
  expect(condition()).toBe(true);
}

describe('SignalQueue', () => {
  test('a workflow that is told of something all the time must have come so far before it is told more', async () => {
    const { boxes, store } = aQueue();
    store.putSet({ namespace: 'team', name: 'demo', runnerSet: aSet() });
    await eventually(() => boxes.told.length === 1);
    boxes.answers = false;
    let replicas = 0;
    const news = setInterval(() => {
      store.putSet({ namespace: 'team', name: 'demo', runnerSet: aSet({ replicas: (replicas += 1) }) });
    }, 10);
    endings.push(() => clearInterval(news));
    await eventually(() => boxes.asked.length === 1);
    expect(boxes.told).toHaveLength(20);
    await sleep(300);
    expect(boxes.told).toHaveLength(20);
  });

  test('the first message starts the workflow with the whole snapshot and the settings', async () => {
    const { boxes, store } = aQueue();
    store.putSet({ namespace: 'team', name: 'demo', runnerSet: aSet() });
    await eventually(() => boxes.told.length === 1);
    expect(boxes.told[0]).toMatchObject({
      how: 'start',
      id: ID,
      observation: {
        runnerSet: aSet(),
        runners: [],
        snapshot: { part: 1, parts: 1 },
        settings: DEFAULT_SETTINGS,
      },
    });
  });

  test('many changes go together: at most ten messages a second', async () => {
    const { boxes, store } = aQueue();
    store.putSet({ namespace: 'team', name: 'demo', runnerSet: aSet() });
    for (let i = 0; i < 50; i += 1) {
      store.putRunner({ namespace: 'team', runnerSet: 'demo', runner: seen({ name: `r${i}` }) });
      await sleep(5);
    }
    const names = () =>
      boxes.told.flatMap(({ observation }) => (observation.runners ?? []).map(({ name }) => name));
    await eventually(() => new Set(names()).size === 50);
    expect(boxes.told.length).toBeLessThanOrEqual(8);
    const gaps = boxes.told.slice(1).map(({ at }, i) => at - (boxes.told[i]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(95);
  });

  test('the more runners a message is about, the longer until the next, half a second at most', async () => {
    const { boxes, store } = aQueue();
    store.putSet({ namespace: 'team', name: 'demo', runnerSet: aSet() });
    for (let i = 0; i < 1000; i += 1)
      store.putRunner({ namespace: 'team', runnerSet: 'demo', runner: seen({ name: `r${i}` }) });
    const isFull = ({ observation }: (typeof boxes.told)[number]): boolean =>
      observation.runners?.length === 1000;
    await eventually(() => boxes.told.some(isFull));
    store.putRunner({ namespace: 'team', runnerSet: 'demo', runner: seen({ name: 'another' }) });
    await eventually(() => boxes.told.findIndex(isFull) < boxes.told.length - 1);
    const at = boxes.told.findIndex(isFull);
    const gap = (boxes.told[at + 1]?.at ?? 0) - (boxes.told[at]?.at ?? 0);
    expect(gap).toBeGreaterThanOrEqual(495);
  });

  test('a workflow that is gone is started anew, with everything', async () => {
    const { boxes, store } = aQueue();
    store.putSet({ namespace: 'team', name: 'demo', runnerSet: aSet() });
    store.putRunner({ namespace: 'team', runnerSet: 'demo', runner: seen({ name: 'a' }) });
    await eventually(() => boxes.told.length === 2);
    boxes.running.clear();
    store.putRunner({ namespace: 'team', runnerSet: 'demo', runner: seen({ name: 'b' }) });
    await eventually(() => boxes.told.length === 3);
    expect(boxes.told[2]).toMatchObject({
      how: 'start',
      observation: { runners: [{ name: 'a' }, { name: 'b' }] },
    });
  });

  test('after a message that got lost, everything is told again', async () => {
    const { boxes, store, logged } = aQueue();
    store.putSet({ namespace: 'team', name: 'demo', runnerSet: aSet() });
    await eventually(() => boxes.told.length === 1);
    boxes.broken = 1;
    store.putRunner({ namespace: 'team', runnerSet: 'demo', runner: seen({ name: 'a' }) });
    await eventually(() => boxes.told.length === 2);
    expect(boxes.told[1]?.observation).toMatchObject({
      runners: [{ name: 'a' }],
      snapshot: { part: 1, parts: 1 },
    });
    expect(logged).toHaveLength(1);
  });

  test('for a set that is gone with its runners, no workflow is started', async () => {
    const { boxes, store } = aQueue();
    store.putSet({ namespace: 'team', name: 'demo', runnerSet: aSet() });
    await eventually(() => boxes.told.length === 1);
    boxes.running.clear();
    store.removeSet('team', 'demo');
    await sleep(300);
    expect(boxes.told).toHaveLength(1);
  });

  test('each message has the epoch of its watch and a number that grows', async () => {
    const { boxes, store } = aQueue();
    store.putSet({ namespace: 'team', name: 'demo', runnerSet: aSet() });
    await eventually(() => boxes.told.length === 1);
    boxes.broken = 1;
    store.putRunner({ namespace: 'team', runnerSet: 'demo', runner: seen({ name: 'a' }) });
    await eventually(() => boxes.told.length === 2);
    store.putRunner({ namespace: 'team', runnerSet: 'demo', runner: seen({ name: 'b' }) });
    await eventually(() => boxes.told.length === 3);
    const sequences = boxes.told.map(({ observation }) => observation.sequence);
    expect(sequences.map((sequence) => sequence?.epoch)).toEqual([7, 7, 7]);
    // The second is the one that got lost: if it arrives after all, it is not taken.
    expect(sequences.map((sequence) => sequence?.seq)).toEqual([1, 3, 4]);
    const [first, second] = boxes.told.map(({ observation }) => observation.snapshot?.id);
    expect(first).not.toBe(second);
  });
});
