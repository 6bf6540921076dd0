import type { ContainerStatus, Pod, PodStatus } from './pods.ts';

/** The status a kubelet writes when the container `runner` ended; a pod with further containers goes on running. */
export function terminated(pod: Pod, exitCode: number, now = new Date()): PodStatus {
  const reason = exitCode === 0 ? 'Completed' : 'Error';
  const containerStatuses = statusesOf(pod).map((status) =>
    status.name === 'runner' ? ended(status, { exitCode, reason, now }) : status,
  );
  const phase = phaseOf(containerStatuses);
  const conditionReason = phase === 'Succeeded' ? 'PodCompleted' : 'ContainersNotReady';
  return { phase, containerStatuses, conditions: notReady(pod, conditionReason, now) };
}

/** The status of a pod that its node threw out for want of memory: no container is said to have ended by itself. */
export function evicted(pod: Pod, now = new Date()): PodStatus {
  return {
    phase: 'Failed',
    reason: 'Evicted',
    message: 'The node was low on resource: memory.',
    containerStatuses: [],
    conditions: notReady(pod, 'ContainersNotReady', now),
  };
}

/** The status of a pod whose container `runner` cannot start: `ErrImagePull`, `InvalidImageName`, … */
export function waiting(pod: Pod, reason: string, now = new Date()): PodStatus {
  const containerStatuses = statusesOf(pod).map((status) =>
    status.name === 'runner'
      ? {
          ...status,
          ready: false,
          started: false,
          state: { waiting: { reason, message: `${reason}: stand-in` } },
        }
      : status,
  );
  return { phase: 'Pending', containerStatuses, conditions: notReady(pod, 'ContainersNotReady', now) };
}

function statusesOf(pod: Pod): ContainerStatus[] {
  const known = pod.status.containerStatuses ?? [];
  if (known.some((status) => status.name === 'runner')) return known;
  return pod.spec.containers.map(({ name, image }) => ({
    name,
    image,
    imageID: '',
    ready: false,
    restartCount: 0,
    state: { running: {} },
  }));
}

function ended(
  status: ContainerStatus,
  { exitCode, reason, now }: { exitCode: number; reason: string; now: Date },
): ContainerStatus {
  const running = status.state['running'] as { startedAt?: string } | undefined;
  const finishedAt = now.toISOString();
  const startedAt = running?.startedAt ?? finishedAt;
  return {
    ...status,
    ready: false,
    started: false,
    state: { terminated: { exitCode, reason, startedAt, finishedAt } },
  };
}

function phaseOf(statuses: ContainerStatus[]): string {
  const codes = statuses.map(
    (status) => (status.state['terminated'] as { exitCode: number } | undefined)?.exitCode,
  );
  if (codes.includes(undefined)) return 'Running';
  return codes.every((code) => code === 0) ? 'Succeeded' : 'Failed';
}

function notReady(pod: Pod, reason: string, now: Date): NonNullable<PodStatus['conditions']> {
  const kept = (pod.status.conditions ?? []).filter(
    ({ type }) => type !== 'Ready' && type !== 'ContainersReady',
  );
  const lastTransitionTime = now.toISOString();
  const fresh = ['Ready', 'ContainersReady'].map((type) => ({
    type,
    status: 'False',
    reason,
    lastTransitionTime,
  }));
  return [...kept, ...fresh];
}
