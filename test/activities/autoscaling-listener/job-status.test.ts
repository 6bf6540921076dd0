import {
  jobStatusOf,
  recordStart,
  resultsOf,
} from '../../../src/activities/autoscaling-listener/job-status.ts';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { ephemeralRunners } from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';
import { aJob } from './messages.ts';

test('a job that may not be noted on its runner does not keep those of others from being noted', async () => {
  const cluster = new ClusterStandIn();
  for (const name of ['one', 'two']) cluster.put(ephemeralRunners, 'team', { metadata: { name }, spec: {} });
  const fault = { verb: 'patch', resource: ephemeralRunners, name: 'one' } as const;
  cluster.failNext({ ...fault, status: 403, reason: 'Forbidden' });
  const started = ['one', 'gone', 'two'].map((runnerName) => aJob(`job of ${runnerName}`, { runnerName }));
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  await environment.run(() => Promise.all(started.map((job) => recordStart(cluster.client, 'team', job))));
  const statusOf = (name: string) => cluster.find(ephemeralRunners, { namespace: 'team', name })?.status;
  expect(statusOf('one')).toBeUndefined();
  expect(statusOf('two')).toMatchObject({ jobId: 'job of two' });
});

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
  expect(resultsOf(ended)).toEqual({ one: 'succeeded', three: '' });
});
