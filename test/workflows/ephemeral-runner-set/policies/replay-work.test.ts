import { ReplayWork } from '../../../../src/workflows/ephemeral-runner-set/policies/replay-work.ts';
import type { RunnerSetObservation } from '../../../../src/messages/observations.ts';
import { NOW, seen } from '../builders.ts';

const telling = (runners: number): RunnerSetObservation => ({
  at: NOW,
  runners: Array.from({ length: runners }, (_, i) => seen({ name: `r${i}` })),
});

/** How many passes a run makes until it goes on as a new one. */
function passesOf(carried: number, observed: number): number {
  const work = new ReplayWork(carried);
  let passes = 0;
  for (; !work.isEnough; passes += 1) work.pass([telling(observed)]);
  return passes;
}

test('the more runners came over and the more are told of, the sooner a run is over', () => {
  const [small, large, busy] = [passesOf(0, 0), passesOf(10_000, 0), passesOf(10_000, 200)];
  expect(small).toBeGreaterThan(large);
  expect(large).toBeGreaterThan(busy);
  expect(busy).toBeGreaterThan(50);
});

test('however many runners came over, a run does some work before it is over', () => {
  expect(passesOf(1_000_000, 0)).toBeGreaterThan(1_000);
});

test('an observation without runners costs a pass', () => {
  const work = new ReplayWork(0);
  work.pass([{ at: NOW }, { at: NOW, gone: ['a'] }]);
  expect(work.isEnough).toBe(false);
});
