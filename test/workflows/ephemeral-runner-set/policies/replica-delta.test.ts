import {
  missingReplicas,
  missingRunners,
  surplusRunners,
} from '../../../../src/workflows/ephemeral-runner-set/policies/replica-delta.ts';
import type { RunnerState } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import type { PatchOrder } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { busyRunner, completion, idleRunner, pendingRunner, placed } from '../builders.ts';

const replicaDelta = (runners: RunnerState[], order: PatchOrder, percent?: number) => ({
  missing: missingRunners(placed(runners), order, percent),
  surplus: surplusRunners(placed(runners), order),
});
const exactly = (replicas: number): PatchOrder => ({ id: 0, replicas, exact: true, completed: [] });
const numbered = (replicas: number, ...completed: string[]): PatchOrder => ({
  id: 4,
  replicas,
  exact: false,
  completed: completed.map(completion),
});
const names = (runners: Readonly<RunnerState>[]): string[] => runners.map(({ name }) => name);

describe('what separates the runners there are from those ordered', () => {
  test('nothing there: all are missing', () => {
    expect(replicaDelta([], exactly(100))).toEqual({ missing: 100, surplus: [] });
  });

  test('runners that are being created count', () => {
    expect(replicaDelta([{ name: 'a', doing: 'create' }], exactly(3)).missing).toBe(2);
  });

  test.each([
    { what: 'completed', runner: { ...idleRunner('x'), end: 'completed' as const } },
    { what: 'failed', runner: { ...idleRunner('x'), end: 'failed' as const } },
    { what: 'rejected by Kubernetes', runner: { name: 'x', end: 'rejected' as const } },
    { what: 'being retired', runner: { ...idleRunner('x'), doing: 'retire' as const } },
    { what: 'retired', runner: { ...idleRunner('x'), retired: true } },
    { what: 'deleted by someone', runner: idleRunner('x', { deleting: true }) },
  ])('a runner that is $what does not count', ({ runner }) => {
    expect(replicaDelta([runner], exactly(1)).missing).toBe(1);
  });

  test('surplus: pending ones first, then idle ones, oldest first; busy ones never', () => {
    const old = idleRunner('old', { createdAt: 1 });
    const young = idleRunner('young', { createdAt: 2 });
    const runners = [young, busyRunner('busy'), old, pendingRunner('pending')];
    expect(names(replicaDelta(runners, exactly(1)).surplus)).toEqual(['pending', 'old', 'young']);
    expect(names(replicaDelta(runners, exactly(0)).surplus)).toEqual(['pending', 'old', 'young']);
  });

  test('a runner that GitHub would not let go, because of its job, counts and is not tried again', () => {
    const held: RunnerState = { ...idleRunner('held'), heldByJob: true };
    expect(replicaDelta([held], exactly(0))).toEqual({ missing: 0, surplus: [] });
  });

  test('under a numbered order nothing is removed: jobs may be on their way', () => {
    expect(replicaDelta([idleRunner('a'), idleRunner('b')], numbered(1)).surplus).toEqual([]);
  });

  test('under a numbered order a completed runner is not replaced, a failed one is', () => {
    expect(replicaDelta([idleRunner('a')], numbered(2, 'done')).missing).toBe(0);
    expect(replicaDelta([idleRunner('a'), { ...idleRunner('b'), end: 'failed' }], numbered(2)).missing).toBe(
      1,
    );
  });
});

describe('what is over and being cleaned up', () => {
  test.each([
    { supply: 0, over: 0, percent: 50, missing: 10 },
    { supply: 5, over: 5, percent: 50, missing: 5 },
    { supply: 8, over: 6, percent: 50, missing: 1 },
    { supply: 8, over: 9, percent: 50, missing: 0 },
    { supply: 8, over: 2, percent: 0, missing: 0 },
    { supply: 8, over: 1, percent: 0, missing: 1 },
    { supply: 0, over: 10, percent: 100, missing: 10 },
    { supply: 0, over: 0, disrupted: 10, percent: 50, missing: 10 },
    { supply: 0, over: 0, disrupted: 10, percent: 0, missing: 0 },
  ])(
    'is beside those wanted up to a share: $supply, $over, $percent %',
    ({ supply, over, disrupted = 0, percent, missing }) => {
      expect(missingReplicas({ supply, over, disrupted }, exactly(10), percent)).toBe(missing);
    },
  );

  test('is a runner whose job or whose pod is over, as long as there is a pod', () => {
    const afterJob = { ...busyRunner('a'), jobEndedAt: 1 };
    const ended: RunnerState = { ...busyRunner('b'), end: 'completed', doing: 'retire' };
    expect(replicaDelta([afterJob, ended], exactly(2)).missing).toBe(1);
    expect(replicaDelta([afterJob, ended], exactly(2), 0).missing).toBe(0);
    expect(replicaDelta([afterJob, ended], exactly(2), 100).missing).toBe(2);
    const { pod: _gone, ...seenWithoutPod } = ended.seen!;
    expect(replicaDelta([{ ...ended, seen: seenWithoutPod }], exactly(2), 0).missing).toBe(2);
    expect(replicaDelta([{ name: 'r', end: 'rejected' }], exactly(1), 0).missing).toBe(1);
  });
});
