import { replicaDelta } from '../../../../src/workflows/ephemeral-runner-set/policies/replica-delta.ts';
import type { RunnerState } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import type { PatchOrder } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { busyRow, idleRow, pendingRow } from '../builders.ts';

const exactly = (replicas: number): PatchOrder => ({ id: 0, replicas, exact: true, completed: 0 });
const numbered = (replicas: number, completed = 0): PatchOrder => ({
  id: 4,
  replicas,
  exact: false,
  completed,
});
const names = (rows: RunnerState[]): string[] => rows.map(({ name }) => name);

describe('replicaDelta', () => {
  test('nothing there: all are missing', () => {
    expect(replicaDelta([], exactly(100))).toEqual({ missing: 100, surplus: [] });
  });

  test('runners that are being created count', () => {
    expect(replicaDelta([{ name: 'a', doing: 'create' }], exactly(3)).missing).toBe(2);
  });

  test.each([
    { what: 'completed', row: { ...idleRow('x'), end: 'completed' as const } },
    { what: 'failed', row: { ...idleRow('x'), end: 'failed' as const } },
    { what: 'rejected by Kubernetes', row: { name: 'x', end: 'rejected' as const } },
    { what: 'being retired', row: { ...idleRow('x'), doing: 'retire' as const } },
    { what: 'retired', row: { ...idleRow('x'), retired: true } },
    { what: 'deleted by someone', row: idleRow('x', { deleting: true }) },
  ])('a runner that is $what does not count', ({ row }) => {
    expect(replicaDelta([row], exactly(1)).missing).toBe(1);
  });

  test('surplus: pending ones first, then idle ones, oldest first; busy ones never', () => {
    const old = idleRow('old', { createdAt: 1 });
    const young = idleRow('young', { createdAt: 2 });
    const rows = [young, busyRow('busy'), old, pendingRow('pending')];
    expect(names(replicaDelta(rows, exactly(1)).surplus)).toEqual(['pending', 'old', 'young']);
    expect(names(replicaDelta(rows, exactly(0)).surplus)).toEqual(['pending', 'old', 'young']);
  });

  test('a runner that GitHub would not let go, because of its job, counts and is not tried again', () => {
    const held: RunnerState = { ...idleRow('held'), heldByJob: true };
    expect(replicaDelta([held], exactly(0))).toEqual({ missing: 0, surplus: [] });
  });

  test('under a numbered order nothing is removed: jobs may be on their way', () => {
    expect(replicaDelta([idleRow('a'), idleRow('b')], numbered(1)).surplus).toEqual([]);
  });

  test('under a numbered order a completed runner is not replaced, a failed one is', () => {
    expect(replicaDelta([idleRow('a')], numbered(2, 1)).missing).toBe(0);
    expect(replicaDelta([idleRow('a'), { ...idleRow('b'), end: 'failed' }], numbered(2)).missing).toBe(1);
  });
});
