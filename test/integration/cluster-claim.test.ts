import { NativeConnection } from '@temporalio/worker';
import { Client } from '@temporalio/client';
import { createKubernetesClient } from '../../src/kubernetes/client/create-client.ts';
import { clusterWatchWorkflowId } from '../../src/messages/workflow-ids.ts';
import { claimCluster } from '../../src/workers/cluster-claim.ts';
import { identityOf } from '../../src/workers/cluster-identity.ts';
import { eventually } from './support/scene.ts';
import { openCrashScene } from './support/crash-scene.ts';
import { suiteServers } from './support/servers.ts';

/** `PENDING_ACTIVITY_STATE_STARTED` of Temporal's API. */
const STARTED = 2;

test('two installations under one name, a change of namespaces, and a cluster that was rebuilt', async () => {
  const scene = await openCrashScene('claim', suiteServers());
  const kubernetes = createKubernetesClient({ kubeConfig: suiteServers().kubeconfig });
  const connection = await NativeConnection.connect({ address: suiteServers().temporalAddress });
  const { workflow } = new Client({ connection });
  const { cluster, namespace } = scene;
  const watch = () => workflow.getHandle(clusterWatchWorkflowId(cluster));
  /** A worker has the watch. */
  const isHeld = () =>
    eventually(async () => {
      const { pendingActivities } = (await watch().describe()).raw;
      expect(pendingActivities).toMatchObject([{ state: STARTED }]);
    });
  try {
    const identity = await identityOf(kubernetes);
    const rebuilt = { uid: 'rebuilt', authorities: ['another'] };
    const worker = await scene.startWorker();
    await isHeld();
    await claimCluster(workflow, { cluster, identity, namespaces: [namespace] });
    await expect(claimCluster(workflow, { cluster, identity, namespaces: ['other'] })).rejects.toThrow(
      new RegExp(`serve the namespaces ${namespace} run under it`),
    );
    await expect(
      claimCluster(workflow, { cluster, identity: rebuilt, namespaces: [namespace] }),
    ).rejects.toThrow(/rebuilt.*temporal workflow terminate/);

    // What the remedy says, and then the other one claims it: the worker that runs finds that and ends.
    await watch().terminate('rebuilt');
    await eventually(async () => {
      await workflow
        .getHandle(clusterWatchWorkflowId(cluster))
        .terminate('rebuilt')
        .catch(() => undefined);
      await claimCluster(workflow, { cluster, identity: rebuilt, namespaces: [namespace] });
    });
    expect((await worker.exited).code).toBe(1);
    expect(scene.logTail()).toContain('another Kubernetes cluster uses it');

    // No worker has it any more: with other namespaces it is taken over.
    await watch().terminate('over');
    await claimCluster(workflow, { cluster, identity, namespaces: ['other'] });
    await claimCluster(workflow, { cluster, identity, namespaces: [namespace] });
    const { memo } = await watch().describe();
    const { uid: clusterUid, authorities: clusterAuthorities } = identity;
    expect(clusterUid).not.toBe('');
    expect(clusterAuthorities).not.toEqual([]);
    expect(memo).toEqual({ clusterUid, clusterAuthorities, namespaces: [namespace] });
  } finally {
    await workflow
      .getHandle(clusterWatchWorkflowId(cluster))
      .terminate('over')
      .catch(() => undefined);
    await scene.close();
    await Promise.all([connection.close(), kubernetes.close()]);
  }
}, 120_000);
