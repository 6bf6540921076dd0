import { canonicalJson, fnv1a32, nameHash, stableHash } from '../../src/api/hash.ts';
import { maximalScaleSet } from './samples.ts';

describe('fnv1a32', () => {
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('of %j is the published value', (text, hash) => expect(fnv1a32(text)).toBe(hash));

  it('hashes the bytes of UTF-8', () => {
    const byHand = [0xc3, 0xa4].reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5);
    expect(fnv1a32('ä')).toBe(byHand);
  });
});

describe('nameHash', () => {
  it.each([
    ['arc-runners', '754b578df7'],
    ['test-ns', '574d84466c'],
    ['test-ns@@https://github.com/org/repo', '79fcf9fdb'],
  ])('of %j is what ARC makes of it', (text, hash) => expect(nameHash(text)).toBe(hash));
});

describe('canonicalJson', () => {
  it('sorts keys at every depth', () => {
    expect(canonicalJson({ b: { d: 1, c: 2 }, a: [{ z: 1, y: 2 }] })).toBe(
      '{"a":[{"y":2,"z":1}],"b":{"c":2,"d":1}}',
    );
  });

  it('leaves out what the API server may leave out', () => {
    expect(
      canonicalJson({ a: undefined, b: null, c: {}, d: [], e: { f: { g: null } }, h: 0, i: '', j: false }),
    ).toBe('{"h":0,"i":"","j":false}');
  });

  it('keeps the places of elements', () => {
    expect(canonicalJson([{}, null, { a: null }, 1])).toBe('[{},null,{},1]');
  });

  it.each([
    [undefined, 'null'],
    [null, 'null'],
    ['text', '"text"'],
    [3, '3'],
  ])('of %j is %s', (value, json) => expect(canonicalJson(value)).toBe(json));

  it('does not change over a round trip', () => {
    const sent = { ...maximalScaleSet.spec, runnerGroup: undefined, listenerMetrics: { counters: {} } };
    expect(canonicalJson(JSON.parse(JSON.stringify(sent)))).toBe(canonicalJson(sent));
  });
});

describe('stableHash', () => {
  it('is equal for what means the same, and differs otherwise', () => {
    expect(stableHash({ a: 1, b: [] })).toBe(stableHash({ b: null, a: 1 }));
    expect(stableHash({ a: 1 })).not.toBe(stableHash({ a: 2 }));
    expect(stableHash({ a: ['x', 'y'] })).not.toBe(stableHash({ a: ['y', 'x'] }));
  });
});
