import { redact } from '../../api/redact.ts';
import { READY_CONDITION, findCondition } from '../../api/conditions.ts';
import type { Condition } from '../../api/conditions.ts';
import type { EphemeralRunner } from '../../api/v1alpha1/ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import { isPaused, isPausedByItself } from '../../api/pause.ts';
import { ownerOf } from '../../kubernetes/objects/scale-set.ts';

/** An EphemeralRunnerSet as `get` shows it; the stable shape of `-o json`. */
export interface SetRow {
  namespace: string;
  name: string;
  /** The AutoscalingRunnerSet it belongs to; empty for none. */
  autoscalingRunnerSet: string;
  desired: number;
  current: number;
  pending: number;
  running: number;
  failed: number;
  /** Empty until a worker has written the status. */
  phase: string;
  /** Status of the condition Ready: True, False, Unknown; empty without one. */
  ready: string;
  /** Why it is not ready. */
  reason: string;
  message: string;
  paused: boolean;
  /** It was paused for itself, and not only because its AutoscalingRunnerSet is. */
  pausedByItself: boolean;
  githubConfigUrl: string;
  runnerScaleSetId: number;
  /** RFC 3339. */
  createdAt: string;
}

/** An EphemeralRunner as `get runners` shows it; the stable shape of `-o json`. */
export interface RunnerRow {
  namespace: string;
  name: string;
  /** The EphemeralRunnerSet it belongs to; empty for none. */
  set: string;
  phase: string;
  ready: boolean;
  /** Display name of its job; empty while it has none. */
  job: string;
  repository: string;
  /** At GitHub; 0 until it is registered. */
  runnerId: number;
  reason: string;
  message: string;
  /** RFC 3339. */
  createdAt: string;
}

/** Library types say `Date`, JSON carries text. */
const timeOf = (time: unknown): string =>
  time instanceof Date ? time.toISOString() : typeof time === 'string' ? time : '';

/** An EphemeralRunnerSet as a line of `get`. */
export function setRow(set: EphemeralRunnerSet): SetRow {
  const { metadata, spec, status } = set;
  const ready: Partial<Condition> = findCondition(status?.conditions, READY_CONDITION) ?? {};
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    autoscalingRunnerSet: ownerOf(set) ?? '',
    desired: spec.replicas ?? 0,
    current: status?.currentReplicas ?? 0,
    pending: status?.pendingEphemeralRunners ?? 0,
    running: status?.runningEphemeralRunners ?? 0,
    failed: status?.failedEphemeralRunners ?? 0,
    phase: status?.phase ?? '',
    ready: ready.status ?? '',
    reason: ready.status === 'True' ? '' : (ready.reason ?? ''),
    message: ready.status === 'True' ? '' : (ready.message ?? ''),
    paused: isPaused(set),
    pausedByItself: isPausedByItself(set),
    githubConfigUrl: redact(spec.ephemeralRunnerSpec?.githubConfigUrl ?? ''),
    runnerScaleSetId: spec.ephemeralRunnerSpec?.runnerScaleSetId ?? 0,
    createdAt: timeOf(metadata.creationTimestamp),
  };
}

/** An EphemeralRunner as a line of `get`. */
export function runnerRow({ metadata, status }: EphemeralRunner): RunnerRow {
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === 'EphemeralRunnerSet');
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    set: owner?.name ?? '',
    phase: status?.phase ?? '',
    ready: status?.ready ?? false,
    job: status?.jobId ? (status.jobDisplayName ?? status.jobId) : '',
    repository: status?.jobRepositoryName ?? '',
    runnerId: status?.runnerId ?? 0,
    reason: status?.reason ?? '',
    message: status?.message ?? '',
    createdAt: timeOf(metadata.creationTimestamp),
  };
}
