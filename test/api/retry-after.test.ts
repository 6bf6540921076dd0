import { retryAfterMs } from '../../src/api/retry-after.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');

test.each([
  ['absent', undefined, undefined],
  ['empty', '', undefined],
  ['seconds', '30', 30_000],
  ['none at all', '0', 0],
  ['a fraction', '1.5', 1_500],
  ['a date', 'Fri, 01 May 2026 12:00:10 GMT', 10_000],
  ['a date that is past', 'Fri, 01 May 2026 11:00:00 GMT', 0],
  ['negative', '-5', undefined],
  ['words', 'soon', undefined],
  ['beyond all bounds', '99999999999999', undefined],
])('%s', (_what, header, expected) => {
  expect(retryAfterMs(header, NOW)).toBe(expected);
});
