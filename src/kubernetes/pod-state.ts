import { fitting } from '../api/text-limits.ts';
import type { Pod } from './client/resources.ts';

/** The container that runs the job, by name. */
export const RUNNER_CONTAINER = 'runner';

/** The state of the container `runner`. One that is started again has terminated all the same. */
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
  /** One of its containers waits for what only a person can give, such as an image or a Secret. */
  stuck?: Words;
  /** `undefined` as long as the kubelet reports no status of it. */
  runner: RunnerContainerState | undefined;
  /**
   * It will run no job any more: the pod has ended, its runner has, or an init container has failed. Side cars do not
   * count, whatever they end with.
   */
  ended: boolean;
  /** The platform ended it, or is about to: eviction, preemption, a node that shuts down. No fault of its template. */
  disrupted: boolean;
  /** Its node no longer answers: nobody knows what became of it. */
  nodeLost: boolean;
  /** Why the pod is as it is: its own words (Evicted, OutOfcpu, …), or those about what keeps or ended a container. */
  reason?: string;
  message?: string;
  deleting: boolean;
}

/** Why something is as it is. */
export interface Words {
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
  const phase = phaseOf(status);
  const runner = runnerState(status.containerStatuses?.find(({ name }) => name === container));
  const hasOwnWords = status.reason !== undefined || status.message !== undefined;
  return {
    uid: metadata.uid ?? '',
    name: metadata.name ?? '',
    namespace: metadata.namespace ?? '',
    phase,
    ready: latestCondition(status, 'Ready')?.status === 'True',
    ...unschedulable(status),
    ...stuckContainer(pod),
    runner,
    ended:
      phase === 'Failed' ||
      phase === 'Succeeded' ||
      runner?.state === 'terminated' ||
      failedInit !== undefined,
    disrupted: isDisrupted(status),
    nodeLost: phase === 'Unknown' || status.reason === 'NodeLost',
    ...wordsOf(hasOwnWords ? status : (failedInit ?? disruptionOf(status) ?? unstartedSideCar(pod))),
    deleting: metadata.deletionTimestamp !== undefined,
  };
}

/** Whether a pod is of no use for a runner any more: it has ended, or it is being deleted. */
export const isSpent = ({ ended, deleting }: PodState): boolean => ended || deleting;

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

/** What a container waits with as a matter of course. Everything else is for a person to repair. */
const USUAL_WAITS: ReadonlySet<string> = new Set(['', 'ContainerCreating', 'PodInitializing']);

function stuckContainer(pod: Pod): Pick<PodState, 'stuck'> {
  const { status = {} } = pod;
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const waiting = all.find(({ state }) => !USUAL_WAITS.has(state?.waiting?.reason ?? ''));
  if (!waiting) return restartedSideCar(pod);
  const { reason = '', message } = waiting.state?.waiting ?? {};
  const text = message ? `container "${waiting.name}": ${message}` : `container "${waiting.name}" waits`;
  return { stuck: wordsOf({ reason, message: text }) };
}

/** It is started again and again, as its startup probe or its own end has it, and the pod waits for it. */
function restartedSideCar(pod: Pod): Pick<PodState, 'stuck'> {
  const found = unstarted(pod);
  const { name, restartCount = 0, lastState } = found ?? {};
  if (name === undefined || restartCount === 0) return {};
  const { reason = '', exitCode, message } = lastState?.terminated ?? {};
  const code = exitCode === undefined ? '' : `exit code ${exitCode}`;
  const why = [reason, code, message].filter(Boolean).join(', ');
  const text = `container "${name}" was restarted ${restartCount} times and has not started${why && ` (${why})`}`;
  return { stuck: wordsOf({ reason: 'SideCarNotStarted', message: text }) };
}

/** Reasons of a pod that its node or the platform ended, whatever its template says (and all that begin with OutOf). */
const PLATFORM_REASONS: ReadonlySet<string> = new Set([
  'Evicted',
  'NodeAffinity',
  'NodeLost',
  'NodePorts',
  'NodeShutdown',
  'Preempted',
  'Preempting',
  'Shutdown',
  'Terminated',
  'TopologyAffinityError',
  'UnexpectedAdmissionError',
]);

const isDisrupted = (status: Status): boolean =>
  PLATFORM_REASONS.has(status.reason ?? '') ||
  status.reason?.startsWith('OutOf') === true ||
  disruptionOf(status) !== undefined;

/** The words of whoever wants the pod away: PreemptionByScheduler, DeletionByTaintManager, EvictionByEvictionAPI, … */
function disruptionOf(status: Status): Words | undefined {
  const condition = latestCondition(status, 'DisruptionTarget');
  if (condition?.status !== 'True') return undefined;
  const { reason = 'DisruptionTarget', message = '' } = condition;
  return { reason, message };
}

/** The pod waits for it: it runs, and its startup probe has not succeeded. */
function unstartedSideCar(pod: Pod): Words | undefined {
  const found = unstarted(pod);
  if (!found?.state?.running || found.restartCount > 0) return undefined;
  return { reason: 'SideCarNotStarted', message: `container "${found.name}" runs, and has not started` };
}

function unstarted({ spec, status = {} }: Pod): ContainerStatus | undefined {
  if (phaseOf(status) !== 'Pending') return undefined;
  const names = sideCarsOf(spec);
  return status.initContainerStatuses?.find(({ name, started }) => names.has(name) && started === false);
}

function runnerState(container: ContainerStatus | undefined): RunnerContainerState | undefined {
  if (!container) return undefined;
  const { running, waiting, terminated = container.lastState?.terminated } = container.state ?? {};
  if (terminated) return { state: 'terminated', exitCode: terminated.exitCode, ...wordsOf(terminated) };
  if (running) return { state: 'running' };
  return { state: 'waiting', ...wordsOf(waiting) };
}

function failedInitContainer({ spec, status }: Pod): { reason: string; message: string } | undefined {
  const sideCars = sideCarsOf(spec);
  for (const { name, state } of status?.initContainerStatuses ?? []) {
    const end = state?.terminated;
    if (!end || end.exitCode === 0 || sideCars.has(name)) continue;
    const why = [end.reason, end.message].filter(Boolean).join(': ');
    const message = `Init container "${name}" ended with exit code ${end.exitCode}${why ? ` (${why})` : ''}.`;
    return { reason: 'InitContainerFailed', message };
  }
  return undefined;
}

const sideCarsOf = (spec: Pod['spec']): ReadonlySet<string> =>
  new Set(
    (spec?.initContainers ?? [])
      .filter(({ restartPolicy }) => restartPolicy === 'Always')
      .map(({ name }) => name),
  );

/** Reason and message, if there are any; long ones are cut. */
export function wordsOf(words: Words = {}): Words {
  const { reason, message } = words;
  return {
    ...(reason && { reason: fitting(reason, 'word') }),
    ...(message && { message: fitting(message, 'words') }),
  };
}
