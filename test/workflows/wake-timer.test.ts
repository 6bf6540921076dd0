import { jest } from '@jest/globals';
import { forget, noted, turn, workflowModule } from './workflow-stand-in.ts';

jest.unstable_mockModule('@temporalio/workflow', workflowModule);
const { WakeTimer } = await import('../../src/workflows/wake-timer.ts');

const NOW = 1_800_000_000_000;
let rings = 0;
const alarm = () => new WakeTimer(() => (rings += 1), 'until the next try');
const shown = () => noted.timers.map(({ ms, cancelled }) => [ms, cancelled]);

async function ring(index: number): Promise<void> {
  noted.timers[index]!.ring();
  await turn();
}

beforeEach(() => {
  forget();
  rings = 0;
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
});

test('it rings once, when its time has come, and says what is waited for', async () => {
  alarm().setTo(NOW + 5_000);
  expect(noted.timers).toMatchObject([{ ms: 5_000, summary: 'until the next try' }]);
  await turn();
  expect(rings).toBe(0);
  await ring(0);
  expect(rings).toBe(1);
});

test.each([0, 1, 5_000, NOW])(
  'a time that is past by %i ms is looked at again at a pace, not at once',
  (by) => {
    alarm().setTo(NOW - by);
    expect(shown()).toEqual([[1_000, false]]);
  },
);

test.each([-5_000, 0, 1, 20])(
  'asked each time for %i ms from now, it rings ten times a second at most',
  async (ms) => {
    const timer = alarm();
    let now = NOW;
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    for (let i = 0; i < 20; i += 1) {
      timer.setTo(now + ms);
      now += noted.timers[i]!.ms;
      await ring(i);
    }
    expect(now - NOW).toBeGreaterThanOrEqual(1_900);
  },
);

test('a later time, or the same, is covered by the timer that runs', () => {
  const timer = alarm();
  timer.setTo(NOW + 5_000);
  timer.setTo(NOW + 5_000);
  timer.setTo(NOW + 9_000);
  expect(shown()).toEqual([[5_000, false]]);
});

test('an earlier time takes its place, and only that one rings', async () => {
  const timer = alarm();
  timer.setTo(NOW + 5_000);
  timer.setTo(NOW + 2_000);
  await turn();
  expect(shown()).toEqual([
    [5_000, true],
    [2_000, false],
  ]);
  expect(rings).toBe(0);
  await ring(1);
  expect(rings).toBe(1);
});

test('once it rang it can be set again, to a later time as well', async () => {
  const timer = alarm();
  timer.setTo(NOW + 2_000);
  await ring(0);
  timer.setTo(NOW + 9_000);
  await ring(1);
  expect([shown(), rings]).toEqual([
    [
      [2_000, false],
      [9_000, false],
    ],
    2,
  ]);
});

test('stopped, it does not ring, and can be set again', async () => {
  const timer = alarm();
  timer.stop();
  timer.setTo(NOW + 2_000);
  timer.stop();
  await turn();
  expect(rings).toBe(0);
  timer.setTo(NOW + 9_000);
  expect(shown()).toEqual([
    [2_000, true],
    [9_000, false],
  ]);
});
