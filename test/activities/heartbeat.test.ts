import { jest } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { BEAT_MS, beating, heartbeatUntilDone } from '../../src/activities/heartbeat.ts';

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setTimeout'] }));
afterEach(() => void jest.useRealTimers());

/** Runs an activity, and answers the details of its heartbeats. */
async function beatsOf(work: (context: Context) => void): Promise<unknown[]> {
  const beats: unknown[] = [];
  const environment = new MockActivityEnvironment();
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  await environment.run(() => {
    work(Context.current());
    return Promise.resolve();
  });
  return beats;
}

test('the first heartbeat comes at once, the others in their time, each with the details of that moment', async () => {
  const progress = { done: 0 };
  const beats = await beatsOf((context) => {
    const stop = heartbeatUntilDone(context, () => ({ ...progress }));
    progress.done = 1;
    jest.advanceTimersByTime(BEAT_MS - 1);
    progress.done = 2;
    jest.advanceTimersByTime(1);
    progress.done = 3;
    jest.advanceTimersByTime(BEAT_MS);
    stop();
  });
  expect(beats).toEqual([{ done: 0 }, { done: 2 }, { done: 3 }]);
});

test('none comes after the end', async () => {
  const beats = await beatsOf((context) => {
    const stop = heartbeatUntilDone(context, () => 'details');
    stop();
    jest.advanceTimersByTime(10 * BEAT_MS);
  });
  expect(beats).toEqual(['details']);
});

test('an activity that beats does so for as long as it is at work, however it ends', async () => {
  const beats: unknown[] = [];
  const environment = new MockActivityEnvironment();
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  const { work } = beating({
    work: (ends: boolean) => {
      jest.advanceTimersByTime(2 * BEAT_MS);
      return ends ? Promise.resolve('done') : Promise.reject(new Error('failed'));
    },
  });
  await expect(environment.run(work, true)).resolves.toBe('done');
  await expect(environment.run(work, false)).rejects.toThrow('failed');
  expect(beats).toHaveLength(4);
  jest.advanceTimersByTime(10 * BEAT_MS);
  expect(beats).toHaveLength(4);
});
