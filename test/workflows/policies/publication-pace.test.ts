import { nextPublicationAt } from '../../../src/workflows/policies/publication-pace.ts';

test('what changes within a moment is written together', () => {
  expect(nextPublicationAt(1_000, { failed: false })).toBe(1_300);
});

test('what could not be written rests longer', () => {
  expect(nextPublicationAt(1_000, { failed: true })).toBe(6_000);
});
