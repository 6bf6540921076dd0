import type { CreateRunnersDeps, CreateRunnersInput, CreateRunnersResult } from './create-runners.ts';
import { createRunnersActivity } from './create-runners.ts';
import type { OrderActivities } from './order-runner-set.ts';
import { orderActivities } from './order-runner-set.ts';
import type { PublishStatusInput } from './publish-status.ts';
import { publishStatusActivity } from './publish-status.ts';
import type { RetireRunnersInput, RetireRunnersResult } from './retire-runners.ts';
import { retireRunnersActivity } from './retire-runners.ts';
import type { WatchClusterDeps } from './watch-cluster.ts';
import { watchClusterActivity } from './watch-cluster.ts';

/** What workflows can have done. Each is idempotent and does one whole step. */
export interface Activities extends OrderActivities {
  createRunners(input: CreateRunnersInput): Promise<CreateRunnersResult>;
  retireRunners(input: RetireRunnersInput): Promise<RetireRunnersResult>;
  publishStatus(input: PublishStatusInput): Promise<void>;
  watchCluster(): Promise<void>;
}

export type ActivityDeps = Omit<CreateRunnersDeps, 'metrics'> &
  Omit<WatchClusterDeps, 'metrics'> & { metrics: CreateRunnersDeps['metrics'] & WatchClusterDeps['metrics'] };

export const createActivities = (deps: ActivityDeps): Activities => ({
  createRunners: createRunnersActivity(deps),
  retireRunners: retireRunnersActivity(deps),
  publishStatus: publishStatusActivity(deps),
  watchCluster: watchClusterActivity(deps),
  ...orderActivities(deps),
});
