import {
  count,
  either,
  flag,
  listOf,
  nullOr,
  number,
  objectOf,
  oneOf,
  recordOf,
  text,
} from '../../src/messages/shapes.ts';
import type { Shape } from '../../src/messages/shapes.ts';

const pair = objectOf<{ name: string; size?: number }>({
  needed: { name: text },
  optional: { size: number },
});

test.each<[string, Shape, unknown[], unknown[]]>([
  ['text', text, ['', 'a'], [1, null, undefined, {}, []]],
  ['a number', number, [0, -1.5], ['1', null, undefined]],
  ['a count', count, [0, 2_147_483_647], [-1, 1.5, 2_147_483_648, Infinity, Number.NaN, '1', null]],
  ['a flag', flag, [true, false], [1, 'true', null]],
  ['one of some', oneOf('a', 'b'), ['a', 'b'], ['c', 1, null]],
  ['null or text', nullOr(text), [null, 'a'], [undefined, 1]],
  ['one of two shapes', either(oneOf('open'), count), ['open', 3], ['shut', -1, null]],
  ['a list', listOf(text), [[], ['a']], ['a', {}, null, [1], ['a', null]]],
  ['a list with something in it', listOf(text, 1), [['a']], [[]]],
  ['a record', recordOf(text), [{}, { a: 'b' }], [[], null, 'a', { a: 1 }]],
  [
    'an object',
    pair,
    [{ name: 'a' }, { name: 'a', size: 1, other: null }],
    [null, [], 'a', {}, { name: 1 }, { name: 'a', size: 'b' }],
  ],
])('%s', (_name, shape, good, bad) => {
  for (const value of good) expect([value, shape(value, 'it')]).toEqual([value, undefined]);
  for (const value of bad) expect([value, shape(value, 'it')]).toEqual([value, expect.stringMatching(/^it/)]);
});

test('what is wrong is named by its path, without the value', () => {
  const nested = objectOf<{ items: object[] }>({ needed: { items: listOf(pair) }, optional: {} });
  const problem = nested({ items: [{ name: 'a' }, { name: 'a', size: 'secret' }] }, 'it');
  expect(problem).toBe('it.items[1].size: a number is needed');
});
