import { startCluster } from '../../../dev/cluster/cluster.ts';
import type { Cluster } from '../../../dev/cluster/cluster.ts';
import { startTemporal } from '../../../dev/temporal.ts';
import type { TemporalServer } from '../../../dev/temporal.ts';
import { clusterTools, ensureTools } from '../../../dev/toolchain/toolchain.ts';

/** What the whole suite shares; global-teardown.ts stops it. */
export interface SharedServers {
  cluster: Cluster;
  temporal: TemporalServer;
}

declare global {
  var sharedServers: SharedServers | undefined;
}

const log = (line: string): void => {
  process.stderr.write(`integration: ${line}\n`);
};

/** Starts one control plane and one Temporal server for the suite, both at once. */
export default async function setup(): Promise<void> {
  // Builds what is missing once, before both starts would wait for the same lock.
  await ensureTools([...clusterTools, 'temporal'], { progress: log });
  const [cluster, temporal] = await Promise.all([
    startCluster({ log }),
    startTemporal({ storage: 'memory', log }),
  ]);
  globalThis.sharedServers = { cluster, temporal };
  process.env['TEMPORAL_ARC_TEST_KUBECONFIG'] = cluster.kubeconfig;
  process.env['TEMPORAL_ARC_TEST_TEMPORAL'] = temporal.address;
}
