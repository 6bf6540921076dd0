import { isSame, metadataPatch, patchBetween } from '../../src/kubernetes/drift.ts';

/** A merge patch as the API server applies it (RFC 7386). */
function apply(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = {
    ...(typeof target === 'object' && !Array.isArray(target) ? target : {}),
  };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = apply(result[key], value);
  }
  return result;
}

test.each<[string, unknown, unknown, unknown]>([
  ['nothing', { a: 1 }, { a: 1 }, undefined],
  ['what the API server drops', { a: 1, b: {}, c: null }, { a: 1 }, undefined],
  ['another value', { a: 1, b: 2 }, { a: 1, b: 3 }, { b: 3 }],
  ['a new member', { a: 1 }, { a: 1, b: { c: 2 } }, { b: { c: 2 } }],
  ['a member that goes', { a: 1, b: 2 }, { a: 1 }, { b: null }],
  ['deep down', { a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 1, e: 3 } } }, { a: { b: { d: null, e: 3 } } }],
  ['lists as a whole', { a: [1, 2] }, { a: [1] }, { a: [1] }],
  ['everything', undefined, { a: 1 }, { a: 1 }],
])('patchBetween: %s', (_what, from, to, expected) => {
  const patch = patchBetween(from, to);
  expect(patch).toEqual(expected);
  if (patch !== undefined) expect(isSame(apply(from, patch), to)).toBe(true);
});

const object = (labels: Record<string, string>, annotations: Record<string, string> = {}) => ({
  metadata: { labels, annotations },
});

test.each<[string, ReturnType<typeof object>, ReturnType<typeof object>, object | undefined]>([
  ['the same', object({ a: '1' }), object({ a: '1' }), undefined],
  ['what others added stays', object({ a: '1', other: 'x' }), object({ a: '1' }), undefined],
  [
    'what is missing or wrong',
    object({ a: '1' }),
    object({ a: '2', b: '3' }),
    { labels: { a: '2', b: '3' } },
  ],
  ['annotations likewise', object({}), object({}, { c: '4' }), { annotations: { c: '4' } }],
  [
    'a label that it was given and is to have no longer',
    object({ a: '1', b: '2', other: 'x' }, { 'temporal-arc/given-labels': 'a,b,c' }),
    object({ a: '1' }, { 'temporal-arc/given-labels': 'a' }),
    { labels: { b: null }, annotations: { 'temporal-arc/given-labels': 'a' } },
  ],
])('metadataPatch: %s', (_what, live, wanted, expected) => {
  expect(metadataPatch(live, wanted)).toEqual(expected);
});
