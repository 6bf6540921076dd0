import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { GracefulShutdownPeriodExpiredError, Worker } from '@temporalio/worker';
import type { InjectedSinks, WorkflowBundleOption } from '@temporalio/worker';
import type { ActivityDeps } from '../activities/index.ts';
import { createActivities, watchActivities } from '../activities/index.ts';
import type { SessionActivities } from '../activities/autoscaling-listener/index.ts';
import { clusterSessionActivities } from '../activities/autoscaling-listener/index.ts';
import type { SessionLease } from '../activities/autoscaling-listener/lease.ts';
import { TemporalLease } from '../activities/autoscaling-listener/lease.ts';
import { noListenerMetrics } from '../activities/autoscaling-listener/metrics.ts';
import { listenersTaskQueueOf, taskQueueOf, watchTaskQueueOf } from '../messages/workflow-ids.ts';
import type { KubernetesClient } from '../kubernetes/client/client.ts';
import type { MetricsSinks } from '../workflows/metrics-sink.ts';
import { claimCluster, claimPatiently, ClusterNameTakenError } from './cluster-claim.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import { identityOf } from './cluster-identity.ts';
import { registerSearchAttributes } from './search-attributes.ts';

/** Everything a worker is made of, ready to use. */
export interface WorkerParts extends Omit<ActivityDeps, 'workflows' | 'stopping'> {
  connection: NativeConnection;
  temporalNamespace: string;
  workflowBundle: WorkflowBundleOption;
  /** One pass of a workflow: from a change that was seen to the plan carried out, in seconds. */
  onPass: (controller: string, seconds: number) => void;
  /** Workflows kept in memory between their tasks; others are replayed when they go on. */
  maxCachedWorkflows: number;
  /** Requests for workflow tasks that wait at Temporal at the same time. */
  workflowPollers: number;
  /** The same for activity tasks. */
  activityPollers: number;
  /** So long may activities go on when the worker is to end. */
  shutdownGraceMs: number;
  /** What this process serves; everything unless given. */
  role?: WorkerRole | undefined;
  /** For message sessions, whose few requests must not queue behind those of runners; `kubernetes` unless given. */
  sessionsKubernetes?: KubernetesClient | undefined;
  /** Message sessions held at the same time; 1,000 unless given. */
  listenerSlots?: number | undefined;
}

/** `control`: workflows and all activities but the message sessions; `listeners`: only those. */
type WorkerRole = 'all' | 'control' | 'listeners';

/** A worker that has begun. */
export interface RunningWorker {
  /** Whether it takes work from Temporal. */
  isPolling(): boolean;
  /** Ends in good order: the watch is handed over first, what is in flight may finish, within the grace time. */
  stop(): Promise<void>;
  /** Resolves when it has ended, rejects when it failed. */
  readonly ended: Promise<void>;
}

/** How often the cluster's watch is made sure of: after Temporal lost its database, it begins anew. */
const CLAIM_MS = 5_000;

/** Message sessions at the same time. */
const LISTENER_SLOTS = 1_000;

/** Activities at the same time. They wait more than they work: the limits that matter are per set. */
const ACTIVITY_SLOTS = 1_000;

/** What is told to end after the grace time has so long for it. Whatever stands still even then is left behind. */
const FORCE_MS = 2_000;

/**
 * What the SDK holds heartbeats back for, at most: otherwise nearly until their timeout. By them a session learns that
 * something changed, and whoever goes on after a crash what was done by then.
 */
const HEARTBEAT_THROTTLE_MS = 3_000;

/**
 * Starts a worker: registers what Temporal must know, makes sure of the cluster's watch, takes work.
 *
 * @throws ClusterNameTakenError, and what Temporal or Kubernetes answer when they are not to be had
 */
export async function startWorker(parts: WorkerParts): Promise<RunningWorker> {
  const { connection, temporalNamespace: namespace, cluster, role = 'all' } = parts;
  const client = new Client({ connection, namespace });
  const { kubernetes, namespaces } = parts;
  const claim = { cluster, identity: await identityOf(kubernetes), namespaces };
  await registerSearchAttributes(connection, namespace);
  await claimPatiently(() => claimCluster(client.workflow, claim));
  const stopping = new AbortController();
  const lease = leaseFrom(connection);
  const deps = { ...parts, lease, workflows: client.workflow, stopping: stopping.signal };
  const workers = await Promise.all([
    ...(role === 'listeners' ? [] : [createWatchWorker(deps), createWorker(deps)]),
    ...(role === 'control' ? [] : [createListenersWorker(deps)]),
  ]);
  let lost: ClusterNameTakenError | undefined;
  const onStuck = (): void => {
    parts.metrics.rebuilt('ClusterWatch');
    parts.log('The watch on the cluster could not go on, task after task. It is begun anew.', { cluster });
  };
  const claimAgain = async (): Promise<void> => {
    await claimCluster(
      client.workflow,
      { ...claim, identity: await identityNow(kubernetes, claim) },
      onStuck,
    );
  };
  const onLost = (error: ClusterNameTakenError): void => {
    lost = error;
    running.stop().catch(() => undefined);
  };
  const claiming = keepClaim(claimAgain, { log: parts.log, onLost });
  const running = runTogether(workers, {
    onStop: () => stopping.abort(),
    onEnd: () => {
      clearInterval(claiming);
      lease.close();
      if (lost) throw lost;
    },
  });
  return running;
}

/** The API server may serve another cluster by now: one that was rebuilt. Who was refused to see its uid asks no more. */
const identityNow = (
  kubernetes: KubernetesClient,
  { identity }: { identity: ClusterIdentity },
): Promise<ClusterIdentity> =>
  identity.uid === undefined ? Promise.resolve(identity) : identityOf(kubernetes).catch(() => identity);

