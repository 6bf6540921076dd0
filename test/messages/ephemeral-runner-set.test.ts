import { scaleProblem } from '../../src/messages/ephemeral-runner-set.ts';

const PROBLEM = 'replicas: a whole number from 0 to 2147483647 is needed, as in {"replicas": 20}';

describe('a request to scale', () => {
  test.each([0, 1, 20, 2_147_483_647])('%p replicas can be asked for', (replicas) => {
    expect(scaleProblem({ replicas })).toBeUndefined();
    expect(scaleProblem({ replicas, extra: true })).toBeUndefined();
  });

  test.each([
    ['a negative number', { replicas: -1 }],
    ['more than an int32 holds', { replicas: 2_147_483_648 }],
    ['a fraction', { replicas: 1.5 }],
    ['no number', { replicas: Number.NaN }],
    ['without an end', { replicas: Infinity }],
    ['a text', { replicas: '3' }],
    ['null', { replicas: null }],
    ['without replicas', {}],
    ['under another name', { replica: 3 }],
    ['nothing', undefined],
    ['nothing at all', null],
    ['the bare number', 3],
    ['a list', [3]],
  ])('is refused in words: %s', (_what, request) => {
    expect(scaleProblem(request)).toBe(PROBLEM);
  });
});
