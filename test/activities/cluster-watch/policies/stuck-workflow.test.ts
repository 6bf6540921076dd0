import type { RunProgress } from '../../../../src/activities/cluster-watch/policies/stuck-workflow.ts';
import {
  isStuck,
  pauseAfterRebuild,
  suspicionAfter,
} from '../../../../src/activities/cluster-watch/policies/stuck-workflow.ts';

const failing = { runId: 'r1', hasTask: true, completedAt: 10, failures: 2 };
const before = { runId: 'r1', completedAt: 10, since: 1_000 };

test.each<[string, Partial<RunProgress>, number | undefined]>([
  ['it fails still', {}, 1_000],
  ['it fails more often', { failures: 9 }, 1_000],
  ['it has nothing to do', { hasTask: false }, undefined],
  ['it failed once: a worker was lost', { failures: 1 }, undefined],
  ['its next task did not fail so far', { failures: 0 }, undefined],
  ['it went on meanwhile, and fails again', { completedAt: 14 }, 31_000],
  ['it is another run', { runId: 'r2' }, 31_000],
])('%s', (_what, over, since) => {
  expect(suspicionAfter(before, { ...failing, ...over }, 31_000)?.since).toBe(since);
});

test('the first failures are suspected from now on', () => {
  expect(suspicionAfter(undefined, failing, 5)).toEqual({ runId: 'r1', completedAt: 10, since: 5 });
});

test('it is stuck after what losing two workers in a row costs', () => {
  expect(isStuck(before, 1_000 + 44_999)).toBe(false);
  expect(isStuck(before, 1_000 + 45_000)).toBe(true);
});

test('one that rebuilding does not help is rebuilt less and less often', () => {
  expect([1, 2, 3, 6, 60].map(pauseAfterRebuild)).toEqual([120_000, 240_000, 480_000, 3_600_000, 3_600_000]);
});
