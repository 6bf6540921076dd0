import { autoscalingRunnerSets, events } from '../../../src/kubernetes/client/resources.ts';
import { aScene, key, name, namespace } from './scene.ts';

const scene = aScene();

test('publishScaleSet writes status and Events; an unchanged condition keeps its time', async () => {
  const target = scene.create();
  const status = {
    ...{
      currentRunners: 1,
      pendingEphemeralRunners: 0,
      runningEphemeralRunners: 1,
      failedEphemeralRunners: 0,
    },
    phase: 'Running' as const,
    conditions: [{ type: 'Ready', status: 'True' as const, reason: 'Listening', message: 'm' }],
  };
  const told = [{ type: 'Normal' as const, reason: 'ScaleSetCreated', message: 'm' }];
  await scene.run('publishScaleSet', { ...target, generation: 3, status, events: told });
  expect(scene.read().status).toMatchObject({
    phase: 'Running',
    observedGeneration: 3,
    conditions: [{ type: 'Ready', observedGeneration: 3 }, { type: 'Reconciling' }, { type: 'Stalled' }],
  });
  expect(scene.cluster.all(events, namespace)).toMatchObject([
    { reason: 'ScaleSetCreated', involvedObject: { kind: 'AutoscalingRunnerSet', name } },
  ]);
  await scene.run('publishScaleSet', { ...target, uid: 'another', generation: 4, status, events: [] });
  expect(scene.read().status?.conditions?.[0]?.observedGeneration).toBe(3);
});

test('Events alone leave the status as it is', async () => {
  const target = scene.create();
  const told = [{ type: 'Warning' as const, reason: 'ScaleSetLeftBehind', message: 'm' }];
  await scene.run('publishScaleSet', { ...target, generation: 1, events: told });
  expect(scene.read().status).toBeUndefined();
  expect(scene.cluster.all(events, namespace)).toMatchObject([{ type: 'Warning' }]);
});

test('an unchanged condition keeps the time since when it holds', async () => {
  const target = scene.create();
  const since = '2026-01-01T00:00:00Z';
  const ready = { type: 'Ready', status: 'True' as const, reason: 'Listening', message: 'm' };
  await scene.cluster.client.mergePatch(autoscalingRunnerSets, key, {
    status: { conditions: [{ ...ready, lastTransitionTime: since }] },
  });
  const counts = { currentRunners: 0, pendingEphemeralRunners: 0, runningEphemeralRunners: 0 };
  const status = { ...counts, failedEphemeralRunners: 0, phase: 'Running' as const };
  const publish = (condition: typeof ready | { status: 'False' }) =>
    scene.run('publishScaleSet', {
      ...{ ...target, generation: 1, events: [] },
      status: { ...status, conditions: [{ ...ready, ...condition }] },
    });
  await publish(ready);
  expect(scene.read().status?.conditions?.[0]?.lastTransitionTime).toBe(since);
  await publish({ status: 'False' });
  expect(scene.read().status?.conditions?.[0]?.lastTransitionTime).not.toBe(since);
});

const counts = { currentRunners: 0, pendingEphemeralRunners: 0, runningEphemeralRunners: 0 };
const aStatus = { ...counts, failedEphemeralRunners: 0, phase: 'Running' as const, conditions: [] };
const oneEvent = [{ type: 'Normal' as const, reason: 'ScaleSetCreated', message: 'm' }];

test('an Event that is refused does not hold up the status, nor the other way round', async () => {
  const target = { ...scene.create(), generation: 1, status: aStatus, events: oneEvent };
  const refused = { status: 403, reason: 'Forbidden' };
  scene.cluster.failNext({ verb: 'create', resource: events, ...refused });
  await scene.run('publishScaleSet', target);
  expect(scene.read().status?.phase).toBe('Running');
  scene.cluster.failNext({ verb: 'patch', resource: autoscalingRunnerSets, ...refused });
  await scene.run('publishScaleSet', target);
  expect(scene.cluster.all(events, namespace)).toHaveLength(1);
});

test('a status that cannot be written for now is a failure with its reason', async () => {
  scene.cluster.failNext({
    ...{ verb: 'patch', resource: autoscalingRunnerSets, status: 500, reason: 'InternalError' },
  });
  await expect(
    scene.run('publishScaleSet', { ...scene.create(), generation: 1, status: aStatus, events: oneEvent }),
  ).rejects.toMatchObject({ type: 'KubernetesUnavailable', nonRetryable: false });
});
