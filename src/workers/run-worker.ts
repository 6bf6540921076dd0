import { createRequire } from 'node:module';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { createGitHubConnections } from '../github/connections.ts';
import { defaultSystemInfo } from '../github/user-agent.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { createKubernetesClient } from '../kubernetes/client.ts';
import { namespaces } from '../kubernetes/resources.ts';
import type { WorkerConfiguration } from './configuration.ts';
import { runnerSettingsOf } from './configuration.ts';
import type { ReadinessChecks } from './http-server.ts';
import { serveEndpoints } from './http-server.ts';
import { kubeConfigFor } from './kube-config.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import { createMetrics } from './metrics.ts';
import { temporalConfig } from './temporal-profile.ts';
import type { RunningWorker } from './worker.ts';
import { startWorker } from './worker.ts';
import { workflowCode } from './workflow-code.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/**
 * Runs a worker until SIGTERM or SIGINT, then ends it in good order.
 *
 * @throws what keeps it from starting: a bad kubeconfig, Temporal or Kubernetes out of reach, a cluster name taken
 */
export async function runWorker(configuration: WorkerConfiguration, logger: Logger): Promise<void> {
  Runtime.install({ logger, shutdownSignals: [] });
  const metrics = createMetrics({ version });
  const kubernetes = createKubernetesClient({
    kubeConfig: kubeConfigFor(configuration),
    connections: configuration.kubernetesConnections,
    userAgent: `temporal-arc/${version}`,
    onRequest: (request) => metrics.kubernetesRequest(request),
  });
  const github = createGitHubConnections({ systemInfo: { ...defaultSystemInfo, version } });
  const { connectionOptions, namespace } = temporalConfig(configuration, process.env);
  const connection = await NativeConnection.connect(connectionOptions);
  try {
    const worker = await startWorker({
      ...partsFrom(configuration, { logger, metrics }),
      kubernetes,
      github,
      connection,
      temporalNamespace: namespace,
      workflowBundle: await workflowCode(logger),
    });
    const endpoints = await serveEndpoints({ ...configuration, metrics, checks: checksOf({ worker, kubernetes, connection }) });
    logger.info('The worker is ready.', { cluster: configuration.cluster, temporalNamespace: namespace, version });
    await untilToldToStop(worker, logger);
    await endpoints.close();
  } finally {
    await Promise.allSettled([connection.close(), kubernetes.close(), github.close()]);
  }
}

const partsFrom = (configuration: WorkerConfiguration, { logger, metrics }: { logger: Logger; metrics: Metrics }) => ({
  cluster: configuration.cluster,
  version,
  namespaces: configuration.watchNamespaces,
  excludedLabelPrefixes: configuration.excludeLabelPropagationPrefixes,
  settings: runnerSettingsOf(configuration),
  snapshotIntervalMs: configuration.snapshotIntervalMs,
  maxCachedWorkflows: configuration.maxCachedWorkflows,
  workflowPollers: configuration.workflowPollers,
  activityPollers: configuration.activityPollers,
  shutdownGraceMs: configuration.shutdownGraceMs,
  metrics,
  onPass: (controller: string, seconds: number) => metrics.reconciled(controller, seconds),
  log: (message: string, facts: Record<string, unknown>) => logger.warn(message, facts),
});

interface Checked {
  worker: RunningWorker;
  kubernetes: Pick<KubernetesClient, 'get'>;
  connection: NativeConnection;
}

const checksOf = ({ worker, kubernetes, connection }: Checked): ReadinessChecks => ({
  worker: () => {
    if (!worker.isPolling()) throw new Error('The worker takes no work.');
  },
  kubernetes: async (signal) => void (await kubernetes.get(namespaces, { name: 'kube-system' }, { signal })),
  temporal: async () => void (await connection.workflowService.getSystemInfo({})),
});

/** A second signal ends the process at once, as the first one asked for good order. */
async function untilToldToStop(worker: RunningWorker, logger: Logger): Promise<void> {
  const stop = (signal: NodeJS.Signals): void => {
    logger.info('Stopping: what is in flight may finish.', { signal });
    worker.stop().catch((error: unknown) => logger.error('The worker did not end in good order.', { error: String(error) }));
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  await worker.ended;
  process.off('SIGTERM', stop).off('SIGINT', stop);
}
