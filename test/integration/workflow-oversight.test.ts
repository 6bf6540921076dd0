import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { observeSignal } from '../../src/messages/observations.ts';
import { clusterKey } from '../../src/messages/search-attributes.ts';
import * as ids from '../../src/messages/workflow-ids.ts';
import type { Scene } from './support/scene.ts';
import { eventually, startScene } from './support/scene.ts';

/** What no worker and no watch remembers is found all the same: workflows that cannot go on, and those that nothing is left of. */
let scene: Scene;

beforeAll(async () => {
  scene = await startScene('oversight');
}, 60_000);

afterAll(() => scene.stop(), 60_000);

/** Begins a workflow as a watch would have done. */
function begin(
  type: string,
  workflowId: string,
  name?: string,
): Promise<WorkflowHandleWithFirstExecutionRunId> {
  const { cluster, namespace, temporal } = scene;
  return temporal.workflow.start(type, {
    workflowId,
    taskQueue: ids.taskQueueOf(cluster),
    args: [{ namespace, ...(name !== undefined && { name }) }],
    typedSearchAttributes: [{ key: clusterKey, value: cluster }],
  });
}

test('a workflow whose tasks fail one after the other is rebuilt within two minutes, and an Event and a metric say so', async () => {
  const { cluster, namespace } = scene;
  const broken = await begin(
    'noSuchWorkflow',
    ids.ephemeralRunnerSetWorkflowId(cluster, namespace, 'broken'),
  );
  const alone = await begin('noSuchWorkflow', ids.standaloneRunnersWorkflowId(cluster, namespace));
  const set = await scene.createSet('broken', { replicas: 2 });
  await scene.createStandaloneRunner('alone', scene.github.admin.createScaleSet({ name: 'alone' }).id);
  await eventually(() => set.ready(2), 120_000);
  await eventually(async () => {
    const runner = await scene.runner('alone');
    expect(runner?.status?.phase).toBe('Running');
  }, 60_000);
  for (const { workflowId, firstExecutionRunId } of [broken, alone]) {
    const before = await scene.temporal.workflow.getHandle(workflowId, firstExecutionRunId).describe();
    expect(before.status.name).toBe('TERMINATED');
  }
  expect(await scene.events({ reason: 'WorkflowRebuilt', about: 'broken' })).toHaveLength(1);
  expect(await scene.events({ reason: 'WorkflowRebuilt', about: 'alone' })).toHaveLength(1);
  expect(scene.logs).toEqual(
    expect.arrayContaining(['rebuilt EphemeralRunnerSet', 'rebuilt EphemeralRunner']),
  );
}, 240_000);

test('what was deleted while nobody watched: its workflow is told, and ends', async () => {
  const { cluster, namespace } = scene;
  const open = await Promise.all([
    begin('autoscalingRunnerSet', ids.autoscalingRunnerSetWorkflowId(cluster, namespace, 'gone'), 'gone'),
    begin('autoscalingListener', ids.autoscalingListenerWorkflowId(cluster, namespace, 'gone'), 'gone'),
    begin('ephemeralRunnerSet', ids.ephemeralRunnerSetWorkflowId(cluster, namespace, 'unseen'), 'unseen'),
    begin('ephemeralRunnerSet', ids.ephemeralRunnerSetWorkflowId(cluster, namespace, 'gone'), 'gone'),
  ]);
  await open[3].signal(observeSignal, {
    at: Date.now(),
    runnerSet: {
      ...{ uid: 'gone', generation: 1, revision: 'r', replicas: 0, patchId: 0, scaleSet: 'gone' },
      configUrl: 'https://github.com/octo/app',
    },
    runners: [],
    snapshot: { id: 1, part: 1, parts: 1 },
    sequence: { epoch: 1, seq: 1 },
  });
  await eventually(async () => {
    const statuses = await Promise.all(open.map((handle) => handle.describe()));
    expect(statuses.map(({ status }) => status.name)).toEqual(open.map(() => 'COMPLETED'));
  }, 60_000);
}, 90_000);

test('a namesake of another cluster, and one of a namespace that is not watched, are left alone', async () => {
  const { cluster, namespace } = scene;
  const others = await Promise.all([
    begin('ephemeralRunnerSet', ids.ephemeralRunnerSetWorkflowId('another', namespace, 'gone'), 'gone'),
    begin('ephemeralRunnerSet', ids.ephemeralRunnerSetWorkflowId(cluster, 'elsewhere', 'gone'), 'gone'),
  ]);
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  for (const handle of others) {
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await handle.terminate();
  }
}, 60_000);

test('the watch itself, when it cannot go on, is begun anew', async () => {
  const { cluster, temporal } = scene;
  const workflowId = ids.clusterWatchWorkflowId(cluster);
  const { memo, type } = await temporal.workflow.getHandle(workflowId).describe();
  await temporal.workflow.start('noSuchWorkflow', {
    workflowId,
    taskQueue: ids.watchTaskQueueOf(cluster),
    workflowIdConflictPolicy: 'TERMINATE_EXISTING',
    ...(memo && { memo }),
  });
  await eventually(async () => {
    expect((await temporal.workflow.getHandle(workflowId).describe()).type).toBe(type);
    expect(scene.logs).toContain('rebuilt ClusterWatch');
  }, 120_000);
  const set = await scene.createSet('unwatched', { replicas: 1 });
  await set.ready(1);
}, 180_000);

test('a workflow that somebody ended is started again, though nothing changes', async () => {
  const set = await scene.createSet('ended', { replicas: 1 });
  const [name = ''] = await set.ready(1);
  await set.workflow().terminate('by hand');
  await eventually(async () => expect((await set.workflow().describe()).status.name).toBe('RUNNING'), 60_000);
  expect(await set.ready(1)).toEqual([name]);
}, 90_000);
