import { jest } from '@jest/globals';
import {
  ContinuedAsNew,
  failureOf,
  forget,
  lastOf,
  noted,
  turn,
  workflowModule,
} from '../workflow-stand-in.ts';

jest.unstable_mockModule('@temporalio/workflow', workflowModule);
const { clusterWatch } = await import('../../../src/workflows/cluster-watch/workflow.ts');

const input = { cluster: 'kind' };

beforeEach(forget);

test('the watch is one activity that another worker takes over within seconds, and that is never given up', () => {
  void clusterWatch(input);
  expect(noted.scheduled).toHaveLength(1);
  const { options } = lastOf('watchCluster');
  expect(options).toMatchObject({
    summary: 'watch on kind',
    heartbeatTimeout: '10s',
    startToCloseTimeout: '7d',
  });
  expect(options.retry).not.toHaveProperty('maximumAttempts');
  expect(noted.details).toEqual([expect.stringContaining('**kind**')]);
});

test('once a watch has ended, the next run begins another one for the same cluster', async () => {
  const run = clusterWatch(input).catch((error: unknown) => error);
  lastOf('watchCluster').resolve();
  await turn();
  const end = await run;
  expect(end).toBeInstanceOf(ContinuedAsNew);
  expect(end).toMatchObject({ input });
  expect(noted.scheduled).toHaveLength(1);
});

test('a watch that fails for good is no end in silence', async () => {
  const failure = failureOf('ClusterGone');
  const run = clusterWatch(input);
  lastOf('watchCluster').reject(failure);
  await expect(run).rejects.toBe(failure);
});
