import { openWorkflows } from '../../../../src/activities/cluster-watch/oversight/open-workflows.ts';

const list = (ids: string[], asked: unknown[] = []) =>
  ({
    list: (options: unknown) => {
      asked.push(options);
      return ids.map((workflowId) => ({ workflowId }));
    },
  }) as never;

const ids = ['c1/clusterwatch', 'c1/ephemeralrunnerset/a/x', 'c1/autoscalingrunnerset/b/y', 'foreign'];

test('those that run and serve a resource of this cluster', async () => {
  const asked: unknown[] = [];
  expect(await openWorkflows(list(ids, asked), 'c1', [])).toEqual([
    { namespace: 'a', runnerSet: 'x' },
    { namespace: 'b', autoscalingRunnerSet: 'y' },
  ]);
  expect(asked).toEqual([{ query: 'ArcCluster = "c1" AND ExecutionStatus = "Running"', pageSize: 1_000 }]);
});

test('those of namespaces that are not watched are none of our business', async () => {
  expect(await openWorkflows(list(ids), 'c1', ['b', 'c'])).toEqual([
    { namespace: 'b', autoscalingRunnerSet: 'y' },
  ]);
});

test('a list without end is not read to its end', async () => {
  const many = Array.from({ length: 20_500 }, (_, i) => `c1/ephemeralrunnerset/a/x${i}`);
  expect(await openWorkflows(list(many), 'c1', [])).toHaveLength(20_000);
});
