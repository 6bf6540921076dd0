import type { AutoscalingListenerSpec } from '../../api/v1alpha1/autoscaling-listener.ts';
import type { JobCompleted, JobStarted, RunnerScaleSetStatistics } from '../../github/wire.ts';
import type { RunnerLimits } from './policies/desired-replicas.ts';
import type { ListenerKey } from './setup.ts';

/** Whom a listener's metrics are about, and which ones are wanted. */
export interface ListenerSubject {
  /** The AutoscalingListener. */
  listener: ListenerKey;
  /** Namespace and name of the EphemeralRunnerSet. */
  namespace: string;
  name: string;
  /** Parts of the config URL; those it does not have stay empty. */
  enterprise?: string;
  organization?: string;
  repository?: string;
  /** As in the spec; absent: all of them, with their default labels. */
  config?: AutoscalingListenerSpec['metrics'];
}

/** What one listener reports. */
export interface ListenerRecorder {
  /** Whether it holds its session. */
  running(running: boolean): void;
  limits(limits: RunnerLimits): void;
  statistics(statistics: RunnerScaleSetStatistics): void;
  desired(replicas: number): void;
  started(job: JobStarted): void;
  completed(job: JobCompleted): void;
  /** It no longer runs in this process: its gauges go, its counters stay for whoever opens it again. */
  close(): void;
}

/** Metrics of all listeners of a process. */
export interface ListenerMetrics {
  open(subject: ListenerSubject): ListenerRecorder;
  /** The listener was deleted: all of its series go. */
  forget(listener: ListenerKey): void;
}

const ignore = (): void => undefined;

/** For whoever has no use for them. */
export const noListenerMetrics: ListenerMetrics = {
  open: () => ({
    running: ignore,
    limits: ignore,
    statistics: ignore,
    desired: ignore,
    started: ignore,
    completed: ignore,
    close: ignore,
  }),
  forget: ignore,
};
