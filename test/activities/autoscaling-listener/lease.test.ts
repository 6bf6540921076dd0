import { jest } from '@jest/globals';
import { LeaseLapsedError, TemporalLease } from '../../../src/activities/autoscaling-listener/lease.ts';

let lease: TemporalLease;
let reachable: boolean;
let asked: number;
const forever = new AbortController().signal;

beforeEach(() => {
  jest.useFakeTimers();
  [reachable, asked] = [true, 0];
  lease = new TemporalLease(
    () => {
      asked += 1;
      return reachable ? Promise.resolve() : Promise.reject(new Error('unreachable'));
    },
    () => Date.now(),
  );
});
afterEach(() => {
  lease.close();
  jest.useRealTimers();
});

const pass = (seconds: number): Promise<void> => jest.advanceTimersByTimeAsync(seconds * 1_000);
const holds = (): boolean => !lease.signal.aborted;

test('it holds while Temporal answers, and through a short silence', async () => {
  await pass(60);
  reachable = false;
  await pass(5);
  reachable = true;
  await pass(60);
  expect(holds()).toBe(true);
  expect(asked).toBeGreaterThan(100);
});

test('it lapses before another worker is given the session, and holds again once Temporal has answered for a while', async () => {
  await pass(3);
  reachable = false;
  await pass(8);
  expect(holds()).toBe(false);
  expect(() => lease.check()).toThrow(LeaseLapsedError);
  let isHeld = false;
  void lease.held(forever).then(() => (isHeld = true));
  reachable = true;
  await pass(4);
  expect([holds(), isHeld]).toEqual([false, false]);
  await pass(3);
  expect([holds(), isHeld]).toEqual([true, true]);
  expect(() => lease.check()).not.toThrow();
});

test('a process that stood still finds out by asking, before any timer fires', async () => {
  await pass(3);
  jest.setSystemTime(Date.now() + 30_000);
  expect(() => lease.check()).toThrow(LeaseLapsedError);
  expect(holds()).toBe(false);
});

test('who is told to end waits no longer', async () => {
  reachable = false;
  await pass(10);
  const ending = new AbortController();
  const held = lease.held(ending.signal);
  ending.abort();
  await held;
  await lease.held(ending.signal);
  expect(holds()).toBe(false);
});

test('closed, it asks no more', async () => {
  lease.close();
  await pass(10);
  expect(asked).toBe(0);
});
