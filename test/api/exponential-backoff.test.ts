import { exponentialBackoffMs } from '../../src/api/exponential-backoff.ts';

const bounds = { firstMs: 1_000, longestMs: 60_000 };

test.each([
  [1, 1_000],
  [2, 2_000],
  [3, 4_000],
  [6, 32_000],
  [7, 60_000],
  [1_000, 60_000],
  [Number.MAX_SAFE_INTEGER, 60_000],
])('after %d tries: %d ms', (tries, expected) => {
  expect(exponentialBackoffMs(tries, bounds)).toBe(expected);
});

test('the longest wait holds from the first try on', () => {
  expect(exponentialBackoffMs(1, { firstMs: 5_000, longestMs: 1_000 })).toBe(1_000);
});
