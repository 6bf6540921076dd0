import { NativeConnection } from '@temporalio/worker';
import { Client } from '@temporalio/client';
import { createKubernetesClient } from '../../src/kubernetes/client/create-client.ts';
import { clusterWatchWorkflowId } from '../../src/messages/workflow-ids.ts';
import { claimCluster, clusterUid } from '../../src/workers/cluster-claim.ts';
import { eventually } from './support/scene.ts';
import { openCrashScene } from './support/crash-scene.ts';
import { suiteServers } from './support/servers.ts';

test('two installations under one name, a change of namespaces, and a cluster that was rebuilt', async () => {
  const scene = await openCrashScene('claim', suiteServers());
  const kubernetes = createKubernetesClient({ kubeConfig: suiteServers().kubeconfig });
  const connection = await NativeConnection.connect({ address: suiteServers().temporalAddress });
  const { workflow } = new Client({ connection });
  const { cluster, namespace } = scene;
  try {
    const uid = await clusterUid(kubernetes);
    const worker = await scene.startWorker();
    await eventually(() => claimCluster(workflow, { cluster, uid, namespaces: [namespace] }));
    await eventually(() =>
      expect(claimCluster(workflow, { cluster, uid, namespaces: ['other'] })).rejects.toThrow(
        new RegExp(`serve the namespaces ${namespace} run under it`),
      ),
    );
    await expect(
      claimCluster(workflow, { cluster, uid: 'rebuilt', namespaces: [namespace] }),
    ).rejects.toThrow(/rebuilt.*temporal workflow terminate/);

    // What the remedy says, and then the other one claims it: the worker that runs finds that and ends.
    await workflow.getHandle(clusterWatchWorkflowId(cluster)).terminate('rebuilt');
    await eventually(async () => {
      await workflow
        .getHandle(clusterWatchWorkflowId(cluster))
        .terminate('rebuilt')
        .catch(() => undefined);
      await claimCluster(workflow, { cluster, uid: 'rebuilt', namespaces: [namespace] });
    });
    expect((await worker.exited).code).toBe(1);
    expect(scene.logTail()).toContain('another Kubernetes cluster uses it');

    // No worker has it any more: with other namespaces it is taken over.
    await workflow.getHandle(clusterWatchWorkflowId(cluster)).terminate('over');
    await claimCluster(workflow, { cluster, uid, namespaces: ['other'] });
    await claimCluster(workflow, { cluster, uid, namespaces: [namespace] });
    const { memo } = await workflow.getHandle(clusterWatchWorkflowId(cluster)).describe();
    expect(memo).toEqual({ clusterUid: uid, namespaces: [namespace] });
  } finally {
    await workflow
      .getHandle(clusterWatchWorkflowId(cluster))
      .terminate('over')
      .catch(() => undefined);
    await scene.close();
    await Promise.all([connection.close(), kubernetes.close()]);
  }
}, 120_000);
