import type { RunnerSetObservation } from '../../../../src/messages/observations.ts';
import { ReplayWork } from '../../../../src/workflows/ephemeral-runner-set/policies/replay-work.ts';
import { NOW, seen } from '../builders.ts';

const telling = (runners: number): RunnerSetObservation => ({
  at: NOW,
  runners: Array.from({ length: runners }, (_, i) => seen({ name: `r${i}` })),
});

/** How many events a run has when it goes on as a new one, if each five of them tell of so many runners. */
function eventsOf(carried: number, observed: number): number {
  const work = new ReplayWork(carried);
  let events = 5;
  for (; !work.isEnough(events); events += 5) work.add([telling(observed)]);
  return events;
}

test('the more runners came over and the more are told of, the sooner a run is over', () => {
  const [small, large, busy] = [eventsOf(0, 0), eventsOf(10_000, 0), eventsOf(10_000, 200)];
  expect(small).toBeGreaterThan(large);
  expect(large).toBeGreaterThan(busy);
  expect([small, busy > 300]).toEqual([2_000, true]);
});

test('however many runners came over, a run does some work before it is over', () => {
  expect(eventsOf(1_000_000, 0)).toBe(500);
});

test('the whole snapshot of a large set is no reason to end at once', () => {
  const work = new ReplayWork(10_000);
  work.add([telling(10_000)]);
  expect(work.isEnough(5)).toBe(false);
  expect(new ReplayWork(0).isEnough(5)).toBe(false);
});
