import { TEXT_LIMITS, byteLength, fitting, fittingReason } from '../../src/api/text-limits.ts';

const LIMITS = Object.keys(TEXT_LIMITS) as (keyof typeof TEXT_LIMITS)[];
const CHARACTERS = ['a', 'ü', '語', '🏃', 'a語🏃ü'];

test.each(LIMITS.flatMap((limit) => CHARACTERS.map((character) => [limit, character] as const)))(
  'a text for %s, of %s, is cut to what fits, and one that fits stays as it is',
  (limit, character) => {
    const most = TEXT_LIMITS[limit];
    const long = character.repeat(most);
    const cut = fitting(long, limit);
    expect(Buffer.byteLength(cut)).toBe(byteLength(cut));
    if (byteLength(long) > most) {
      expect(byteLength(cut)).toBeLessThanOrEqual(most);
      expect(byteLength(cut)).toBeGreaterThan(most - 12);
      expect(cut.endsWith('…')).toBe(true);
      expect(long.startsWith(cut.slice(0, -1))).toBe(true);
    } else expect(cut).toBe(long);
    const short = character.repeat(Math.floor(most / byteLength(character)));
    expect(fitting(short, limit)).toBe(short);
    // No half of a character.
    expect(cut.isWellFormed()).toBe(true);
  },
);

test.each([
  ['OutOfcpu', 'OutOfcpu'],
  ['', 'Unknown'],
  ['not good', 'notgood'],
  ['42-things', 'things'],
  ['-----', 'Unknown'],
  ['ends:', 'ends'],
  ['語', 'Unknown'],
  ['A'.repeat(2_000_000), 'A'.repeat(128)],
])('the reason %p', (reason, expected) => {
  expect(fittingReason(reason)).toBe(expected);
  expect(fittingReason(reason, 'Other')).toBe(expected === 'Unknown' ? 'Other' : expected);
});
