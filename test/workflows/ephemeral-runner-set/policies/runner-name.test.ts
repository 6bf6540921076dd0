import { newRunnerName } from '../../../../src/workflows/ephemeral-runner-set/policies/runner-name.ts';

const free = { has: () => false };

/** Draws these numbers, then zeros. */
function drawing(numbers: number[], work: () => string): string {
  const { random } = Math;
  Math.random = () => numbers.shift() ?? 0;
  try {
    return work();
  } finally {
    Math.random = random;
  }
}

test('the name begins with its set’s, and ends in five characters as Kubernetes chooses them', () => {
  expect(newRunnerName({ name: 'demo' }, free)).toMatch(/^demo-runner-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test('a long name is cut, so that the whole is a label’s 63 characters', () => {
  const name = newRunnerName({ name: 'a'.repeat(80) }, free);
  expect(name).toHaveLength(63);
  expect(name).toMatch(/^a{58}[^aeiou]{5}$/);
});

test('the random numbers alone decide: the same ones lead to the same name, and every character can come', () => {
  const [first, last] = [0, 1 - Number.EPSILON];
  expect(drawing([first, last, first, last, first], () => newRunnerName({ name: 'x' }, free))).toBe(
    'x-runner-b9b9b',
  );
});

test('a name that is taken is drawn again', () => {
  const taken = new Set(['x-runner-bbbbb']);
  expect(drawing([0, 0, 0, 0, 0, 0.999], () => newRunnerName({ name: 'x' }, taken))).toBe('x-runner-9bbbb');
});
