import { Client } from '@temporalio/client';
import { Runtime } from '@temporalio/worker';
import { sessionActivities } from '../activities/autoscaling-listener/index.ts';
import type { ListenerConfig } from '../activities/autoscaling-listener/pod-config.ts';
import { readListenerFile, setupFromFile } from '../activities/autoscaling-listener/setup-from-file.ts';
import type { ListenerKey } from '../activities/autoscaling-listener/setup.ts';
import { createGitHubConnections } from '../github/connections.ts';
import { createRateLimitWaits } from '../github/rate-limit-waits.ts';
import { defaultSystemInfo } from '../github/transport/user-agent.ts';
import { createKubernetesClient } from '../kubernetes/client/create-client.ts';
import { LISTENER_CONFIG_VARIABLE, LISTENER_KEY_VARIABLE } from '../kubernetes/objects/listener.ts';
import { listenerTaskQueueOf } from '../messages/workflow-ids.ts';
import type { FlagTexts } from './configuration/configuration.ts';
import { ConfigurationError, readSettings } from './configuration/configuration.ts';
import { kubeConfigFor } from './configuration/kube-config.ts';
import type { WorkerConfiguration } from './configuration/settings.ts';
import { SETTINGS } from './configuration/settings.ts';
import { temporalConfig } from './configuration/temporal-profile.ts';
import { serveEndpoints } from './http-server.ts';
import type { Logger } from './log.ts';
import { createMetrics } from './metrics/metrics.ts';
import { connectTemporal, observer, untilToldToStop } from './run-worker.ts';
import { version } from './version.ts';
import { createSessionWorker, leaseFrom, runTogether } from './worker.ts';

/** What a listener's pod is told by its environment. */
export interface ListenerConfiguration extends Pick<
  WorkerConfiguration,
  | 'cluster'
  | 'kubeconfig'
  | 'context'
  | 'temporalAddress'
  | 'temporalNamespace'
  | 'temporalProfile'
  | 'shutdownGraceMs'
> {
  listener: ListenerKey;
  configPath: string;
}

const READ = [
  'cluster',
  'kubeconfig',
  'context',
  'temporalAddress',
  'temporalNamespace',
  'temporalProfile',
  'shutdownGraceMs',
] as const;

/** @throws ConfigurationError */
export function readListenerConfiguration(sources: {
  flags: FlagTexts;
  env: Readonly<Record<string, string | undefined>>;
}): ListenerConfiguration {
  const { env } = sources;
  const configPath = env[LISTENER_CONFIG_VARIABLE] ?? '';
  const [namespace = '', name = ''] = (env[LISTENER_KEY_VARIABLE] ?? '').split('/');
  const problems = [
    ...(configPath === ''
      ? [problem(LISTENER_CONFIG_VARIABLE, 'give the path of the configuration file')]
      : []),
    ...(namespace === '' || name === ''
      ? [problem(LISTENER_KEY_VARIABLE, 'give namespace/name of the AutoscalingListener')]
      : []),
  ];
  if (problems.length > 0) throw new ConfigurationError(problems);
  return { ...readSettings(READ, sources), listener: { namespace, name }, configPath };
}

const problem = (source: string, remedy: string): { source: string; message: string } => ({
  source,
  message: `${source}: it is not set; ${remedy}. The pod of a listener has it from the worker that made it.`,
});

/** How the file says the pod logs. */
export async function listenerLogging(
  path: string,
): Promise<Pick<ListenerConfig, 'log_level' | 'log_format'>> {
  return readListenerFile(path);
}

/**
 * Holds the message session of one listener until SIGTERM or SIGINT: what runs in a listener's pod. Its workflow runs
 * in the workers.
 *
 * @throws what keeps it from starting: a bad configuration, Temporal out of reach
 */
export async function runListener(configuration: ListenerConfiguration, logger: Logger): Promise<void> {
  Runtime.install({ logger, shutdownSignals: [] });
  const { cluster, listener, configPath } = configuration;
  const config = await readListenerFile(configPath);
  const pauses = createRateLimitWaits();
  const log = (message: string, facts: Record<string, unknown>) => void logger.warn(message, facts);
  const metrics = createMetrics({ version, pauses: () => pauses.current(), log });
  const kubernetes = createKubernetesClient({
    kubeConfig: kubeConfigFor(configuration),
    userAgent: `temporal-arc-listener/${version}`,
    onRequest: (request) => metrics.kubernetesRequest(request),
  });
  const github = createGitHubConnections({
    systemInfo: { ...defaultSystemInfo, version },
    pauses,
    observe: observer(metrics),
  });
  const { connectionOptions, namespace } = temporalConfig(configuration, process.env);
  const connection = await connectTemporal(connectionOptions);
  const { workflow: workflows } = new Client({ connection, namespace });
  const readSetup = setupFromFile({ path: configPath, github });
  const lease = leaseFrom(connection);
  const deps = { cluster, kubernetes, workflows, readSetup, lease, metrics: metrics.listenerMetrics, log };
  const session = await createSessionWorker({
    connection,
    temporalNamespace: namespace,
    shutdownGraceMs: configuration.shutdownGraceMs,
    taskQueue: listenerTaskQueueOf(cluster, listener.namespace, listener.name),
    activities: sessionActivities(deps),
    slots: 1,
  });
  const worker = runTogether([session]);
  const address = SETTINGS.listenerMetricsAddress.read(config.metrics_addr)?.value;
  const isPolling = (): void => {
    if (!worker.isPolling()) throw new Error('The listener takes no work.');
  };
  const endpoints = await serveEndpoints({
    metricsAddress: address,
    healthAddress: address,
    metrics,
    checks: { worker: isPolling },
  });
  try {
    logger.info('The listener is ready.', { cluster, ...listener, version });
    await untilToldToStop(worker, logger);
  } finally {
    lease.close();
    await Promise.allSettled([endpoints.close(), connection.close(), kubernetes.close(), github.close()]);
  }
}
