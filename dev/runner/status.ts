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

/** The status of a pod of which a container cannot start: `ErrImagePull`, `InvalidImageName`, … */
export function waiting(
  pod: Pod,
  { reason, container = 'runner' }: { reason: string; container?: string },
  now = new Date(),
): PodStatus {
  const isInit = pod.spec.initContainers?.some(({ name }) => name === container) === true;
  const others = isInit ? 'PodInitializing' : 'ContainerCreating';
  const message = reason === 'ContainerCreating' ? {} : { message: `${reason}: stand-in` };
  const waits = (status: ContainerStatus, why: object): ContainerStatus => ({
    ...status,
    ...{ ready: false, started: false, state: { waiting: why } },
  });
  const all = (statuses: ContainerStatus[]): ContainerStatus[] =>
    statuses.map((status) => {
      if (status.name === container) return waits(status, { reason, ...message });
      // What came before it has ended.
      return status.state['terminated'] ? status : waits(status, { reason: others });
    });
  return notStarted(pod, { all, now });
}

/** The status of a pod whose side car runs and has not started, so that all others wait for it. */
export function unstarted(
  pod: Pod,
  { sideCar, restarts }: { sideCar: string; restarts: number },
  now = new Date(),
): PodStatus {
  const ended = { terminated: { exitCode: 137, reason: 'Error' } };
  const all = (statuses: ContainerStatus[]): ContainerStatus[] =>
    statuses.map((status) => {
      if (status.state['terminated']) return status;
      const waits = { ...status, ...{ ready: false, started: false } };
      return status.name === sideCar
        ? {
            ...waits,
            restartCount: restarts,
            ...(restarts > 0 && { lastState: ended }),
            state: { running: {} },
          }
        : { ...waits, state: { waiting: { reason: 'PodInitializing' } } };
    });
  return notStarted(pod, { all, now });
}

function notStarted(
  pod: Pod,
  { all, now }: { all: (statuses: ContainerStatus[]) => ContainerStatus[]; now: Date },
): PodStatus {
  const inits = initStatusesOf(pod);
  return {
    phase: 'Pending',
    containerStatuses: all(statusesOf(pod)),
    ...(inits.length > 0 && { initContainerStatuses: all(inits) }),
    conditions: notReady(pod, 'ContainersNotReady', now),
  };
}

const initStatusesOf = ({ spec, status }: Pod): ContainerStatus[] =>
  status.initContainerStatuses ??
  (spec.initContainers ?? []).map(({ name, image }) => ({
    ...{ name, image, imageID: '', ready: false, restartCount: 0 },
    state: { running: {} },
  }));

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
