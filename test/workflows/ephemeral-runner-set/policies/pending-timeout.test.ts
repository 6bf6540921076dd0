import type { ObservedPod } from '../../../../src/messages/observations.ts';
import {
  notePending,
  pendingDeadline,
  pendingEnding,
} from '../../../../src/workflows/ephemeral-runner-set/policies/pending-timeout.ts';
import type { RunnerState } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import { aPod, aState, circumstances, NOW, pendingRunner, seen } from '../builders.ts';
import { decide } from '../../../../src/workflows/ephemeral-runner-set/plan.ts';

const limits = { pendingTimeoutSeconds: 600, imageErrorGraceSeconds: 30 };

/** A runner whose pod was seen like this, one after the other, ten seconds apart. */
function after(...pods: Partial<ObservedPod>[]): RunnerState {
  const runner: RunnerState = { name: 'r', podSeen: true };
  pods.forEach((pod, i) => {
    runner.seen = seen({ name: 'r', pod: aPod({ phase: 'Pending', ...pod }) });
    notePending(runner, NOW + i * 10_000);
  });
  return runner;
}

test('a pod on its node has until the timeout to run', () => {
  const runner = after({}, {});
  expect(pendingDeadline(runner, limits)).toBe(NOW + 600_000);
  expect(pendingEnding(runner, NOW + 599_999, limits)).toBeUndefined();
  expect(pendingEnding(runner, NOW + 600_000, limits)).toMatchObject({
    end: 'failed',
    reason: 'PendingTimeout',
  });
});

test('waiting for a node does not count, and does not end', () => {
  const runner = after({}, { waitsForNode: true, reason: 'Unschedulable' });
  expect(pendingDeadline(runner, limits)).toBeUndefined();
  expect(pendingEnding(runner, NOW + 1e9, limits)).toBeUndefined();
  expect(pendingDeadline(after({ waitsForNode: true }, {}), limits)).toBe(NOW + 610_000);
});

test('what only a person can give fails after its grace, under its own name', () => {
  const runner = after({}, { stuck: true, reason: 'InvalidImageName', message: 'no such name' });
  expect(pendingEnding(runner, NOW + 39_999, limits)).toBeUndefined();
  expect(pendingEnding(runner, NOW + 40_000, limits)).toEqual({
    end: 'failed',
    reason: 'InvalidImageName',
    message: 'no such name',
  });
});

test('what comes after all takes the grace back', () => {
  const runner = after({ stuck: true }, {});
  expect(pendingDeadline(runner, limits)).toBe(NOW + 600_000);
});

test('the plan looks again when the first is overdue', () => {
  const runners = [
    { ...pendingRunner('a'), pendingSince: NOW - 1_000 },
    { ...pendingRunner('b'), pendingSince: NOW - 5_000 },
  ];
  const plan = decide(aState({ set: { replicas: 2 }, runners }), circumstances({ mayPublishAt: NOW }));
  expect(plan.wakeAt).toBe(NOW - 5_000 + 900_000);
});
