import { delimiter } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { ConfigurationError } from './configuration.ts';
import type { WorkerConfiguration } from './settings.ts';

/**
 * The configuration for a cluster, as kubectl finds it: one path or several, then `~/.kube/config`, then the pod's
 * service account.
 *
 * @throws ConfigurationError when it cannot be read, or has no such context
 */
export function kubeConfigFor({
  kubeconfig,
  context,
}: Pick<WorkerConfiguration, 'kubeconfig' | 'context'>): KubeConfig {
  const config = kubeconfig === undefined ? found() : fromPaths(kubeconfig.split(delimiter).filter(Boolean));
  if (context !== undefined) useContext(config, context);
  return config;
}

/** The namespace of the current context. */
export function namespaceOf(config: KubeConfig): string {
  return config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
}

function found(): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (cause) {
    throw refusal('--kubeconfig', `kubeconfig: ${wordsOf(cause)}; give another with --kubeconfig.`);
  }
  if (isPlaceholder(config)) {
    const where = '~/.kube/config, KUBECONFIG or a service account';
    throw refusal('--kubeconfig', `--kubeconfig (or KUBECONFIG): none was found in ${where}; give a path.`);
  }
  return config;
}

/** The library answers a cluster of its own making where it found nothing. */
const isPlaceholder = (config: KubeConfig): boolean => {
  const cluster = config.getCurrentCluster();
  return cluster?.name === 'cluster' && cluster.server === 'http://localhost:8080';
};

/** Of several files, the first one's current context counts, as with kubectl. */
function fromPaths(paths: readonly string[]): KubeConfig {
  const config = new KubeConfig();
  for (const [i, path] of paths.entries()) {
    try {
      const next = i === 0 ? config : new KubeConfig();
      next.loadFromFile(path);
      if (next !== config) config.mergeConfig(next, true);
    } catch (cause) {
      throw refusal('--kubeconfig', `--kubeconfig (or KUBECONFIG) "${path}": ${wordsOf(cause)}.`);
    }
  }
  return config;
}

function useContext(config: KubeConfig, context: string): void {
  if (!config.getContextObject(context)) {
    const known = config.getContexts().map(({ name }) => name);
    throw refusal(
      '--context',
      `--context (or TEMPORAL_ARC_CONTEXT) "${context}": the kubeconfig has no such context; it has ${known.join(', ') || 'none'}.`,
    );
  }
  config.setCurrentContext(context);
}

const refusal = (source: string, message: string): ConfigurationError =>
  new ConfigurationError([{ source, message }]);

const wordsOf = (cause: unknown): string => {
  const { code, message } = (cause ?? {}) as { code?: string; message?: string };
  return code === 'ENOENT' ? 'there is no such file' : ((message ?? String(cause)).split('\n')[0] ?? '');
};
