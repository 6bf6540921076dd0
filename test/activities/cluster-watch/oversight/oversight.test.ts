import { Oversight } from '../../../../src/activities/cluster-watch/oversight/oversight.ts';
import type { WorkflowTarget } from '../../../../src/activities/cluster-watch/workflow-target.ts';
import { ephemeralRunnerSets } from '../../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../../cluster-stand-in.ts';

const namespace = 'team';
const set = (runnerSet: string): WorkflowTarget => ({ namespace, runnerSet });

function scene({ isCovered = true, known = ['known'], open = ['known', 'gone', 'unread'] } = {}) {
  const cluster = new ClusterStandIn();
  cluster.put(ephemeralRunnerSets, namespace, { metadata: { name: 'unread' } });
  const notified: string[] = [];
  const logged: string[] = [];
  const described: string[] = [];
  const oversight = new Oversight({
    ...{ cluster: 'c1', namespaces: [], kubernetes: cluster.client },
    workflows: {
      options: { namespace: 'n' },
      list: () => open.map((name) => ({ workflowId: `c1/ephemeralrunnerset/${namespace}/${name}` })),
      getHandle: (id: string) => ({
        describe: () => {
          described.push(id);
          return Promise.resolve({ runId: 'r', status: { name: 'RUNNING' }, raw: {} });
        },
      }),
    } as never,
    metrics: { rebuilt: () => undefined },
    signalQueue: {
      takeTold: () => new Set<string>(),
      notify: (target, whole) =>
        void notified.push(`${(target as { runnerSet: string }).runnerSet} ${whole}`),
    },
    targets: () => known.map(set),
    isCovered: () => isCovered,
    signal: new AbortController().signal,
    log: (message) => void logged.push(message),
  });
  return { oversight, notified, logged, described, cluster };
}

test('of those that are not known, the ones whose resource is not there are told so', async () => {
  const { oversight, notified, logged } = scene();
  await oversight.look();
  // One that is there and cannot be read is not told that it is gone.
  expect(notified).toEqual(['gone true']);
  expect(logged).toEqual([]);
});

test('before everything was listed, nobody is told that he is gone', async () => {
  const { oversight, notified, described } = scene({ isCovered: false });
  await oversight.look();
  expect(notified).toEqual([]);
  expect(described).toHaveLength(3);
});

test('one whose workflow ended though its resource is there is started again: from the second look on, ever more rarely', async () => {
  const { oversight, notified } = scene({ known: ['known', 'ended'], open: ['known'] });
  await oversight.look();
  expect(notified).toEqual([]);
  for (let looks = 0; looks < 4; looks += 1) await oversight.look();
  expect(notified).toEqual(['ended true']);
});

test('a cluster that does not answer tells of nobody that he is gone', async () => {
  const { oversight, notified, logged, cluster } = scene();
  cluster.failNext({
    ...{ verb: 'get', resource: ephemeralRunnerSets, name: 'gone', times: 1 },
    ...{ status: 503, reason: 'ServiceUnavailable' },
  });
  await oversight.look();
  expect(notified).toEqual([]);
  expect(logged).toEqual([expect.stringContaining('trying again')]);
  await oversight.look();
  expect(notified).toEqual(['gone true']);
});
