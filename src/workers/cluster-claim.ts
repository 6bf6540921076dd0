import type { WorkflowClient } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { clusterKey } from '../messages/search-attributes.ts';
import { clusterWatchWorkflowId, watchTaskQueueOf } from '../messages/workflow-ids.ts';
import type { KubernetesClient } from '../kubernetes/client/client.ts';
import { namespaces } from '../kubernetes/client/resources.ts';

/** Another Kubernetes cluster goes by the same name in this Temporal namespace. */
export class ClusterNameTakenError extends Error {
  override readonly name = 'ClusterNameTakenError';
}

/** What identifies a Kubernetes cluster for as long as it lives: the uid of its namespace kube-system. */
export async function clusterUid(kubernetes: Pick<KubernetesClient, 'get'>): Promise<string> {
  const { metadata } = await kubernetes.get(namespaces, { name: 'kube-system' });
  return metadata?.uid ?? '';
}

/**
 * Sees to it that the cluster's watch is running, under this cluster's uid.
 *
 * @throws ClusterNameTakenError when the watch of this name belongs to another cluster
 */
export async function claimCluster(
  workflows: Pick<WorkflowClient, 'start' | 'getHandle'>,
  { cluster, uid }: { cluster: string; uid: string },
): Promise<void> {
  const workflowId = clusterWatchWorkflowId(cluster);
  try {
    await workflows.start('clusterWatch', {
      workflowId,
      taskQueue: watchTaskQueueOf(cluster),
      args: [{ cluster }],
      memo: { clusterUid: uid },
      staticSummary: `watch on cluster ${cluster}`,
      typedSearchAttributes: [{ key: clusterKey, value: cluster }],
      workflowIdConflictPolicy: 'FAIL',
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { memo } = await workflows.getHandle(workflowId).describe();
    if (memo?.['clusterUid'] === uid) return;
    throw new ClusterNameTakenError(
      `cluster name "${cluster}": another Kubernetes cluster uses it in this Temporal namespace; ` +
        'give this one another name (--cluster, TEMPORAL_ARC_CLUSTER) or another Temporal namespace.',
    );
  }
}
