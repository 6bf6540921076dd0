import type { ProtectInput } from '../../../src/activities/ephemeral-runner-set/job-protection.ts';
import { protectPods } from '../../../src/activities/ephemeral-runner-set/job-protection.ts';
import { createCache } from '../../../src/activities/cache.ts';
import { JOB_PROTECTION_ANNOTATIONS } from '../../../src/api/annotations.ts';
import { JOB_OF_SET_LABEL } from '../../../src/api/labels.ts';
import { jobBudgetName } from '../../../src/api/names.ts';
import { podDisruptionBudgets, pods } from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';
import { run } from './scene.ts';

const namespace = 'team';
const runnerSet = { name: 'demo', uid: 'set-1' };

function aCluster() {
  const cluster = new ClusterStandIn();
  for (const name of ['r1', 'r2']) cluster.put(pods, namespace, { metadata: { name, labels: { own: 'x' } } });
  const budgets = createCache<true>(1_000, () => 0);
  const protect = async (input: Partial<ProtectInput>): Promise<void> => {
    const writes = protectPods({ kubernetes: cluster.client, budgets }, { namespace, ...input });
    await run(() => Promise.all(writes.map((write) => write())), undefined);
  };
  const pod = (name: string) => cluster.find(pods, { namespace, name })?.metadata;
  const budget = () => cluster.find(podDisruptionBudgets, { namespace, name: jobBudgetName('demo') });
  return { cluster, protect, pod, budget };
}

test('the pods of jobs are marked, for autoscalers and for the budget of their set; others are not', async () => {
  const { protect, pod, budget } = aCluster();
  await protect({ runnerSet, protect: { runners: ['r1'], by: 'budget' } });
  expect(pod('r1')).toMatchObject({
    annotations: JOB_PROTECTION_ANNOTATIONS,
    labels: { own: 'x', [JOB_OF_SET_LABEL]: 'set-1' },
  });
  expect(pod('r2')?.annotations).toBeUndefined();
  expect(budget()?.spec?.selector?.matchLabels).toEqual({ [JOB_OF_SET_LABEL]: 'set-1' });
});

test('the budget of a set is made once, and one that is there is as good', async () => {
  const { cluster, protect } = aCluster();
  const input = { runnerSet, protect: { runners: [], by: 'budget' as const } };
  await protect(input);
  await protect(input);
  expect(cluster.writes).toHaveLength(1);
  const another = aCluster();
  another.cluster.put(podDisruptionBudgets, namespace, { metadata: { name: jobBudgetName('demo') } });
  await another.protect(input);
  expect(another.cluster.writes).toEqual([]);
});

test('without a budget the pods are marked all the same', async () => {
  const { protect, pod, budget } = aCluster();
  await protect({ runnerSet, protect: { runners: ['r1'], by: 'annotations' } });
  expect(pod('r1')?.annotations).toEqual(JOB_PROTECTION_ANNOTATIONS);
  expect(budget()).toBeUndefined();
});

test('runners that belong to no set have no budget, and no label of one', async () => {
  const { protect, pod, cluster } = aCluster();
  await protect({ protect: { runners: ['r1'], by: 'budget' } });
  expect(pod('r1')).toMatchObject({ annotations: JOB_PROTECTION_ANNOTATIONS, labels: { own: 'x' } });
  expect(pod('r1')?.labels).not.toHaveProperty(JOB_OF_SET_LABEL);
  expect(cluster.all(podDisruptionBudgets)).toEqual([]);
});

test('nothing is written where nothing is to be protected', () => {
  const { cluster } = aCluster();
  const deps = { kubernetes: cluster.client, budgets: createCache<true>(1_000, () => 0) };
  expect(protectPods(deps, { namespace, runnerSet })).toEqual([]);
});

test.each([
  [403, 'Forbidden'],
  [400, 'BadRequest'],
])('a pod that is gone, and what is refused (%i), hold nothing up', async (status, reason) => {
  const { cluster, protect, pod } = aCluster();
  cluster.failNext({ verb: 'create', resource: podDisruptionBudgets, status, reason });
  cluster.failNext({ verb: 'patch', resource: pods, name: 'r1', status, reason });
  await protect({ runnerSet, protect: { runners: ['gone', 'r1', 'r2'], by: 'budget' } });
  expect(pod('r2')?.annotations).toEqual(JOB_PROTECTION_ANNOTATIONS);
});

test('a budget that was refused is tried again the next time', async () => {
  const { cluster, protect, budget } = aCluster();
  const input = { runnerSet, protect: { runners: [], by: 'budget' as const } };
  const failure = { verb: 'create', resource: podDisruptionBudgets } as const;
  cluster.failNext({ ...failure, status: 403, reason: 'Forbidden' });
  await protect(input);
  expect(budget()).toBeUndefined();
  await protect(input);
  expect(budget()).toBeDefined();
});

test.each(['budget', 'annotations', 'off'] as const)(
  'with %s, the garbage collector cannot take the pod of a job: its owner is taken off by the same request',
  async (by) => {
    const { cluster, protect, pod } = aCluster();
    const ownerReferences = [{ kind: 'EphemeralRunner', name: 'r3', uid: 'u' }];
    cluster.put(pods, namespace, { metadata: { name: 'r3', ownerReferences } });
    await protect({ runnerSet, protect: { runners: ['r3'], by } });
    expect(pod('r3')).not.toHaveProperty('ownerReferences');
    expect(pod('r3')?.annotations).toEqual(by === 'off' ? undefined : JOB_PROTECTION_ANNOTATIONS);
    expect(cluster.writes.filter(({ resource }) => resource === 'pods')).toHaveLength(1);
  },
);
