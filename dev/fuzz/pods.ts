import type { PodStatus } from '../runner/pods.ts';
import type { Rule } from '../runner/rules.ts';
import type { Draw } from './draw.ts';

/** What happens to a pod of a runner. */
export type Mishap =
  | { kind: 'ends'; exitCode: number }
  | { kind: 'is evicted' }
  | { kind: 'is cut off' }
  | { kind: 'waits'; reason: string }
  | { kind: 'is deleted'; graceSeconds: number }
  | { kind: 'says'; status: PodStatus };

const EXIT_CODES = [0, 1, 2, 7, 127, 137, 139, 143, 255] as const;

const WAITING = [
  ...[
    'ErrImagePull',
    'ImagePullBackOff',
    'InvalidImageName',
    'ErrImageNeverPull',
    'CreateContainerConfigError',
  ],
  ...[
    'CreateContainerError',
    'ContainerCreating',
    'PodInitializing',
    'CrashLoopBackOff',
    'RunContainerError',
  ],
  'NobodyKnows',
] as const;

/** A state of the life of pods as no kubelet should, and some do, report it. */
export function drawMishap(draw: Draw): Mishap {
  return draw.pick<() => Mishap>([
    () => ({ kind: 'ends', exitCode: draw.pick(EXIT_CODES) }),
    () => ({ kind: 'is evicted' }),
    () => ({ kind: 'is cut off' }),
    () => ({ kind: 'waits', reason: draw.pick(WAITING) }),
    () => ({ kind: 'is deleted', graceSeconds: draw.pick([0, 1, 30]) }),
    () => ({ kind: 'says', status: drawStatus(draw) }),
  ])();
}

const REASONS = [
  ...['Evicted', 'Preempting', 'NodeShutdown', 'NodeLost', 'Terminated', 'UnexpectedAdmissionError'],
  ...['DeadlineExceeded', 'OutOfcpu', 'NobodyKnows', ''],
] as const;

const NOW = '2026-11-27T12:00:00Z';

/** A status from all that pods were seen with: phases, reasons, containers that miss, are foreign, or contradict. */
export function drawStatus(draw: Draw): PodStatus {
  const containers = ['runner', 'runner', 'dind', 'nobody-knows'] as const;
  return {
    phase: draw.pick(['Pending', 'Running', 'Succeeded', 'Failed', 'Failed', 'Unknown']),
    ...(draw.chance(0.4) && {
      reason: draw.pick(REASONS),
      message: draw.pick(['', 'said so', 'ü'.repeat(500)]),
    }),
    ...(draw.chance(0.7) && {
      containerStatuses: unique(draw.list(draw.between(0, 2), () => draw.pick(containers))).map((name) => ({
        name,
        image: 'runner:1',
        imageID: '',
        ready: draw.chance(0.5),
        restartCount: draw.pick([0, 0, 1, 300]),
        state: drawState(draw),
      })),
    }),
    ...(draw.chance(0.5) && {
      conditions: [
        {
          type: draw.pick(['Ready', 'DisruptionTarget', 'PodScheduled', 'PodReadyToStartContainers']),
          status: draw.pick(['True', 'False', 'Unknown']),
          reason: draw.pick([
            'Unschedulable',
            'EvictionByEvictionAPI',
            'PreemptionByScheduler',
            'NobodyKnows',
          ]),
          lastTransitionTime: NOW,
        },
      ],
    }),
  };
}

const unique = <T>(values: T[]): T[] => [...new Set(values)];

const drawState = (draw: Draw): Record<string, object> =>
  draw.pick<() => Record<string, object>>([
    () => ({}),
    () => ({ waiting: { reason: draw.pick(WAITING) } }),
    () => ({ waiting: {} }),
    () => ({ running: {} }),
    () => ({ terminated: { exitCode: draw.pick(EXIT_CODES) } }),
    () => ({ terminated: { exitCode: draw.pick(EXIT_CODES), reason: 'OOMKilled', finishedAt: NOW } }),
  ])();

/** What happens to the next pods of this set. */
export const drawRule = (set: string, draw: Draw): Rule => ({
  set,
  times: draw.between(1, 3),
  ...draw.pick<() => Rule>([
    () => ({ exitCode: draw.pick(EXIT_CODES) }),
    () => ({ evict: true }),
    () => ({ waiting: draw.pick(WAITING) }),
    () => ({ delayMs: draw.between(500, 4_000) }),
    () => ({ lingerMs: draw.between(500, 4_000) }),
    () => ({ delayMs: draw.between(500, 2_000), exitCode: draw.pick(EXIT_CODES) }),
  ])(),
});
