import { labelValueOf } from '../../src/api/labels.ts';

describe('labelValueOf', () => {
  it.each([
    ['octo-org', 'octo-org'],
    ['.github', 'github'],
    ['-_.octo.repo._-', 'octo.repo'],
    ['', ''],
    ['a'.repeat(63), 'a'.repeat(63)],
    ['a'.repeat(64), `${'a'.repeat(58)}-trim`],
  ])('of %j is %j', (name, value) => expect(labelValueOf(name)).toBe(value));

  it('is valid however long and odd the name is', () => {
    expect(labelValueOf(`.${'a'.repeat(80)}-`)).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });
});
