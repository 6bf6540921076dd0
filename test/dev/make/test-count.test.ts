import { summaryOf } from '../../../dev/make/test-count.ts';

const report = (passed: number, failed: number, other: { pending?: number; broken?: number } = {}) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: other.pending ?? 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: other.broken ?? 0,
});

it('adds up the projects', () => {
  expect(summaryOf([report(3, 0), report(4, 1)])).toEqual({ line: '7 passed, 1 failed', failed: 1 });
});

it('names what was skipped, and counts a file that cannot be loaded as failed', () => {
  const { line } = summaryOf([report(3, 0, { pending: 2, broken: 1 })]);
  expect(line).toBe('3 passed, 1 failed, 2 skipped');
});
