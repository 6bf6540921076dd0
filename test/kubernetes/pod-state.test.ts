import { podStateOf } from '../../src/kubernetes/pod-state.ts';
import type { PodState } from '../../src/kubernetes/pod-state.ts';
import type { Pod } from '../../src/kubernetes/client/resources.ts';

type Status = NonNullable<Pod['status']>;
type ContainerStatus = NonNullable<Status['containerStatuses']>[number];
type ContainerState = NonNullable<ContainerStatus['state']>;

const container = (name: string, state?: ContainerState): ContainerStatus => ({
  name,
  image: 'i',
  imageID: '',
  ready: false,
  restartCount: 0,
  ...(state && { state }),
});
const ended = (exitCode: number, words: { reason?: string; message?: string } = {}): ContainerState => ({
  terminated: { exitCode, ...words },
});
const pod = (status: Status, spec: Partial<NonNullable<Pod['spec']>> = {}): Pod => ({
  metadata: { uid: 'u1', name: 'r1', namespace: 'ns' },
  spec: { containers: [{ name: 'runner' }], ...spec },
  status,
});
const ready = (status: string, lastTransitionTime?: string) => ({
  type: 'Ready',
  status,
  ...(lastTransitionTime && { lastTransitionTime }),
});

describe('the digest of a pod', () => {
  const sideCar = { initContainers: [{ name: 'dind', restartPolicy: 'Always' }] };
  const cases: [string, Pod, Partial<PodState>][] = [
    ['no status yet', { metadata: { uid: 'u' } }, { phase: 'Pending', ready: false, runner: undefined }],
    ['a phase of the future', pod({ phase: 'Sleeping' }), { phase: 'Unknown' }],
    [
      'an image that cannot be had, of any container, by its name',
      pod({
        phase: 'Pending',
        initContainerStatuses: [container('dind', { waiting: { reason: 'ImagePullBackOff', message: 'm' } })],
        containerStatuses: [container('runner', { waiting: { reason: 'PodInitializing' } })],
      }),
      { stuck: { reason: 'ImagePullBackOff', message: 'container "dind": m' } },
    ],
    [
      'held back by a gate',
      pod({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
      { waitsForNode: true },
    ],
    [
      'failed, runner never seen',
      pod({ phase: 'Failed', reason: 'Evicted', message: 'low on disk' }),
      {
        phase: 'Failed',
        runner: undefined,
        reason: 'Evicted',
        message: 'low on disk',
      },
    ],
    [
      'failed, runner not terminated',
      pod({ phase: 'Failed', containerStatuses: [container('runner')] }),
      {
        phase: 'Failed',
        runner: { state: 'waiting' },
      },
    ],
    [
      'failed, runner ended well, a side container did not',
      pod({
        phase: 'Failed',
        containerStatuses: [container('dind', ended(137)), container('runner', ended(0))],
      }),
      { phase: 'Failed', runner: { state: 'terminated', exitCode: 0 } },
    ],
    [
      'failed, exit 7',
      pod({ phase: 'Failed', containerStatuses: [container('runner', ended(7))] }),
      {
        runner: { state: 'terminated', exitCode: 7 },
      },
    ],
    [
      'out of memory',
      pod({ phase: 'Failed', containerStatuses: [container('runner', ended(137, { reason: 'OOMKilled' }))] }),
      { runner: { state: 'terminated', exitCode: 137, reason: 'OOMKilled' } },
    ],
    [
      'running',
      pod({ phase: 'Running', containerStatuses: [container('runner', { running: {} })] }),
      { phase: 'Running', runner: { state: 'running' }, ended: false },
    ],
    [
      'image that cannot be pulled',
      pod({
        phase: 'Pending',
        containerStatuses: [container('runner', { waiting: { reason: 'ImagePullBackOff', message: 'no' } })],
      }),
      { runner: { state: 'waiting', reason: 'ImagePullBackOff', message: 'no' } },
    ],
    [
      'no container of that name',
      pod({ phase: 'Running', containerStatuses: [container('Runner', ended(1))] }),
      { runner: undefined },
    ],
    [
      'a failed init container',
      pod({
        phase: 'Pending',
        initContainerStatuses: [container('ok', ended(0)), container('setup', ended(3))],
      }),
      {
        ended: true,
        reason: 'InitContainerFailed',
        message: 'Init container "setup" ended with exit code 3.',
      },
    ],
    [
      'a failed init container, in a pod that says why it failed',
      pod({
        phase: 'Failed',
        reason: 'DeadlineExceeded',
        initContainerStatuses: [container('setup', ended(3))],
      }),
      { ended: true, reason: 'DeadlineExceeded' },
    ],
    [
      'a side car that ended with a failure',
      pod(
        {
          phase: 'Running',
          initContainerStatuses: [container('dind', ended(137))],
          containerStatuses: [container('runner', ended(0))],
        },
        sideCar,
      ),
      { ended: true, runner: { state: 'terminated', exitCode: 0 } },
    ],
    [
      'a failed init container beside a side car',
      pod(
        { phase: 'Pending', initContainerStatuses: [container('dind', ended(1)), container('x', ended(1))] },
        sideCar,
      ),
      { ended: true },
    ],
    ...['CreateContainerConfigError', 'CreateContainerError', 'InvalidImageName', 'CrashLoopBackOff'].map(
      (reason): [string, Pod, Partial<PodState>] => [
        `a container that waits with ${reason}`,
        pod({
          containerStatuses: [container('x', { waiting: { reason, message: 'secret "s" not found' } })],
        }),
        { stuck: { reason, message: 'container "x": secret "s" not found' } },
      ],
    ),
    ...['Evicted', 'Preempting', 'NodeShutdown', 'Terminated', 'OutOfcpu', 'OutOfpods', 'NodeAffinity'].map(
      (reason): [string, Pod, Partial<PodState>] => [
        `ended by the platform: ${reason}`,
        pod({ phase: 'Failed', reason }),
        { ended: true, disrupted: true, reason },
      ],
    ),
    [
      'marked as the target of a disruption',
      pod({
        phase: 'Failed',
        conditions: [
          { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager', message: 'm' },
        ],
        containerStatuses: [container('runner', ended(143, { reason: 'Error' }))],
      }),
      { ended: true, disrupted: true, reason: 'DeletionByTaintManager', message: 'm' },
    ],
    [
      'failed by itself',
      pod({ phase: 'Failed', reason: 'DeadlineExceeded' }),
      { ended: true, disrupted: false },
    ],
    ['on a lost node', pod({ phase: 'Running', reason: 'NodeLost' }), { nodeLost: true, ended: false }],
    [
      'a runner that is started again has ended all the same',
      pod({
        phase: 'Running',
        containerStatuses: [
          { ...container('runner', { waiting: { reason: 'CrashLoopBackOff' } }), lastState: ended(0) },
        ],
      }),
      { ended: true, runner: { state: 'terminated', exitCode: 0 } },
    ],
    [
      'a side car that has not started',
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [{ ...container('dind', { running: {} }), started: false }],
          containerStatuses: [container('runner', { waiting: { reason: 'PodInitializing' } })],
        },
        sideCar,
      ),
      { ended: false, reason: 'SideCarNotStarted', message: 'container "dind" runs, and has not started' },
    ],
    [
      'a side car that is restarted again and again, and does not start',
      pod(
        {
          phase: 'Pending',
          initContainerStatuses: [
            {
              ...container('dind', { running: {} }),
              ...{ started: false, restartCount: 2 },
              lastState: { terminated: { exitCode: 137, reason: 'Error' } },
            },
          ],
          containerStatuses: [container('runner', { waiting: { reason: 'PodInitializing' } })],
        },
        sideCar,
      ),
      {
        ended: false,
        stuck: {
          reason: 'SideCarNotStarted',
          message: 'container "dind" was restarted 2 times and has not started (Error, exit code 137)',
        },
      },
    ],
    ['ready', pod({ phase: 'Running', conditions: [ready('True')] }), { ready: true }],
    [
      'ready, by the condition that changed last',
      pod({
        phase: 'Running',
        conditions: [ready('False', '2026-01-02T00:00:00Z'), ready('True', '2026-01-01T00:00:00Z')],
      }),
      { ready: false },
    ],
    [
      'being deleted',
      { ...pod({}), metadata: { uid: 'u', deletionTimestamp: '2026-01-01T00:00:00Z' } },
      { deleting: true },
    ],
  ];
  it.each(cases)('%s', (_, given, expected) => {
    expect(podStateOf(given)).toMatchObject(expected);
  });

  it('cuts long messages', () => {
    const long = podStateOf(pod({ phase: 'Failed', reason: 'R'.repeat(5000), message: 'x'.repeat(5000) }));
    const lengths = [long.reason, long.message].map((text) => Buffer.byteLength(text ?? ''));
    expect(lengths).toEqual([100, 200]);
  });
});
