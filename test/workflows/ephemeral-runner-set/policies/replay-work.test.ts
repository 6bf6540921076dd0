import { ReplayWork } from '../../../../src/workflows/ephemeral-runner-set/policies/replay-work.ts';

const MIB = 1024 ** 2;

/** How many events a run has when it goes on as a new one, if it begins with so many bytes and each event has so many. */
function eventsOf(atStart: number, each: number): number {
  const work = new ReplayWork();
  let events = 5;
  while (!work.isEnough({ events, bytes: atStart + events * each })) events += 5;
  return events;
}

test('the more came over and the more each event tells, the sooner a run is over', () => {
  const [small, large, busy] = [eventsOf(0, 100), eventsOf(MIB, 100), eventsOf(MIB, 2_000)];
  expect(small).toBeGreaterThan(large);
  expect(large).toBeGreaterThan(busy);
  expect([small < 2_000, busy > 300]).toEqual([true, true]);
});

test('however much came over, a run does some work before it is over', () => {
  expect(eventsOf(100 * MIB, 0)).toBeGreaterThan(400);
});
