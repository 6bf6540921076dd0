import {
  believed,
  believedAt,
  openReplicas,
  orderFrom,
  withCompletion,
  withWord,
} from '../../../../src/workflows/ephemeral-runner-set/policies/patch-id.ts';
import type { PatchOrder } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { NO_ORDER } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { completion, NOW } from '../builders.ts';

const numbered = (id: number, replicas = 5, ...runners: string[]): PatchOrder => ({
  id,
  replicas,
  exact: false,
  completed: runners.map(completion),
});
const told = (order: PatchOrder, runner: string, countedOut?: number): PatchOrder =>
  withWord(order, { runner, countedOut, at: NOW });

describe('orderFrom', () => {
  test('patchID 0 asks for exactly that many', () => {
    expect(orderFrom(NO_ORDER, { patchId: 0, replicas: 5 })).toEqual({
      id: 0,
      replicas: 5,
      exact: true,
      completed: [],
    });
  });

  test('a listener numbers its orders: not exact', () => {
    expect(orderFrom(NO_ORDER, { patchId: 7, replicas: 5 })).toMatchObject({ id: 7, exact: false });
  });

  test('the same order again changes nothing', () => {
    const order = numbered(7, 5, 'a');
    expect(orderFrom(order, { patchId: 7, replicas: 5 })).toBe(order);
  });

  test('kubectl scale under a listener: replicas change, the number does not, and it means exactly that many', () => {
    expect(orderFrom(numbered(7, 5, 'a'), { patchId: 7, replicas: 2 })).toEqual({
      id: 7,
      replicas: 2,
      exact: true,
      completed: [],
    });
  });
});

describe('each job that ended counts once, against the orders that did not know of it', () => {
  test('seen to have ended first, then told: the order that knows of it is taken as it is', () => {
    const order = withCompletion(numbered(7), 'a', NOW);
    expect(openReplicas(order)).toBe(4);
    const waiting = told(order, 'a', 8);
    expect(openReplicas(waiting)).toBe(4);
    expect(openReplicas(orderFrom(waiting, { patchId: 8, replicas: 5 }))).toBe(5);
  });

  test('told first, of a later order: the order that stands counts it until then', () => {
    const waiting = told(numbered(7), 'a', 9);
    expect(openReplicas(waiting)).toBe(4);
    const between = orderFrom(waiting, { patchId: 8, replicas: 5 });
    expect(openReplicas(between)).toBe(4);
    expect(openReplicas(orderFrom(between, { patchId: 9, replicas: 5 }))).toBe(5);
  });

  test('told with an order that is known already: it counts nowhere', () => {
    expect(told(numbered(8), 'a', 8)).toEqual(numbered(8));
    expect(told(numbered(9, 5, 'a'), 'a', 8)).toEqual(numbered(9));
  });

  test('seen twice, told twice: once', () => {
    const order = withCompletion(withCompletion(numbered(7), 'a', NOW), 'a', NOW + 1);
    expect(order.completed).toHaveLength(1);
    expect(told(told(order, 'a', 8), 'a', 8).completed).toHaveLength(1);
  });

  test('never told: a new order is believed if it was given a while later', () => {
    const next = orderFrom(withCompletion(numbered(7), 'a', NOW), { patchId: 8, replicas: 5 });
    expect(openReplicas(next)).toBe(4);
    expect(believedAt(next)).toBe(NOW + 2_000);
    expect(openReplicas(believed(next, NOW + 1_999))).toBe(4);
    expect(openReplicas(believed(next, NOW + 2_000))).toBe(5);
  });

  test('never told, and no new order: the one that stands is believed in the end', () => {
    const order = withCompletion(numbered(7), 'a', NOW);
    expect(believedAt(order)).toBe(NOW + 60_000);
    expect(openReplicas(believed(order, NOW + 60_000))).toBe(5);
    expect(believed(order, NOW)).toBe(order);
    expect(believedAt(numbered(7))).toBe(Infinity);
  });

  test('numbers begin anew after the largest', () => {
    const waiting = told(numbered(2 ** 31 - 1), 'a', 1);
    expect(openReplicas(waiting)).toBe(4);
    expect(openReplicas(orderFrom(waiting, { patchId: 1, replicas: 5 }))).toBe(5);
    expect(openReplicas(orderFrom(told(numbered(3), 'a', 4), { patchId: 2 ** 31 - 1, replicas: 5 }))).toBe(4);
  });

  test('an exact order counts runners, not jobs: those that completed are replaced', () => {
    const exact = orderFrom(withCompletion(numbered(7), 'a', NOW), { patchId: 0, replicas: 5 });
    expect(openReplicas(exact)).toBe(5);
    expect(withCompletion(exact, 'b', NOW)).toBe(exact);
    expect(told(exact, 'b', 9)).toBe(exact);
  });

  test('never below zero', () => {
    expect(openReplicas(numbered(3, 1, 'a', 'b', 'c'))).toBe(0);
  });
});
