import type { Pod } from './client/resources.ts';

/** The container that runs the job, by name. */
export const RUNNER_CONTAINER = 'runner';

/** Longest message that is kept of a pod, in characters. */
const MESSAGE_LENGTH = 200;

/** The state of the container `runner`. */
type RunnerContainerState =
  | { state: 'waiting'; reason?: string; message?: string }
  | { state: 'running' }
  | { state: 'terminated'; exitCode: number; reason?: string; message?: string };

/** What decisions need of a pod. */
export interface PodState {
  uid: string;
  name: string;
  namespace: string;
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  ready: boolean;
  /** Milliseconds since the epoch: since then no node takes it. */
  unschedulableSince?: number;
  /** No node was chosen, and the scheduler says why: none fits, or a gate holds it back. */
  waitsForNode?: true;
  /** The image of one of its containers cannot be had. */
  imageError?: Words;
  /** `undefined` as long as the kubelet reports no status of it. */
  runner: RunnerContainerState | undefined;
  /** An init container ended with a failure; side cars do not count, whatever they end with. */
  initFailed: boolean;
  /** Why the pod is as it is: its own words (Evicted, OutOfcpu, …), or those about a failed init container. */
  reason?: string;
  message?: string;
  deleting: boolean;
}

/** Why something is as it is. */
interface Words {
  reason?: string;
  message?: string;
}

type Status = NonNullable<Pod['status']>;
type ContainerStatus = NonNullable<Status['containerStatuses']>[number];

/**
 * Reduces a pod to what decisions need of it. Pure; a pod without a status is pending.
 *
 * @param container the one whose state counts
 */
export function podStateOf(pod: Pod, container = RUNNER_CONTAINER): PodState {
  const { metadata = {}, status = {} } = pod;
  const failedInit = failedInitContainer(pod);
  return {
    uid: metadata.uid ?? '',
    name: metadata.name ?? '',
    namespace: metadata.namespace ?? '',
    phase: phaseOf(status),
    ready: latestCondition(status, 'Ready')?.status === 'True',
    ...unschedulable(status),
    ...imageErrorOf(status),
    runner: runnerState(status.containerStatuses?.find(({ name }) => name === container)),
    initFailed: failedInit !== undefined,
    ...wordsOf(status.reason || status.message ? status : failedInit),
    deleting: metadata.deletionTimestamp !== undefined,
  };
}

/**
 * Whether a pod will run no job any more: it has ended, its runner has, an init container failed, or it is being
 * deleted.
 */
export const hasEnded = ({ phase, runner, initFailed, deleting }: PodState): boolean =>
  deleting || phase === 'Failed' || phase === 'Succeeded' || runner?.state === 'terminated' || initFailed;

const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'] as const;

const phaseOf = ({ phase }: Status): PodState['phase'] =>
  phase === undefined ? 'Pending' : (PHASES.find((known) => known === phase) ?? 'Unknown');

/** A condition may be listed more than once: the one that changed last counts. */
function latestCondition({ conditions = [] }: Status, type: string) {
  const since = (condition: { lastTransitionTime?: string }) =>
    Date.parse(condition.lastTransitionTime ?? '') || 0;
  return conditions
    .filter((condition) => condition.type === type)
    .reduce<(typeof conditions)[number] | undefined>(
      (latest, condition) => (latest && since(latest) > since(condition) ? latest : condition),
      undefined,
    );
}

function unschedulable(status: Status): Pick<PodState, 'unschedulableSince' | 'waitsForNode'> {
  const condition = latestCondition(status, 'PodScheduled');
  if (condition?.status !== 'False') return {};
  if (condition.reason !== 'Unschedulable') return { waitsForNode: true };
  return { waitsForNode: true, unschedulableSince: Date.parse(condition.lastTransitionTime ?? '') || 0 };
}

/** What a container waits with while its image cannot be had. */
const IMAGE_ERRORS: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);

function imageErrorOf(status: Status): Pick<PodState, 'imageError'> {
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const waiting = all.find(({ state }) => IMAGE_ERRORS.has(state?.waiting?.reason ?? ''));
  return waiting ? { imageError: wordsOf(waiting.state?.waiting) } : {};
}

function runnerState(container: ContainerStatus | undefined): RunnerContainerState | undefined {
  if (!container) return undefined;
  const { running, terminated, waiting } = container.state ?? {};
  if (terminated) return { state: 'terminated', exitCode: terminated.exitCode, ...wordsOf(terminated) };
  if (running) return { state: 'running' };
  return { state: 'waiting', ...wordsOf(waiting) };
}

function failedInitContainer({ spec, status }: Pod): { reason: string; message: string } | undefined {
  const sideCars = new Set(
    (spec?.initContainers ?? [])
      .filter(({ restartPolicy }) => restartPolicy === 'Always')
      .map(({ name }) => name),
  );
  for (const { name, state } of status?.initContainerStatuses ?? []) {
    const end = state?.terminated;
    if (!end || end.exitCode === 0 || sideCars.has(name)) continue;
    const why = [end.reason, end.message].filter(Boolean).join(': ');
    const message = `Init container "${name}" ended with exit code ${end.exitCode}${why ? ` (${why})` : ''}.`;
    return { reason: 'InitContainerFailed', message };
  }
  return undefined;
}

/** Reason and message, if there are any; long messages are cut. */
function wordsOf(words: Words = {}): Words {
  const { reason, message } = words;
  const cut =
    message && message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH - 1)}…` : message;
  return { ...(reason && { reason }), ...(cut && { message: cut }) };
}
