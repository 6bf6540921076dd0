import type { EphemeralRunnerSet } from '../../src/api/v1alpha1/ephemeral-runner-set.ts';
import { API_VERSION } from '../../src/api/v1alpha1/group.ts';
import { ephemeralRunnerSets } from '../../src/kubernetes/client/resources.ts';
import { writeStatus } from '../../src/kubernetes/write-status.ts';
import { ClusterStandIn } from '../activities/cluster-stand-in.ts';

const key = { namespace: 'team', name: 'demo' };
const ready = (status: 'True' | 'False', reason: string) => ({ type: 'Ready', status, reason, message: 'm' });

let cluster: ClusterStandIn;
let uid: string;
const read = (): Promise<EphemeralRunnerSet> => cluster.client.get(ephemeralRunnerSets, key);
const write = (conditions: ReturnType<typeof ready>[], over: { uid?: string; generation?: number } = {}) =>
  writeStatus(
    cluster.client,
    { resource: ephemeralRunnerSets, ...key, uid: over.uid ?? uid },
    { status: { currentReplicas: 2, conditions } as never, generation: over.generation ?? 1 },
  );

beforeEach(async () => {
  cluster = new ClusterStandIn();
  const set = {
    apiVersion: API_VERSION,
    kind: 'EphemeralRunnerSet' as const,
    metadata: key,
    spec: { patchID: 0 },
  };
  uid = (await cluster.client.create(ephemeralRunnerSets, key.namespace, set)).metadata.uid ?? '';
});

test('fields and conditions are written, with the generation that was judged', async () => {
  await write([ready('False', 'Scaling')], { generation: 3 });
  expect((await read()).status).toMatchObject({
    currentReplicas: 2,
    observedGeneration: 3,
    conditions: [
      { type: 'Ready', status: 'False', reason: 'Scaling', observedGeneration: 3 },
      { type: 'Reconciling', status: 'True', reason: 'Scaling', observedGeneration: 3 },
      { type: 'Stalled', status: 'False', reason: 'Scaling', observedGeneration: 3 },
    ],
  });
});

test('since when a condition holds stays while its status does, and conditions of others stay', async () => {
  const since = '2026-01-01T00:00:00Z';
  const others = { type: 'Foreign', status: 'True', reason: 'r', message: 'm', lastTransitionTime: since };
  const conditions = [{ ...ready('True', 'Up'), lastTransitionTime: since }, others];
  await cluster.client.mergePatch(
    ephemeralRunnerSets,
    key,
    { status: { conditions } },
    { subresource: 'status' },
  );
  await write([ready('True', 'StillUp')]);
  expect((await read()).status?.conditions).toMatchObject([
    { reason: 'StillUp', lastTransitionTime: since },
    others,
    { type: 'Reconciling' },
    { type: 'Stalled' },
  ]);
  await write([ready('False', 'Down')]);
  expect((await read()).status?.conditions?.[0]?.lastTransitionTime).not.toBe(since);
});

test('another object of that name, and one that is gone, is left alone', async () => {
  cluster.writes.length = 0;
  await write([ready('True', 'Up')], { uid: 'another' });
  await cluster.client.delete(ephemeralRunnerSets, key);
  cluster.writes.length = 0;
  await write([ready('True', 'Up')]);
  expect(cluster.writes).toEqual([]);
});
