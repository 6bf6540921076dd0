import { drawFrom } from '../../../dev/fuzz/draw.ts';
import { drawMishap, drawRule, drawStatus } from '../../../dev/fuzz/pods.ts';

const seeds = Array.from({ length: 300 }, (_, seed) => seed);

it('draws each mishap, the same for the same seed', () => {
  const mishaps = seeds.map((seed) => drawMishap(drawFrom(seed)));
  expect(mishaps).toEqual(seeds.map((seed) => drawMishap(drawFrom(seed))));
  const kinds = ['ends', 'is cut off', 'is deleted', 'is evicted', 'says', 'waits'];
  expect([...new Set(mishaps.map(({ kind }) => kind))].sort()).toEqual(kinds);
});

it('draws statuses with every phase, and names no container twice, which the API server refuses', () => {
  const statuses = seeds.map((seed) => drawStatus(drawFrom(seed)));
  expect(new Set(statuses.map(({ phase }) => phase)).size).toBe(5);
  for (const { containerStatuses = [] } of statuses)
    expect(new Set(containerStatuses.map(({ name }) => name)).size).toBe(containerStatuses.length);
});

it('draws rules that end by themselves', () => {
  const rules = seeds.map((seed) => drawRule('tried-1', drawFrom(seed)));
  expect(rules.every(({ times = Infinity }) => times <= 3)).toBe(true);
});
