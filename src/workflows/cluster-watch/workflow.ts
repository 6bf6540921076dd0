import { continueAsNew, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { WatchActivities } from '../../activities/index.ts';
import { heartbeatTimeout } from '../activity-options.ts';

const options = {
  startToCloseTimeout: '7d',
  heartbeatTimeout,
  retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '10s' },
} as const;

const { watchCluster } = proxyActivities<WatchActivities>(options);

interface ClusterWatchInput {
  cluster: string;
}

/**
 * Keeps one watch on the cluster, for as long as any worker lives. The watch itself is an activity: it heartbeats, so
 * that another worker takes over when its own is lost, and begins with a full snapshot for every workflow.
 */
export async function clusterWatch(input: ClusterWatchInput): Promise<void> {
  setCurrentDetails(
    `Watches cluster **${input.cluster}** and tells each workflow what changed in its resources.`,
  );
  await watchCluster.executeWithOptions({ ...options, summary: `watch on ${input.cluster}` }, []);
  await continueAsNew<typeof clusterWatch>(input);
}
