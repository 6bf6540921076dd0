import type { Pod } from '../../../dev/runner/pods.ts';
import { evicted, terminated, unstarted, waiting } from '../../../dev/runner/status.ts';

const now = new Date('2026-01-01T00:00:09Z');
const startedAt = '2026-01-01T00:00:00Z';

function podOf(...names: string[]): Pod {
  const running = (name: string) => ({
    name,
    image: 'i',
    imageID: '',
    ready: true,
    restartCount: 0,
    state: { running: { startedAt } },
  });
  return {
    metadata: { name: 'r', namespace: 'ns', uid: 'u' },
    spec: { containers: names.map((name) => ({ name, image: 'i' })) },
    status: {
      phase: 'Running',
      containerStatuses: names.map(running),
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: 'True' },
      ],
    },
  };
}

it.each([
  [0, 'Succeeded', 'Completed'],
  [7, 'Failed', 'Error'],
])('exit code %i leaves the pod %s', (exitCode, phase, reason) => {
  const status = terminated(podOf('runner'), exitCode, now);
  expect(status.phase).toBe(phase);
  expect(status.containerStatuses?.[0]?.state).toEqual({
    terminated: { exitCode, reason, startedAt, finishedAt: now.toISOString() },
  });
});

it('a second container keeps the pod running', () => {
  expect(terminated(podOf('runner', 'metrics'), 0, now).phase).toBe('Running');
});

it('the pod is no longer ready, and stays scheduled', () => {
  const conditions = terminated(podOf('runner'), 0, now).conditions ?? [];
  expect(conditions.map(({ type, status }) => `${type}=${status}`)).toEqual([
    'PodScheduled=True',
    'Ready=False',
    'ContainersReady=False',
  ]);
});

it('an evicted pod has failed and says nothing of its containers', () => {
  expect(evicted(podOf('runner'), now)).toMatchObject({
    phase: 'Failed',
    reason: 'Evicted',
    containerStatuses: [],
  });
});

it('a pod that waits is pending, with the reason', () => {
  const status = waiting(podOf('runner'), { reason: 'ErrImagePull' }, now);
  expect(status.phase).toBe('Pending');
  expect(status.containerStatuses?.[0]?.state).toMatchObject({ waiting: { reason: 'ErrImagePull' } });
});

const withSideCar = (): Pod => {
  const pod = podOf('runner');
  return { ...pod, spec: { ...pod.spec, initContainers: [{ name: 'dind', image: 'i' }] } };
};

it('an init container that waits keeps the others waiting', () => {
  const status = waiting(withSideCar(), { reason: 'CreateContainerError', container: 'dind' }, now);
  expect(status.initContainerStatuses?.[0]?.state).toMatchObject({
    waiting: { reason: 'CreateContainerError' },
  });
  expect(status.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
});

it('a side car that never starts runs, and was restarted', () => {
  const status = unstarted(withSideCar(), { sideCar: 'dind', restarts: 2 }, now);
  expect(status).toMatchObject({
    phase: 'Pending',
    initContainerStatuses: [{ name: 'dind', started: false, restartCount: 2, state: { running: {} } }],
  });
});
