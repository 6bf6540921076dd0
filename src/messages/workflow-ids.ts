/**
 * Where each resource's workflow is found in Temporal. The cluster's name is part of every id and task queue, so that
 * several clusters can share one Temporal namespace.
 */

/** The task queue of a cluster's workflows and activities. */
export const taskQueueOf = (cluster: string): string => `temporal-arc/${cluster}`;

/** The task queue of a cluster's watch: nothing that waits for GitHub may stand before it. */
export const watchTaskQueueOf = (cluster: string): string => `${taskQueueOf(cluster)}/watch`;

/** The task queue of a cluster's message sessions: each holds one slot for as long as it lives. */
export const listenersTaskQueueOf = (cluster: string): string => `${taskQueueOf(cluster)}/listeners`;

/** The task queue that the pod of one AutoscalingListener serves. */
export const listenerTaskQueueOf = (cluster: string, namespace: string, name: string): string =>
  `${taskQueueOf(cluster)}/listener/${namespace}/${name}`;

/** The workflow that serves an AutoscalingRunnerSet. */
export const autoscalingRunnerSetWorkflowId = (cluster: string, namespace: string, name: string): string =>
  `${cluster}/autoscalingrunnerset/${namespace}/${name}`;

/** The workflow that serves an AutoscalingListener. */
export const autoscalingListenerWorkflowId = (cluster: string, namespace: string, name: string): string =>
  `${cluster}/autoscalinglistener/${namespace}/${name}`;

/** The workflow that serves an EphemeralRunnerSet. */
export const ephemeralRunnerSetWorkflowId = (cluster: string, namespace: string, name: string): string =>
  `${cluster}/ephemeralrunnerset/${namespace}/${name}`;

/** The workflow that serves those EphemeralRunners of a namespace which belong to no set. */
export const standaloneRunnersWorkflowId = (cluster: string, namespace: string): string =>
  `${cluster}/ephemeralrunners/${namespace}`;

/** The workflow that keeps the watch on the cluster. */
export const clusterWatchWorkflowId = (cluster: string): string => `${cluster}/clusterwatch`;
