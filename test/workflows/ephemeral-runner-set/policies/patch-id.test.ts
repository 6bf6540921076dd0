import { openReplicas, orderFrom } from '../../../../src/workflows/ephemeral-runner-set/policies/patch-id.ts';
import { NO_ORDER } from '../../../../src/workflows/ephemeral-runner-set/state.ts';

describe('orderFrom', () => {
  test('patchID 0 asks for exactly that many', () => {
    expect(orderFrom(NO_ORDER, { patchId: 0, replicas: 5 })).toEqual({
      id: 0,
      replicas: 5,
      exact: true,
      completed: 0,
    });
  });

  test('a listener numbers its orders: not exact', () => {
    expect(orderFrom(NO_ORDER, { patchId: 7, replicas: 5 })).toMatchObject({ id: 7, exact: false });
  });

  test('the same order again keeps what was completed under it', () => {
    const order = { id: 7, replicas: 5, exact: false, completed: 2 };
    expect(orderFrom(order, { patchId: 7, replicas: 5 })).toBe(order);
  });

  test('a new number begins to count anew', () => {
    const order = { id: 7, replicas: 5, exact: false, completed: 2 };
    expect(orderFrom(order, { patchId: 8, replicas: 5 })).toEqual({
      id: 8,
      replicas: 5,
      exact: false,
      completed: 0,
    });
  });

  test('kubectl scale under a listener: replicas change, the number does not, and it means exactly that many', () => {
    const order = { id: 7, replicas: 5, exact: false, completed: 2 };
    expect(orderFrom(order, { patchId: 7, replicas: 2 })).toEqual({
      id: 7,
      replicas: 2,
      exact: true,
      completed: 0,
    });
  });
});

describe('openReplicas', () => {
  test.each([
    {
      order: { id: 0, replicas: 5, exact: true, completed: 3 },
      open: 5,
      why: 'exact: completed runners are replaced',
    },
    {
      order: { id: 3, replicas: 5, exact: false, completed: 3 },
      open: 2,
      why: 'numbered: completed runners did their part',
    },
    { order: { id: 3, replicas: 1, exact: false, completed: 3 }, open: 0, why: 'never below zero' },
  ])('$why', ({ order, open }) => {
    expect(openReplicas(order)).toBe(open);
  });
});