/** What else is done when several workers end. */
interface Endings {
  /** Before the first of them is told to. */
  onStop?: () => void;
  /** After the last one; what it throws is why they ended. */
  onEnd?: () => void;
}

/** Several workers as one: when one ends, whyever, the others do, in the order given. */
export function runTogether(workers: readonly Worker[], { onStop, onEnd }: Endings = {}): RunningWorker {
  const shutdown = (): void => {
    onStop?.();
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const runs = workers.map((worker) => worker.run().catch(unlessOutOfTime).finally(shutdown));
  const ended = Promise.allSettled(runs).then((results) => {
    onEnd?.();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  });
  return {
    isPolling: () => workers.every((worker) => worker.getState() === 'RUNNING'),
    stop: async () => {
      shutdown();
      await ended;
    },
    ended,
  };
}

/** What did not end within the grace time is taken up by another worker, after its heartbeat: that is no failure of this one. */
function unlessOutOfTime(error: unknown): void {
  if (!(error instanceof GracefulShutdownPeriodExpiredError)) throw error;
}

/**
 * The watch has a task queue of its own, with the tasks of its workflow: it must not wait behind a thousand activities
 * that GitHub does not answer, nor behind workflows that are being replayed.
 */
const createWatchWorker = (parts: WorkerParts & ActivityDeps): Promise<Worker> =>
  Worker.create({
    connection: parts.connection,
    namespace: parts.temporalNamespace,
    taskQueue: watchTaskQueueOf(parts.cluster),
    workflowBundle: parts.workflowBundle,
    activities: watchActivities(parts),
    maxCachedWorkflows: 2,
    // A second one: the watch may come back to this worker while the one before is still ending.
    maxConcurrentActivityTaskExecutions: 2,
    maxConcurrentWorkflowTaskExecutions: 2,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MS,
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 1 },
    // The watch never ends by itself: it is told at once, so that another worker has it before this one is gone.
    shutdownGraceTime: 0,
    shutdownForceTime: FORCE_MS,
  });

function createWorker(parts: WorkerParts & ActivityDeps): Promise<Worker> {
  const sinks: InjectedSinks<MetricsSinks> = {
    metrics: { reconciled: { fn: (_info, controller, seconds) => parts.onPass(controller, seconds) } },
  };
  return Worker.create({
    connection: parts.connection,
    namespace: parts.temporalNamespace,
    taskQueue: taskQueueOf(parts.cluster),
    workflowBundle: parts.workflowBundle,
    activities: createActivities(parts),
    sinks,
    maxCachedWorkflows: parts.maxCachedWorkflows,
    maxConcurrentActivityTaskExecutions: ACTIVITY_SLOTS,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MS,
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: parts.workflowPollers },
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: parts.activityPollers },
    shutdownGraceTime: parts.shutdownGraceMs,
    shutdownForceTime: parts.shutdownGraceMs + FORCE_MS,
  });
}

/** Sessions begin rarely; and each poll of a worker that stands still may swallow one, until it misses its heartbeat. */
const SESSION_POLLERS = 2;

/** Message sessions have a task queue of their own: each takes a slot for as long as it lives. */
function createListenersWorker(parts: WorkerParts & ActivityDeps & { lease: SessionLease }): Promise<Worker> {
  const { kubernetes, sessionsKubernetes = kubernetes, listenerMetrics = noListenerMetrics } = parts;
  const deps = { ...parts, kubernetes: sessionsKubernetes, listenerMetrics };
  return createSessionWorker({
    ...parts,
    taskQueue: listenersTaskQueueOf(parts.cluster),
    activities: clusterSessionActivities(deps),
    slots: parts.listenerSlots ?? LISTENER_SLOTS,
  });
}

/** An answer of Temporal's that takes longer (milliseconds) is none. */
const ANSWER_MS = 2_000;

/** The right to poll of a process that is connected so. */
export const leaseFrom = (connection: NativeConnection): TemporalLease =>
  new TemporalLease(() =>
    connection.withDeadline(Date.now() + ANSWER_MS, () => connection.workflowService.getSystemInfo({})),
  );

/** What a worker needs that holds message sessions and does nothing else. */
export interface SessionWorkerParts extends Pick<
  WorkerParts,
  'connection' | 'temporalNamespace' | 'shutdownGraceMs'
> {
  taskQueue: string;
  activities: SessionActivities;
  /** Sessions held at the same time. */
  slots: number;
}

/** A worker for message sessions alone: the pod of a listener, or the part of a worker that listens. */
export const createSessionWorker = (parts: SessionWorkerParts): Promise<Worker> =>
  Worker.create({
    connection: parts.connection,
    namespace: parts.temporalNamespace,
    taskQueue: parts.taskQueue,
    activities: parts.activities,
    maxConcurrentActivityTaskExecutions: parts.slots,
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: SESSION_POLLERS },
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MS,
    // A session never ends by itself: it is told at once, and finishes the message it is at.
    shutdownGraceTime: 0,
    shutdownForceTime: parts.shutdownGraceMs + FORCE_MS,
  });

/** A name that another one has by now ends the worker: it would work on what is not its own. */
function keepClaim(
  claim: () => Promise<void>,
  { log, onLost }: Pick<WorkerParts, 'log'> & { onLost: (error: ClusterNameTakenError) => void },
): NodeJS.Timeout {
  return setInterval(() => {
    claim().catch((error: unknown) => {
      if (error instanceof ClusterNameTakenError) onLost(error);
      else log('The watch on the cluster could not be made sure of. Trying again.', { error: String(error) });
    });
  }, CLAIM_MS);
}
