import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger } from '@temporalio/worker';
import { startCluster } from '../../../dev/cluster/cluster.ts';
import type { Cluster } from '../../../dev/cluster/cluster.ts';
import { startTemporal } from '../../../dev/temporal.ts';
import type { TemporalServer } from '../../../dev/temporal.ts';
import { clusterTools, ensureTools } from '../../../dev/toolchain/toolchain.ts';
import { workflowCode } from '../../../src/workers/workflow-code.ts';

/** What the whole suite shares; global-teardown.ts stops it. */
export interface SharedServers {
  cluster: Cluster;
  temporal: TemporalServer;
  /** With the bundled workflows. */
  folder: string;
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
  const [cluster, temporal, folder] = await Promise.all([
    startCluster({ log }),
    startTemporal({ storage: 'memory', log }),
    bundleWorkflows(),
  ]);
  globalThis.sharedServers = { cluster, temporal, folder };
  process.env['TEMPORAL_ARC_TEST_KUBECONFIG'] = cluster.kubeconfig;
  process.env['TEMPORAL_ARC_TEST_TEMPORAL'] = temporal.address;
}

/** Every worker of the suite runs the same workflows: they are bundled once. */
async function bundleWorkflows(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'temporal-arc-workflows-'));
  const made = await workflowCode(new DefaultLogger('ERROR'));
  if ('code' in made) {
    const file = join(folder, 'workflow-bundle.cjs');
    await writeFile(file, made.code);
    process.env['TEMPORAL_ARC_WORKFLOW_BUNDLE'] = file;
  }
  return folder;
}
