import {
  lanesFor,
  batchesOf,
} from '../../../../src/workflows/ephemeral-runner-set/policies/creation-batches.ts';

const sum = (shares: number[]): number => shares.reduce((total, share) => total + share, 0);

describe('lanesFor', () => {
  test.each([
    { missing: 0, free: 10, limit: 10, shares: [] },
    { missing: 1, free: 10, limit: 10, shares: [1] },
    { missing: 5, free: 10, limit: 10, shares: [1, 1, 1, 1, 1] },
    { missing: 5, free: 2, limit: 10, shares: [1, 1] },
    { missing: 100, free: 3, limit: 10, shares: [10, 9, 9] },
    { missing: 100, free: 0, limit: 10, shares: [] },
    { missing: 10_000, free: 2, limit: 10, shares: [10, 10] },
  ])('$missing missing, $free of $limit lanes free: $shares', ({ missing, free, limit, shares }) => {
    expect(lanesFor(missing, free, limit)).toEqual(shares);
  });

  test('never more lanes than free, never more runners than missing, for any numbers', () => {
    for (let missing = 0; missing < 200; missing += 7) {
      for (let free = 0; free <= 50; free += 3) {
        const shares = lanesFor(missing, free, 50);
        expect(shares.length).toBeLessThanOrEqual(free);
        expect(sum(shares)).toBeLessThanOrEqual(missing);
        expect(shares.every((share) => share >= 1)).toBe(true);
      }
    }
  });

  test('the last lanes are short, so that all end together', () => {
    let left = 1000;
    const order: number[] = [];
    while (left > 0) {
      const [share = 1] = lanesFor(left, 1, 10);
      order.push(share);
      left -= share;
    }
    expect(order.slice(-9)).toEqual(Array.from({ length: 9 }, () => 1));
    expect(order.length).toBeLessThan(120);
  });
});

const shares = (...pairs: [runners: number, lanes: number][]) =>
  pairs.map(([runners, lanes]) => ({ runners, lanes }));

describe('batchesOf', () => {
  test.each([
    { lanes: [], expected: [] },
    { lanes: [1], expected: shares([1, 1]) },
    { lanes: [1, 1, 1], expected: shares([3, 3]) },
    { lanes: [3, 2, 1, 1], expected: shares([7, 4]) },
    { lanes: [10, 10, 9], expected: shares([10, 1], [10, 1], [9, 1]) },
    { lanes: [6, 5, 5, 4], expected: shares([6, 1], [10, 2], [4, 1]) },
  ])('$lanes become $expected', ({ lanes, expected }) => {
    expect(batchesOf(lanes)).toEqual(expected);
  });

  test('at most ten at the same time, so that several workers share fifty', () => {
    expect(batchesOf(Array.from({ length: 25 }, () => 1))).toEqual(shares([10, 10], [10, 10], [5, 5]));
  });
});
