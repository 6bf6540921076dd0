import { isOvertaken } from '../../../src/workflows/policies/observation-order.ts';

const last = { epoch: 7, seq: 5 };

test.each([
  ['the next one', { epoch: 7, seq: 6 }, false],
  ['the same one again', { epoch: 7, seq: 5 }, true],
  ['one that was on its way for long', { epoch: 7, seq: 2 }, true],
  ['the first of the next watch', { epoch: 8, seq: 1 }, false],
  ['one of a watch that was replaced, whatever its number', { epoch: 6, seq: 99 }, true],
  ['one that does not come from the watch', undefined, false],
])('%s', (_what, next, overtaken) => {
  expect(isOvertaken(last, next)).toBe(overtaken);
});

test('nothing overtakes the first one', () => {
  expect(isOvertaken(undefined, { epoch: 1, seq: 1 })).toBe(false);
});
