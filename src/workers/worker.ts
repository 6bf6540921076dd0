import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import type { InjectedSinks, WorkflowBundleOption } from '@temporalio/worker';
import type { ActivityDeps } from '../activities/index.ts';
import { createActivities } from '../activities/index.ts';
import { taskQueueOf } from '../api/workflow-ids.ts';
import type { MetricsSinks } from '../workflows/acting.ts';
import { claimCluster, clusterUid, ClusterNameTakenError } from './cluster-claim.ts';
import { registerSearchAttributes } from './search-attributes.ts';

/** Everything a worker is made of, ready to use. */
export interface WorkerParts extends Omit<ActivityDeps, 'workflows'> {
  connection: NativeConnection;
  temporalNamespace: string;
  workflowBundle: WorkflowBundleOption;
  /** One pass of a workflow: from a change that was seen to the plan carried out, in seconds. */
  onPass: (controller: string, seconds: number) => void;
  maxCachedWorkflows: number;
  workflowPollers: number;
  activityPollers: number;
  shutdownGraceMs: number;
}

export interface RunningWorker {
  /** Whether it takes work from Temporal. */
  isPolling(): boolean;
  /** Ends in good order: what is in flight may finish, within the grace time. */
  stop(): Promise<void>;
  /** Resolves when it has ended, rejects when it failed. */
  readonly ended: Promise<void>;
}

/** How often the cluster's watch is made sure of: after Temporal lost its database, it begins anew. */
const CLAIM_MS = 5_000;

/** Activities at the same time. They wait more than they work: the limits that matter are per set. */
const ACTIVITY_SLOTS = 1_000;

/**
 * Starts a worker: registers what Temporal must know, makes sure of the cluster's watch, takes work.
 *
 * @throws ClusterNameTakenError, and what Temporal or Kubernetes answer when they are not to be had
 */
export async function startWorker(parts: WorkerParts): Promise<RunningWorker> {
  const { connection, temporalNamespace: namespace, cluster } = parts;
  const client = new Client({ connection, namespace });
  const claim = { cluster, uid: await clusterUid(parts.kubernetes) };
  await registerSearchAttributes(connection.operatorService, namespace);
  await claimCluster(client.workflow, claim);
  const worker = await createWorker({ ...parts, workflows: client.workflow });
  const ended = worker.run();
  const claiming = keepClaim(() => claimCluster(client.workflow, claim), parts.log);
  const finished = ended.finally(() => clearInterval(claiming));
  return {
    isPolling: () => worker.getState() === 'RUNNING',
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await finished;
    },
    ended: finished,
  };
}

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
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: parts.workflowPollers },
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: parts.activityPollers },
    shutdownGraceTime: parts.shutdownGraceMs,
    shutdownForceTime: parts.shutdownGraceMs + 5_000,
  });
}

function keepClaim(claim: () => Promise<void>, log: WorkerParts['log']): NodeJS.Timeout {
  return setInterval(() => {
    claim().catch((error: unknown) => {
      const remedy = error instanceof ClusterNameTakenError ? '' : ' Trying again.';
      log(`The watch on the cluster could not be made sure of.${remedy}`, { error: String(error) });
    });
  }, CLAIM_MS);
}
