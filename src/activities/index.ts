import type { CheckRegistrationsInput, CheckRegistrationsResult } from './check-registrations.ts';
import { checkRegistrationsActivity } from './check-registrations.ts';
import type { CreateRunnersDeps, CreateRunnersInput, CreateRunnersResult } from './create-runners.ts';
import { createRunnersActivity } from './create-runners.ts';
import type { ListenerControlActivities, ListenerControlDeps } from './listener-activities.ts';
import { listenerControlActivities } from './listener-activities.ts';
import type { ListenerMetrics } from './listener-metrics.ts';
import { noListenerMetrics } from './listener-metrics.ts';
import type { OrderActivities } from './order-runner-set.ts';
import { orderActivities } from './order-runner-set.ts';
import type { PublishStatusInput } from './publish-status.ts';
import { publishStatusActivity } from './publish-status.ts';
import type { RetireRunnersInput, RetireRunnersResult } from './retire-runners.ts';
import { retireRunnersActivity } from './retire-runners.ts';
import type { ScaleSetActivities } from './scale-set-activities.ts';
import { scaleSetActivities } from './scale-set-activities.ts';
import { createSharedReads } from './shared-reads.ts';
import type { WatchClusterDeps } from './watch-cluster.ts';
import { watchClusterActivity } from './watch-cluster.ts';

/** What workflows can have done. Each is idempotent and does one whole step. */
export interface Activities extends OrderActivities, ScaleSetActivities, ListenerControlActivities {
  createRunners(input: CreateRunnersInput): Promise<CreateRunnersResult>;
  retireRunners(input: RetireRunnersInput): Promise<RetireRunnersResult>;
  publishStatus(input: PublishStatusInput): Promise<void>;
  checkRegistrations(input: CheckRegistrationsInput): Promise<CheckRegistrationsResult>;
  watchCluster(): Promise<void>;
}

export type ActivityDeps = Omit<CreateRunnersDeps, 'metrics'> &
  Omit<WatchClusterDeps, 'metrics'> &
  Omit<ListenerControlDeps, 'listenerMetrics'> & {
    listenerMetrics?: ListenerMetrics | undefined;
  } & { metrics: CreateRunnersDeps['metrics'] & WatchClusterDeps['metrics'] };

export function createActivities(deps: ActivityDeps): Activities {
  const reads = createSharedReads(deps.kubernetes);
  return {
    createRunners: createRunnersActivity({ ...deps, reads }),
    retireRunners: retireRunnersActivity({ ...deps, reads }),
    publishStatus: publishStatusActivity(deps),
    checkRegistrations: checkRegistrationsActivity(deps),
    watchCluster: watchClusterActivity(deps),
    ...orderActivities(deps),
    ...listenerControlActivities({ ...deps, listenerMetrics: deps.listenerMetrics ?? noListenerMetrics }),
    ...scaleSetActivities(deps),
  };
}
