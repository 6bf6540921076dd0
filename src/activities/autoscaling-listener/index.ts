import type { CloseListenerDeps, CloseListenerInput } from './close-listener.ts';
import { closeListenerActivity } from './close-listener.ts';
import type { ListenDeps, ListenInput } from './listen.ts';
import type { ListenProgress } from './message-loop.ts';
import { listenActivity } from './listen.ts';
import type { ListenerMetrics } from './metrics.ts';
import type { ListenerPodDeps, ListenerTarget } from './pod.ts';
import { applyListenerPodActivity, removeListenerPodActivity } from './pod.ts';
import type { ListenerSetupDeps } from './setup.ts';
import { setupFromCluster } from './setup.ts';
import type { PublishListenerInput } from './publish-listener.ts';
import { publishListenerActivity } from './publish-listener.ts';

/** What a worker does for listeners beside holding their sessions. */
export interface ListenerControlActivities {
  publishListener(input: PublishListenerInput): Promise<void>;
  applyListenerPod(listener: ListenerTarget): Promise<void>;
  removeListenerPod(listener: ListenerTarget): Promise<void>;
  closeListener(input: CloseListenerInput): Promise<void>;
}

/** What those do who serve a task queue of sessions. */
export interface SessionActivities {
  listen(input: ListenInput): Promise<ListenProgress>;
}

/** All activities on listeners, as their workflow calls them. */
export interface ListenerActivities extends ListenerControlActivities, SessionActivities {}

/** What is needed to look after a listener, whoever holds its session. */
export type ListenerControlDeps = CloseListenerDeps & ListenerPodDeps;

/** The activities on a listener's resource, pod and session, without `listen`. */
export const listenerControlActivities = (deps: ListenerControlDeps): ListenerControlActivities => ({
  publishListener: publishListenerActivity(deps),
  applyListenerPod: applyListenerPodActivity(deps),
  removeListenerPod: removeListenerPodActivity(deps),
  closeListener: closeListenerActivity(deps),
});

/** `listen` alone: all that the pod of a listener does. */
export const sessionActivities = (deps: ListenDeps): SessionActivities => ({ listen: listenActivity(deps) });

/** What `listen` needs in a worker, which serves any listener of the cluster. */
export type ClusterSessionDeps = Omit<ListenDeps, 'readSetup' | 'metrics'> &
  ListenerSetupDeps & { listenerMetrics: ListenerMetrics };

/** Sessions of listeners that have no pod of their own. */
export const clusterSessionActivities = (deps: ClusterSessionDeps): SessionActivities =>
  sessionActivities({ ...deps, readSetup: setupFromCluster(deps), metrics: deps.listenerMetrics });
