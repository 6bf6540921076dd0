import type { ListenerControlActivities, ListenerControlDeps } from './autoscaling-listener/index.ts';
import { listenerControlActivities } from './autoscaling-listener/index.ts';
import type { ListenerMetrics } from './autoscaling-listener/metrics.ts';
import { noListenerMetrics } from './autoscaling-listener/metrics.ts';
import type { ScaleSetActivities } from './autoscaling-runner-set/index.ts';
import { scaleSetActivities } from './autoscaling-runner-set/index.ts';
import { createSharedReads } from './cache.ts';
import type { WatchClusterDeps } from './cluster-watch/watch-cluster.ts';
import { watchClusterActivity } from './cluster-watch/watch-cluster.ts';
import type {
  CheckRegistrationsInput,
  CheckRegistrationsResult,
} from './ephemeral-runner-set/check-registrations.ts';
import { checkRegistrationsActivity } from './ephemeral-runner-set/check-registrations.ts';
import type {
  CreateRunnersDeps,
  CreateRunnersInput,
  CreateRunnersResult,
} from './ephemeral-runner-set/create-runners.ts';
import { createRunnersActivity, wouldTakePod } from './ephemeral-runner-set/create-runners.ts';
import type { PublishStatusInput } from './ephemeral-runner-set/publish-status.ts';
import { publishStatusActivity } from './ephemeral-runner-set/publish-status.ts';
import type { RetireRunnersInput, RetireRunnersResult } from './ephemeral-runner-set/retire-runners.ts';
import { retireRunnersActivity } from './ephemeral-runner-set/retire-runners.ts';
import type { OrderActivities } from './ephemeral-runner-set/scale-and-pause.ts';
import { orderActivities } from './ephemeral-runner-set/scale-and-pause.ts';
import { beating } from './heartbeat.ts';

/** What workflows can have done. Each is idempotent and does one whole step. */
export interface Activities extends OrderActivities, ScaleSetActivities, ListenerControlActivities {
  createRunners(input: CreateRunnersInput): Promise<CreateRunnersResult>;
  retireRunners(input: RetireRunnersInput): Promise<RetireRunnersResult>;
  publishStatus(input: PublishStatusInput): Promise<void>;
  checkRegistrations(input: CheckRegistrationsInput): Promise<CheckRegistrationsResult>;
}

/** What those do who serve the task queue of the watch. */
export interface WatchActivities {
  watchCluster(): Promise<void>;
}

/** All that a worker gives its activities. */
export type ActivityDeps = Omit<CreateRunnersDeps, 'metrics'> &
  Omit<WatchClusterDeps, 'metrics' | 'wouldTakePod'> &
  Omit<ListenerControlDeps, 'listenerMetrics'> & {
    listenerMetrics?: ListenerMetrics | undefined;
  } & { metrics: CreateRunnersDeps['metrics'] & WatchClusterDeps['metrics'] };

/** The watch alone. */
export const watchActivities = (
  deps: Omit<WatchClusterDeps, 'wouldTakePod'> & Pick<CreateRunnersDeps, 'version'>,
): WatchActivities => ({
  watchCluster: watchClusterActivity({ ...deps, wouldTakePod: wouldTakePod(deps) }),
});

/** Every activity of the workflows of resources. The keys are the activity types that histories record. */
export function createActivities(deps: ActivityDeps): Activities {
  const reads = createSharedReads(deps.kubernetes);
  return {
    createRunners: createRunnersActivity({ ...deps, reads }),
    retireRunners: retireRunnersActivity({ ...deps, reads }),
    publishStatus: publishStatusActivity(deps),
    ...beating({
      checkRegistrations: checkRegistrationsActivity(deps),
      ...orderActivities(deps),
      ...listenerControlActivities({ ...deps, listenerMetrics: deps.listenerMetrics ?? noListenerMetrics }),
      ...scaleSetActivities(deps),
    }),
  };
}
