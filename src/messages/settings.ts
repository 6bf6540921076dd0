/** How runners are made and replaced. Comes from the worker's configuration and travels with each snapshot. */
export interface RunnerSettings {
  /** The largest number of runners of one set that are being created at the same time. */
  runnerCreationConcurrency: number;
  /** Seconds until a failed runner is replaced, by number of failures in a row; the last entry repeats. */
  failureBackoffSeconds: number[];
  /** From this number of failures in a row on, one runner at a time is tried. */
  maxConsecutiveFailures: number;
  /** Seconds until a lost Secret or an unreachable GitHub no longer holds up a deletion; 300 unless given. */
  deletionDeadlineSeconds?: number;
  /** Seconds that a runner may be up without being online at GitHub, and between two looks; 300 unless given. */
  registrationTimeoutSeconds?: number;
  /** Seconds that a pod may take on its node until it runs; 900 unless given. */
  pendingTimeoutSeconds?: number;
  /** Seconds that a pod may wait for what only a person can give, such as an image; 60 unless given. */
  imageErrorGraceSeconds?: number;
  /** Seconds that a runner may go on after its job; 60 unless given. */
  jobEndGraceSeconds?: number;
  /** Runners that are over and still being cleaned up, beside those wanted, in per cent of them; 50 unless given. */
  cleanUpSurgePercent?: number;
  /** What keeps a node from being emptied while a job runs there; `budget` unless given. */
  jobProtection?: JobProtection;
}

/**
 * `annotations`: those that autoscalers of nodes heed, on the pod of a job. `budget`: a PodDisruptionBudget as well, which
 * stops every eviction. `off`: neither.
 */
export type JobProtection = 'budget' | 'annotations' | 'off';

/** What the objects of a scale set are made with, beside its AutoscalingRunnerSet. */
export interface ScaleSetOptions {
  /** Where AutoscalingListeners live; unless given, beside their AutoscalingRunnerSet. */
  controllerNamespace?: string | undefined;
  /** Image of a listener's pod. */
  listenerImage?: string | undefined;
  /** Names of Secrets that the image is pulled with. */
  listenerPullSecrets: readonly string[];
  /** Where listeners run that do not say so themselves. */
  listenerMode: 'worker' | 'pod';
  /** When a new template takes effect: at once, or after the jobs that run. */
  updateStrategy: 'immediate' | 'eventual';
}

/** What holds where the worker's configuration says nothing. */
export const DEFAULT_SCALE_SET_OPTIONS: ScaleSetOptions = {
  listenerPullSecrets: [],
  listenerMode: 'worker',
  updateStrategy: 'immediate',
};
