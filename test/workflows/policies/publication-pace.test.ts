import { mayTellAgain, nextPublicationAt } from '../../../src/workflows/policies/publication-pace.ts';

test('what changes within a moment is written together', () => {
  expect(nextPublicationAt(1_000, 0)).toBe(1_300);
});

test('what could not be written rests longer each time, up to a minute', () => {
  const rests = [1, 2, 3, 4, 5, 50].map((failures) => nextPublicationAt(0, failures));
  expect(rests).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
});

test('an Event goes with a few publications that fail, and is then let go', () => {
  expect([1, 2, 3, 4].map(mayTellAgain)).toEqual([true, true, false, false]);
});
