import type { KubernetesClient } from '../kubernetes/client/client.ts';
import type { Paused, RunnerSetView, ScaleResult } from '../messages/ephemeral-runner-set.ts';
import type { BootstrapReport } from '../workers/bootstrap.ts';
import type { FlagTexts } from '../workers/configuration/configuration.ts';
import type { WorkerConfiguration } from '../workers/configuration/settings.ts';
import type { TemporalTarget } from '../workers/configuration/temporal-profile.ts';
import type { Logger } from '../workers/log.ts';
import type { CrdUpdate } from './update-crds.ts';
import type { ListenerConfiguration } from '../workers/run-listener.ts';
import type { Output, OutputFormat, Paint } from './output/output.ts';
import type { SetKey } from './set-key.ts';
import type { StartStandIn } from './stand-in.ts';

/** The cluster as the commands use it: they only read. */
export interface Cluster extends Pick<KubernetesClient, 'get' | 'list'> {
  close(): Promise<void>;
}

/** One activity in progress in a workflow. */
export interface PendingActivity {
  type: string;
  /** 1 for the first. */
  attempt: number;
  /** STARTED, SCHEDULED, PAUSED, … */
  state: string;
  lastFailure?: string;
  /** RFC 3339, when it is tried next. */
  nextAttemptAt?: string;
}

/** A workflow as Temporal describes it. */
export interface WorkflowFacts {
  workflowId: string;
  runId: string;
  /** RUNNING, COMPLETED, … */
  status: string;
  taskQueue: string;
  /** Events in the history of this run. */
  historyLength: number;
  /** RFC 3339. */
  startedAt: string;
  pendingActivities: PendingActivity[];
}

/** The workflow of one AutoscalingRunnerSet. All calls reject with a `CliError`. */
export interface ScaleSetWorkflow {
  setPaused(paused: boolean): Promise<Paused>;
}

/** The workflow of one EphemeralRunnerSet. All calls reject with a `CliError`. */
export interface SetWorkflow extends ScaleSetWorkflow {
  scale(replicas: number): Promise<ScaleResult>;
  state(): Promise<RunnerSetView>;
  describe(): Promise<WorkflowFacts>;
}

/** The workflows that commands talk to, over one connection. */
export interface Workflows {
  /** Of an EphemeralRunnerSet. */
  of(key: SetKey): SetWorkflow;
  /** Of an AutoscalingRunnerSet. */
  ofScaleSet(key: SetKey): ScaleSetWorkflow;
  close(): Promise<void>;
}

/** What the command finds around it; tests bring their own. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  connectCluster(settings: Pick<WorkerConfiguration, 'kubeconfig' | 'context'>): Promise<Cluster>;
  /** The namespace of the kubeconfig's current context. */
  defaultNamespace(settings: Pick<WorkerConfiguration, 'kubeconfig' | 'context'>): Promise<string>;
  connectTemporal(target: TemporalTarget, cluster: string): Promise<Workflows>;
  bootstrapTemporal(target: TemporalTarget, retentionDays: number | undefined): Promise<BootstrapReport>;
  runWorker(configuration: WorkerConfiguration, log: Logger): Promise<void>;
  runListener(configuration: ListenerConfiguration, log: Logger): Promise<void>;
  /** Creates the CRDs of the cluster, or brings them up to date. */
  updateCrds(settings: Pick<WorkerConfiguration, 'kubeconfig' | 'context'>): Promise<CrdUpdate[]>;
  startStandIn: StartStandIn;
  /** Resolves when the process is told to stop. */
  untilStopped(): Promise<void>;
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** What every command is handed: its surroundings, and the global flags as they were given. */
export interface CommandContext {
  readonly around: Surroundings;
  /** Texts of all setting flags that were given. */
  readonly flags: FlagTexts;
  readonly namespace: string | undefined;
  readonly format: OutputFormat;
  readonly paint: Paint;
  readonly debug: boolean;
}
