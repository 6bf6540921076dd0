import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowClient } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { clusterKey } from '../messages/search-attributes.ts';
import { clusterWatchWorkflowId, watchTaskQueueOf } from '../messages/workflow-ids.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import { isSameCluster } from './cluster-identity.ts';

/** Another Kubernetes cluster, or another installation, goes by the same name in this Temporal namespace. */
export class ClusterNameTakenError extends Error {
  override readonly name = 'ClusterNameTakenError';
  /** The other one may just be ending: it is worth a wait. */
  readonly mayEnd: boolean;

  constructor(message: string, { mayEnd }: { mayEnd: boolean }) {
    super(message);
    this.mayEnd = mayEnd;
  }
}

/** Who claims a name. */
export interface ClusterClaim {
  cluster: string;
  identity: ClusterIdentity;
  /** That are served; empty: all. */
  namespaces: readonly string[];
}

/** What the watch keeps of who began it. */
interface ClaimMemo {
  clusterUid?: string;
  clusterAuthorities?: readonly string[];
  namespaces?: readonly string[];
}

/** From so many tries of one workflow task on, the watch cannot go on: under a minute, whether they fail or time out. */
const STUCK_ATTEMPTS = 6;

/**
 * Sees to it that the cluster's watch is running, for this very cluster and for these namespaces. A watch for other
 * namespaces that no worker has any more is ended: the setting was changed. One that cannot go on is begun anew.
 *
 * @param onStuck is told of that
 * @throws ClusterNameTakenError when the watch of this name belongs to another cluster, or to workers of other namespaces
 */
export async function claimCluster(
  workflows: Pick<WorkflowClient, 'start' | 'getHandle'>,
  claim: ClusterClaim,
  onStuck: () => void = () => undefined,
): Promise<void> {
  const { cluster, identity } = claim;
  const namespaces = [...claim.namespaces].sort();
  const workflowId = clusterWatchWorkflowId(cluster);
  const start = (): Promise<unknown> =>
    workflows.start('clusterWatch', {
      workflowId,
      taskQueue: watchTaskQueueOf(cluster),
      args: [{ cluster }],
      memo: memoOf(identity, namespaces),
      staticSummary: `watch on cluster ${cluster}`,
      typedSearchAttributes: [{ key: clusterKey, value: cluster }],
      workflowIdConflictPolicy: 'FAIL',
    });
  try {
    await start();
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { memo, raw, runId } = await workflows.getHandle(workflowId).describe();
    const theirs = (memo ?? {}) as ClaimMemo;
    const { clusterUid, clusterAuthorities = [], namespaces: others = [] } = theirs;
    if (!isSameCluster(identity, { uid: clusterUid, authorities: clusterAuthorities }))
      throw otherCluster(cluster, workflowId);
    const isOurs = others.join() === namespaces.join();
    const isStuck = (raw.pendingWorkflowTask?.attempt ?? 0) >= STUCK_ATTEMPTS;
    if (isOurs && !isStuck) return;
    const isHeld = raw.pendingActivities?.some(({ state }) => Number(state) === STARTED) ?? false;
    if (!isOurs && isHeld) throw otherNamespaces(cluster, others, namespaces);
    if (isStuck) onStuck();
    const reason = isOurs ? 'No workflow task came to a good end.' : 'The namespaces to serve were changed.';
    await workflows.getHandle(workflowId, runId).terminate(reason);
    await start();
  }
}

const memoOf = (
  { uid, authorities }: ClusterIdentity,
  namespaces: readonly string[],
): Record<string, unknown> => ({
  ...(uid !== undefined && { clusterUid: uid }),
  clusterAuthorities: authorities,
  namespaces,
});

/** `PENDING_ACTIVITY_STATE_STARTED` of Temporal's API: a worker has the watch. */
const STARTED = 2;

const otherCluster = (cluster: string, workflowId: string): ClusterNameTakenError =>
  new ClusterNameTakenError(
    `cluster name "${cluster}": another Kubernetes cluster uses it in this Temporal namespace; ` +
      'give this one another name (--cluster, TEMPORAL_ARC_CLUSTER) or another Temporal namespace. If this cluster was ' +
      'rebuilt and the other one is gone, end what is left of it and start again: ' +
      `temporal workflow terminate --workflow-id ${workflowId} --reason "the cluster was rebuilt"`,
    { mayEnd: false },
  );

const otherNamespaces = (
  cluster: string,
  theirs: readonly string[],
  ours: readonly string[],
): ClusterNameTakenError =>
  new ClusterNameTakenError(
    `cluster name "${cluster}": workers that serve ${named(theirs)} run under it, and this one is to serve ${named(ours)}; ` +
      'give all of them the same --watch-namespace, stop the others first, or give this installation a name of its own ' +
      '(--cluster, TEMPORAL_ARC_CLUSTER).',
    { mayEnd: true },
  );

const named = (namespaces: readonly string[]): string =>
  namespaces.length === 0 ? 'all namespaces' : `the namespaces ${namespaces.join(', ')}`;

/** A worker that was killed seems to have the watch for ten seconds; one that is told to stop needs less. */
const WAIT_MS = 20_000;

const AGAIN_MS = 1_000;

/**
 * Claims the name, and waits for workers of other namespaces that may just be ending.
 *
 * @throws ClusterNameTakenError when they do not
 */
export async function claimPatiently(claim: () => Promise<void>, waitMs = WAIT_MS): Promise<void> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      await claim();
      return;
    } catch (error) {
      const mayEnd = error instanceof ClusterNameTakenError && error.mayEnd;
      if (!mayEnd || performance.now() > deadline) throw error;
    }
    await sleep(AGAIN_MS);
  }
}
