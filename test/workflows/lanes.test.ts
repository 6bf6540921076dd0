import { shareOut } from '../../src/workflows/lanes.ts';

const sum = (shares: number[]): number => shares.reduce((total, share) => total + share, 0);

describe('shareOut', () => {
  test.each([
    { missing: 0, free: 10, limit: 10, shares: [] },
    { missing: 1, free: 10, limit: 10, shares: [1] },
    { missing: 5, free: 10, limit: 10, shares: [1, 1, 1, 1, 1] },
    { missing: 5, free: 2, limit: 10, shares: [1, 1] },
    { missing: 100, free: 3, limit: 10, shares: [10, 9, 9] },
    { missing: 100, free: 0, limit: 10, shares: [] },
    { missing: 10_000, free: 2, limit: 10, shares: [10, 10] },
  ])('$missing missing, $free of $limit lanes free: $shares', ({ missing, free, limit, shares }) => {
    expect(shareOut(missing, free, limit)).toEqual(shares);
  });

  test('never more lanes than free, never more runners than missing, for any numbers', () => {
    for (let missing = 0; missing < 200; missing += 7) {
      for (let free = 0; free <= 50; free += 3) {
        const shares = shareOut(missing, free, 50);
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
      const [share = 1] = shareOut(left, 1, 10);
      order.push(share);
      left -= share;
    }
    expect(order.slice(-9)).toEqual(Array.from({ length: 9 }, () => 1));
    expect(order.length).toBeLessThan(120);
  });
});
