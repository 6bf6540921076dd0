import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Runtime } from '@temporalio/worker';
import type { ListenerPods } from '../activities/autoscaling-listener/pod.ts';
import type { GitHubCallRecorder } from '../github/call-record.ts';
import { createGitHubConnections } from '../github/connections.ts';
import { createRateLimitWaits } from '../github/rate-limit-waits.ts';
import { defaultSystemInfo } from '../github/transport/user-agent.ts';
import type { KubernetesClient } from '../kubernetes/client/client.ts';
import { createKubernetesClient } from '../kubernetes/client/create-client.ts';
import { runnerSettingsOf, scaleSetOptionsOf } from './configuration/configuration.ts';
import { kubeConfigFor, namespaceOf } from './configuration/kube-config.ts';
import type { WorkerConfiguration } from './configuration/settings.ts';
import type { TemporalConfig } from './configuration/temporal-profile.ts';
import { TemporalUnreachableError, temporalConfig } from './configuration/temporal-profile.ts';
import type { ReadinessChecks } from './http-server.ts';
import { serveEndpoints } from './http-server.ts';
import { listenerEnvironment, ownPod } from './listener-environment.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics/metrics.ts';
import { createMetrics } from './metrics/metrics.ts';
import { tellOfOlderCrds } from './older-crds.ts';
import { shareRateLimits } from './share-rate-limits.ts';
import { version } from './version.ts';
import type { RunningWorker } from './worker.ts';
import { startWorker } from './worker.ts';
import { workflowCode } from './workflow-code.ts';

/**
 * Connections to the Kubernetes API of their own for message sessions. An order for replicas that queued behind the
 * requests of a hundred runners would come half a second late, and with it the next message.
 */
const SESSION_CONNECTIONS = 10;

/** Connections that do not close within this time are left as they are. */
const CLOSE_MS = 1_000;

/**
 * Runs a worker until SIGTERM or SIGINT, then ends it in good order.
 *
 * @throws what keeps it from starting: a bad kubeconfig, Temporal or Kubernetes out of reach, a cluster name taken
 */
export async function runWorker(configuration: WorkerConfiguration, logger: Logger): Promise<void> {
  Runtime.install({ logger, shutdownSignals: [] });
  const pauses = createRateLimitWaits();
  const log = (message: string, facts: Record<string, unknown>) => void logger.warn(message, facts);
  const metrics = createMetrics({ version, pauses: () => pauses.current(), log });
  const kubeConfig = kubeConfigFor(configuration);
  const connectKubernetes = (connections: number): KubernetesClient =>
    createKubernetesClient({
      kubeConfig,
      connections,
      userAgent: `temporal-arc/${version}`,
      onRequest: (request) => metrics.kubernetesRequest(request),
    });
  const kubernetes = connectKubernetes(configuration.kubernetesConnections);
  const sessionsKubernetes = connectKubernetes(SESSION_CONNECTIONS);
  const github = createGitHubConnections({
    systemInfo: { ...defaultSystemInfo, version },
    pauses,
    observe: observer(metrics),
  });
  const { connectionOptions, namespace } = temporalConfig(configuration, process.env);
  const checked: Checked = { kubernetes };
  const endpoints = await serveEndpoints({ ...configuration, metrics, checks: checksOf(checked, metrics) });
  const stopSharing = shareRateLimits({ pauses, kubernetes, namespace: namespaceOf(kubeConfig), log });
  try {
    checked.connection = await connectTemporal(connectionOptions);
    checked.worker = await startWorker({
      ...partsFrom(configuration, { logger, metrics }),
      eventNamespace: namespaceOf(kubeConfig),
      listenerPods: await listenerPodsOf(configuration, {
        ...{ address: connectionOptions.address ?? '', namespace },
        ...{ kubernetes, log },
      }),
      kubernetes,
      sessionsKubernetes,
      github,
      connection: checked.connection,
      temporalNamespace: namespace,
      workflowBundle: await workflowCode(logger),
    });
    void tellOfOlderCrds({ kubernetes, log });
    const { cluster } = configuration;
    logger.info('The worker is ready.', { cluster, temporalNamespace: namespace, version });
    await untilToldToStop(checked.worker, logger);
  } finally {
    const closing = Promise.allSettled([
      stopSharing(),
      endpoints.close(),
      checked.connection?.close(),
      kubernetes.close(),
      sessionsKubernetes.close(),
      github.close(),
    ]);
    await Promise.race([closing, sleep(CLOSE_MS, undefined, { ref: false })]);
  }
}

