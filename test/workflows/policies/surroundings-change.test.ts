import { haveSurroundingsChanged } from '../../../src/workflows/policies/surroundings-change.ts';

test.each([
  ['never looked at', {}, {}, false],
  ['seen for the first time', {}, { surroundings: 'a' }, false],
  ['no longer looked at', { surroundings: 'a' }, {}, false],
  ['as it was', { surroundings: 'a' }, { surroundings: 'a' }, false],
  ['changed', { surroundings: 'a' }, { surroundings: 'b' }, true],
])('what blocks something, %s', (_what, before, now, expected) => {
  expect(haveSurroundingsChanged(before, now)).toBe(expected);
});
