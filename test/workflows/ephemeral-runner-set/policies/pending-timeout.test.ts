import type { ObservedPod } from '../../../../src/messages/observations.ts';
import {
  notePending,
  pendingDeadline,
  pendingEnding,
} from '../../../../src/workflows/ephemeral-runner-set/policies/pending-timeout.ts';
import type { RunnerState } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import { aPod, aState, circumstances, NOW, pendingRow, seen } from '../builders.ts';
import { decide } from '../../../../src/workflows/ephemeral-runner-set/plan.ts';

const limits = { pendingTimeoutSeconds: 600, imageErrorGraceSeconds: 30 };

/** A row whose pod was seen like this, one after the other, ten seconds apart. */
function after(...pods: Partial<ObservedPod>[]): RunnerState {
  const row: RunnerState = { name: 'r', podSeen: true };
  pods.forEach((pod, i) => {
    row.seen = seen({ name: 'r', pod: aPod({ phase: 'Pending', ...pod }) });
    notePending(row, NOW + i * 10_000);
  });
  return row;
}

test('a pod on its node has until the timeout to run', () => {
  const row = after({}, {});
  expect(pendingDeadline(row, limits)).toBe(NOW + 600_000);
  expect(pendingEnding(row, NOW + 599_999, limits)).toBeUndefined();
  expect(pendingEnding(row, NOW + 600_000, limits)).toMatchObject({
    end: 'failed',
    reason: 'PendingTimeout',
  });
});

test('waiting for a node does not count, and does not end', () => {
  const row = after({}, { waitsForNode: true, reason: 'Unschedulable' });
  expect(pendingDeadline(row, limits)).toBeUndefined();
  expect(pendingEnding(row, NOW + 1e9, limits)).toBeUndefined();
  expect(pendingDeadline(after({ waitsForNode: true }, {}), limits)).toBe(NOW + 610_000);
});

test('an image error fails after its grace, under its own name', () => {
  const row = after({}, { imageError: true, reason: 'InvalidImageName', message: 'no such name' });
  expect(pendingEnding(row, NOW + 39_999, limits)).toBeUndefined();
  expect(pendingEnding(row, NOW + 40_000, limits)).toEqual({
    end: 'failed',
    reason: 'InvalidImageName',
    message: 'no such name',
  });
});

test('an image that comes after all takes the grace back', () => {
  const row = after({ imageError: true }, {});
  expect(pendingDeadline(row, limits)).toBe(NOW + 600_000);
});

test('the plan looks again when the first is overdue', () => {
  const rows = [
    { ...pendingRow('a'), pendingSince: NOW - 1_000 },
    { ...pendingRow('b'), pendingSince: NOW - 5_000 },
  ];
  const plan = decide(aState({ set: { replicas: 2 }, rows }), circumstances({ mayPublishAt: NOW }));
  expect(plan.wakeAt).toBe(NOW - 5_000 + 900_000);
});
