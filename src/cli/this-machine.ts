import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerConfiguration } from '../workers/configuration/settings.ts';
import type { Logger } from '../workers/log.ts';
import type { Surroundings } from './surroundings.ts';

type ClusterSettings = Pick<WorkerConfiguration, 'kubeconfig' | 'context'>;

/** A request that nobody answers must not keep a process that has been told to end. */
const LEAVE_MS = 1_000;

function leave(): void {
  setTimeout(() => process.exit(), LEAVE_MS).unref();
}

/** The real world. Clients are loaded when they are needed: help and errors come at once. */
export const thisMachine: Surroundings = {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  connectCluster: async (settings: ClusterSettings) => {
    const { kubeConfigFor } = await import('../workers/configuration/kube-config.ts');
    const { createKubernetesClient } = await import('../kubernetes/client/create-client.ts');
    return createKubernetesClient({ kubeConfig: kubeConfigFor(settings), connections: 4 });
  },
  defaultNamespace: async (settings: ClusterSettings) => {
    const { kubeConfigFor, namespaceOf } = await import('../workers/configuration/kube-config.ts');
    return namespaceOf(kubeConfigFor(settings));
  },
  connectTemporal: async (target, cluster) => {
    const { connectTemporal } = await import('./temporal.ts');
    return connectTemporal(target, cluster, process.env);
  },
  bootstrapTemporal: async (target, retentionDays) => {
    const { bootstrapTemporal } = await import('./temporal.ts');
    return bootstrapTemporal(target, retentionDays, process.env);
  },
  runWorker: async (configuration: WorkerConfiguration, log: Logger) => {
    const { runWorker } = await import('../workers/run-worker.ts');
    await runWorker(configuration, log).finally(leave);
  },
  runListener: async (configuration, log) => {
    const { runListener } = await import('../workers/run-listener.ts');
    await runListener(configuration, log).finally(leave);
  },
  updateCrds: async (settings) => {
    const { kubeConfigFor } = await import('../workers/configuration/kube-config.ts');
    const { createKubernetesClient } = await import('../kubernetes/client/create-client.ts');
    const { updateCrds } = await import('./update-crds.ts');
    const kubernetes = createKubernetesClient({ kubeConfig: kubeConfigFor(settings), connections: 1 });
    return updateCrds(kubernetes).finally(() => kubernetes.close());
  },
  startStandIn: async (options) => {
    const { loadStandIn } = await import('./stand-in.ts');
    const startGitHub = await loadStandIn();
    return startGitHub(options);
  },
  untilStopped: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    }),
  now: () => Date.now(),
  sleep: async (ms) => {
    await sleep(ms);
  },
};
