import { runnerSetPatch } from '../../../src/activities/autoscaling-runner-set/apply-children.ts';
import { orderActivities } from '../../../src/activities/ephemeral-runner-set/scale-and-pause.ts';
import { PAUSED_ANNOTATION, PAUSED_WITH_OWNER_ANNOTATION } from '../../../src/api/annotations.ts';
import { isPaused, isPausedByItself } from '../../../src/api/pause.ts';
import { autoscalingRunnerSets, ephemeralRunnerSets } from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const namespace = 'team';
const key = { namespace, name: 'demo' };

function aCluster(annotations: Record<string, string> = {}) {
  const cluster = new ClusterStandIn();
  const metadata = { name: key.name };
  cluster.put(autoscalingRunnerSets, namespace, {
    metadata: { ...metadata, annotations: { own: 'x' } },
    spec: {},
  });
  cluster.put(ephemeralRunnerSets, namespace, {
    metadata: { ...metadata, annotations },
    spec: { replicas: 2, patchID: 7 },
  });
  return {
    orders: orderActivities({ kubernetes: cluster.client }),
    scaleSet: () => cluster.find(autoscalingRunnerSets, key)!,
    set: () => cluster.find(ephemeralRunnerSets, key)!,
  };
}

test('a scale set is paused and resumed by its annotation alone', async () => {
  const { orders, scaleSet, set } = aCluster();
  await orders.pauseScaleSet({ ...key, paused: true });
  expect(scaleSet().metadata.annotations).toEqual({ own: 'x', [PAUSED_ANNOTATION]: 'true' });
  expect(isPaused(set())).toBe(false);
  await orders.pauseScaleSet({ ...key, paused: false });
  await orders.pauseScaleSet({ ...key, paused: false });
  expect(scaleSet().metadata.annotations).toEqual({ own: 'x' });
});

const withOwner = { [PAUSED_ANNOTATION]: 'true', [PAUSED_WITH_OWNER_ANNOTATION]: 'true' };

test('a set that is paused with its scale set, and is then paused for itself, stays so', async () => {
  const { orders, set } = aCluster(withOwner);
  expect(isPausedByItself(set())).toBe(false);
  await orders.pauseRunnerSet({ ...key, paused: true });
  expect(isPausedByItself(set())).toBe(true);
  for (const paused of [true, false]) {
    expect(runnerSetPatch(set(), { ...set() }, { hold: undefined, paused })).toBeUndefined();
  }
});

test('a set that is resumed under a paused scale set is paused with it again', async () => {
  const { orders, set } = aCluster(withOwner);
  await orders.pauseRunnerSet({ ...key, paused: false });
  expect(set().metadata.annotations).toEqual({});
  expect(runnerSetPatch(set(), { ...set() }, { hold: undefined, paused: true })).toEqual({
    metadata: { annotations: withOwner },
  });
});

test('a set is scaled exactly, and the number before is told', async () => {
  const { orders, set } = aCluster();
  expect(await orders.scaleRunnerSet({ ...key, replicas: 5 })).toEqual({ replicas: 5, previous: 2 });
  expect(set().spec).toEqual({ replicas: 5, patchID: 0 });
});

test.each(['scaleRunnerSet', 'pauseRunnerSet', 'pauseScaleSet'] as const)(
  '%s of what is not there is answered at once, with its name',
  async (order) => {
    const { orders } = aCluster();
    const work = orders[order]({ namespace, name: 'gone', replicas: 1, paused: true });
    await expect(work).rejects.toMatchObject({
      type: 'NotFound',
      nonRetryable: true,
      message: expect.stringContaining('team/gone'),
    });
  },
);
