import type { JobView } from '../../../dev/github/protocol.ts';
import { jobLengths, readJobCount, resultOf, resultText } from '../../../dev/local/jobs.ts';

test('jobs are of varied length, the same each time', () => {
  expect(jobLengths(50)).toEqual(jobLengths(50));
  expect(new Set(jobLengths(50)).size).toBe(7);
});

test('the number of jobs', () => {
  expect(readJobCount(undefined)).toBe(200);
  expect(readJobCount('7')).toBe(7);
  for (const text of ['0', 'many', '1.5', '10001']) expect(() => readJobCount(text)).toThrow(/^JOBS=/);
});

const job = (id: number, over: Partial<JobView> = {}): JobView => ({
  jobId: String(id),
  runnerRequestId: String(id),
  workflowRunId: '1',
  scaleSetId: 2,
  state: 'completed',
  displayName: 'build',
  result: 'succeeded',
  runnerName: `r${id}`,
  queueTime: 1_000,
  finishTime: 3_000 + id,
  ...over,
});

test('the result says how long it took, and what was amiss', () => {
  const well = resultOf([job(0), job(1_000)], 2);
  expect(well).toEqual({ jobs: 2, seconds: 3, failed: 0, shared: 0, peak: 2 });
  expect(resultText(well)).toBe(
    '2 jobs in 3.0 s (0.7 a second), at most 2 runners at a time, each on a runner of its own.',
  );
  const ill = resultOf([job(0), job(1, { result: 'failed', runnerName: 'r0' })], 1);
  expect(resultText(ill)).toMatch(/: 1 did not succeed, 1 had no runner of their own\.$/);
});