/** How listeners' pods are made: they find Temporal where this worker does, and with the same credentials. */
async function listenerPodsOf(
  configuration: WorkerConfiguration,
  { address: temporal, namespace, kubernetes, log }: TemporalFound,
): Promise<ListenerPods> {
  const own = await ownPod(kubernetes, configuration.controllerNamespace);
  const { missing, ...found } = listenerEnvironment(process.env, own);
  if (missing.length > 0 && configuration.listenerMode === 'pod') log(NOT_HANDED_ON, { variables: missing });
  const given = {
    TEMPORAL_ADDRESS: temporal,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_ARC_CLUSTER: configuration.cluster,
  };
  const env = [...Object.entries(given).map(([name, value]) => ({ name, value })), ...found.env];
  const { listenerMetricsAddress: address, listenerMetricsEndpoint = '/metrics' } = configuration;
  return {
    image: configuration.listenerImage ?? '',
    command: [configuration.listenerEntrypoint],
    environment: { ...found, env },
    logLevel: configuration.logLevel,
    logFormat: configuration.logFormat,
    metricsAddress: address ? `${address.host}:${address.port}` : '',
    metricsEndpoint: listenerMetricsEndpoint,
  };
}

const NOT_HANDED_ON =
  "The pods of listeners will not have some of this worker's variables for Temporal: give those by a Secret of this namespace (secretKeyRef, or a file in its volume) in the worker's pod.";

/** Where this worker found Temporal, and what it finds its own pod with. */
interface TemporalFound {
  address: string;
  namespace: string;
  kubernetes: Pick<KubernetesClient, 'get'>;
  log: (message: string, facts: Record<string, unknown>) => void;
}

/** Counts each call to GitHub, and what is left of its rate limit. */
export const observer =
  (metrics: Metrics): GitHubCallRecorder =>
  ({ operation: call, status, configUrl, rateLimit }) => {
    metrics.githubRequest({ call, status });
    if (rateLimit) metrics.githubBudget({ configUrl, ...rateLimit });
  };

/** Connects to Temporal. @throws TemporalUnreachableError */
export async function connectTemporal(
  options: TemporalConfig['connectionOptions'],
): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(options);
  } catch (cause) {
    const remedy = 'check --temporal-address (or TEMPORAL_ADDRESS), and that Temporal runs there';
    throw new TemporalUnreachableError(`Temporal at ${options.address ?? ''} does not answer; ${remedy}.`, {
      cause,
    });
  }
}

const partsFrom = (
  configuration: WorkerConfiguration,
  { logger, metrics }: { logger: Logger; metrics: Metrics },
) => ({
  cluster: configuration.cluster,
  version,
  namespaces: configuration.watchNamespaces,
  excludedLabelPrefixes: configuration.excludeLabelPropagationPrefixes,
  settings: runnerSettingsOf(configuration),
  scaleSets: scaleSetOptionsOf(configuration),
  snapshotIntervalMs: configuration.snapshotIntervalMs,
  maxCachedWorkflows: configuration.maxCachedWorkflows,
  workflowPollers: configuration.workflowPollers,
  activityPollers: configuration.activityPollers,
  shutdownGraceMs: configuration.shutdownGraceMs,
  role: configuration.role,
  listenerSlots: configuration.listenerSlots,
  metrics,
  listenerMetrics: metrics.listenerMetrics,
  onPass: (controller: string, seconds: number) => metrics.reconciled(controller, seconds),
  log: (message: string, facts: Record<string, unknown>) => {
    logger.warn(message, facts);
  },
});

/** What readiness depends on; connection and worker come while the process starts. */
interface Checked {
  kubernetes: Pick<KubernetesClient, 'serverVersion'>;
  connection?: NativeConnection;
  worker?: RunningWorker;
}

const checksOf = (checked: Checked, metrics: Metrics): ReadinessChecks => ({
  watch: () => {
    const refusals = metrics.refusals();
    if (refusals.length > 0) throw new Error(refusals.map(({ message }) => message).join(' '));
  },
  worker: () => {
    if (!checked.worker?.isPolling()) throw new Error('The worker takes no work.');
  },
  kubernetes: async (signal) => {
    await checked.kubernetes.serverVersion({ signal });
  },
  temporal: async () => {
    if (!checked.connection) throw new Error('There is no connection yet.');
    await checked.connection.workflowService.getSystemInfo({});
  },
});

/** A second signal ends the process at once, as the first one asked for good order. */
export async function untilToldToStop(worker: RunningWorker, logger: Logger): Promise<void> {
  const stop = (signal: NodeJS.Signals): void => {
    logger.info('Stopping: what is in flight may finish.', { signal });
    worker.stop().catch((error: unknown) => {
      logger.error('The worker did not end in good order.', { error: String(error) });
    });
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  await worker.ended;
  process.off('SIGTERM', stop).off('SIGINT', stop);
}
