import { jobStatusOf, resultsOf } from '../../../src/activities/autoscaling-listener/job-status.ts';
import { aJob } from './messages.ts';

test('a job is written onto its runner, ids with all their digits', () => {
  const job = aJob('job-1', { runnerRequestId: '9007199254740993', workflowRunId: '2001' });
  expect(JSON.stringify(jobStatusOf(job))).toBe(
    '{"jobRequestId":9007199254740993,"jobRepositoryName":"octo/app","jobId":"job-1","workflowRunId":2001,' +
      '"jobWorkflowRef":"octo/app/.github/workflows/ci.yml@refs/heads/main","jobDisplayName":"build"}',
  );
});

test('what is empty or zero is left out', () => {
  const empty = { runnerRequestId: '0', workflowRunId: '0', ownerName: '', repositoryName: '' };
  expect(jobStatusOf(aJob('job-1', { ...empty, jobWorkflowRef: '', jobDisplayName: '' }))).toEqual({
    jobId: 'job-1',
  });
});

test('how a job ended is told of runners that had it, as far as GitHub says', () => {
  const ended = [
    aJob('a', { runnerName: 'one', result: 'succeeded' }),
    aJob('b', { runnerName: '', result: 'canceled' }),
    aJob('c', { runnerName: 'three', result: '' }),
  ];
  expect(resultsOf(ended)).toEqual({ one: 'succeeded' });
});
