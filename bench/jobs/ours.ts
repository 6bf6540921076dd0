import { Client, Connection } from '@temporalio/client';
import type { AutoscalingRunnerSet } from '../../src/api/v1alpha1/autoscaling-runner-set.ts';
import { API_VERSION } from '../../src/api/v1alpha1/group.ts';
import {
  clusterWatchWorkflowId,
  autoscalingListenerWorkflowId,
  ephemeralRunnerSetWorkflowId,
  autoscalingRunnerSetWorkflowId,
} from '../../src/messages/workflow-ids.ts';
import { isNotFound } from '../../src/kubernetes/client/errors.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunnerSets,
} from '../../src/kubernetes/client/resources.ts';
import type { JobsSystem, OpenScaleSet } from './system.ts';
import { atRest, countHistory } from '../history.ts';
import type { JobsServers } from './servers.ts';
import { firstHeldAt } from './servers.ts';
import type { WorkerProcess } from '../worker-process.ts';
import { configUrlAt, CREDENTIALS, NAMESPACES, POD_SPEC } from '../servers.ts';

const namespace = NAMESPACES.ours;

const PATIENCE = { timeoutMs: 90_000 } as const;

/** Our worker, as it serves an AutoscalingRunnerSet. */
export async function startJobsOurs(servers: JobsServers, worker: WorkerProcess): Promise<JobsSystem> {
  const connection = await Connection.connect({ address: worker.temporalAddress });
  const temporal = new Client({ connection });
  return {
    side: 'ours',
    open: (name, maxRunners) => open({ servers, worker, temporal }, name, maxRunners),
    kubernetesRequests: () => worker.kubernetesRequests(),
    cpuSeconds: () => worker.cpuSeconds(),
    takePeakRssMiB: () => worker.takePeakRssMiB(),
    alive: (work) => worker.alive(work),
    crash: () => worker.crash(),
    stop: async () => {
      await connection.close();
      await worker.stop();
    },
  };
}

interface Parts {
  servers: JobsServers;
  worker: WorkerProcess;
  temporal: Client;
}

async function open(parts: Parts, name: string, maxRunners: number): Promise<OpenScaleSet> {
  const { servers, temporal } = parts;
  await createScaleSet(servers, name, maxRunners);
  const isListening = async (): Promise<boolean> =>
    (await servers.gitHub.scaleSet(name))?.capacity === maxRunners;
  await firstHeldAt(`The listener of ${name}`, isListening, PATIENCE);
  const workflows = await workflowsOf(parts, name);
  const { cluster, ...own } = workflows;
  await Promise.all(Object.values(own).map((id) => atRest(temporal, id)));
  const { id = 0 } = (await servers.gitHub.scaleSet(name)) ?? {};
  return {
    id,
    historyEvents: () => eventsOf(temporal, { ...own, cluster }),
    close: () => removeScaleSet(servers, name),
  };
}

/** Creates an AutoscalingRunnerSet that keeps no idle runners. */
export async function createScaleSet(servers: JobsServers, name: string, maxRunners: number): Promise<void> {
  const object: AutoscalingRunnerSet = {
    apiVersion: API_VERSION,
    kind: 'AutoscalingRunnerSet',
    metadata: { name },
    spec: {
      githubConfigUrl: configUrlAt(servers.gitHubUrl),
      githubConfigSecret: CREDENTIALS,
      minRunners: 0,
      maxRunners,
      template: { spec: POD_SPEC },
    },
  };
  await servers.kubernetes.create(autoscalingRunnerSets, namespace, object);
}

/** Deletes it, and waits until it is gone. */
async function removeScaleSet({ kubernetes }: JobsServers, name: string): Promise<void> {
  const key = { namespace, name };
  await kubernetes.delete(autoscalingRunnerSets, key);
  const isGone = async (): Promise<boolean> => {
    try {
      await kubernetes.get(autoscalingRunnerSets, key);
      return false;
    } catch (error) {
      return isNotFound(error);
    }
  };
  await firstHeldAt(`The end of ${name}`, isGone, { ...PATIENCE, everyMs: 200 });
}

/** The workflows that serve a scale set, and the one that watches the cluster. */
async function workflowsOf({ servers, worker: { cluster } }: Parts, name: string) {
  const { kubernetes } = servers;
  const [listeners, sets] = await Promise.all([
    kubernetes.list(autoscalingListeners, { namespace }),
    kubernetes.list(ephemeralRunnerSets, { namespace }),
  ]);
  const listener = listeners.items.find(({ spec }) => spec.autoscalingRunnerSetName === name);
  const set = sets.items.find(({ metadata }) =>
    metadata.ownerReferences?.some((owner) => owner.name === name),
  );
  return {
    cluster: clusterWatchWorkflowId(cluster),
    scaleSet: autoscalingRunnerSetWorkflowId(cluster, namespace, name),
    listener: autoscalingListenerWorkflowId(cluster, namespace, listener?.metadata.name ?? ''),
    runnerSet: ephemeralRunnerSetWorkflowId(cluster, namespace, set?.metadata.name ?? ''),
  };
}

async function eventsOf(
  temporal: Client,
  workflows: Record<string, string>,
): Promise<Record<string, number>> {
  const counts = await Promise.all(
    Object.entries(workflows).map(
      async ([name, id]) => [name, (await countHistory(temporal, id)).events] as const,
    ),
  );
  return Object.fromEntries(counts);
}
