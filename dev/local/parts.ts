import { join } from 'node:path';
import { connectToApi } from '../cluster/api-client.ts';
import { applyManifests, startCluster } from '../cluster/cluster.ts';
import { startGitHub } from '../github/stand-in.ts';
import { assertPortFree, freePort, launch, waitUntil } from '../processes.ts';
import { startRunners } from '../runner/runners.ts';
import { startTemporal } from '../temporal.ts';
import type { GitHubTarget } from './settings.ts';

const root = join(import.meta.dirname, '..', '..');

/** What each part of `make run` is started with. */
export interface PartOptions {
  /** Where databases, keys and logs are kept between runs. */
  stateDir: string;
  log: (line: string) => void;
  /** Called when a part ends by itself. */
  onFailure: (error: unknown) => void;
  /** Remembers how to stop a part. */
  onStarted: (stop: () => Promise<unknown>) => void;
}

/** Temporal's development server on a SQLite file that outlives the run; on its usual ports when they are free. */
export async function ownTemporal(
  options: PartOptions,
): Promise<{ address: string; uiUrl: string | undefined }> {
  const server = await startTemporal({
    storage: { file: join(options.stateDir, 'temporal.db') },
    ports: { frontend: await preferredPort(7233), ui: await preferredPort(8233) },
    ui: true,
    logFile: join(options.stateDir, 'logs', 'temporal.log'),
    log: options.log,
    onFailure: options.onFailure,
  });
  options.onStarted(() => server.stop());
  return server;
}

/** A cluster, and whether its nodes are fake: then the stand-in runners play the kubelet. */
export interface RunCluster {
  kubeconfig: string;
  isFake: boolean;
}

/** A control plane with fake nodes whose data outlives the run. */
export async function ownCluster(options: PartOptions): Promise<RunCluster> {
  const { log, onFailure } = options;
  const cluster = await startCluster({ stateDir: join(options.stateDir, 'cluster'), log, onFailure });
  options.onStarted(() => cluster.stop());
  return { kubeconfig: cluster.kubeconfig, isFake: true };
}

/** A cluster that is there already; it gets our custom resources where it has none of that name. */
export async function givenCluster(kubeconfig: string, options: PartOptions): Promise<RunCluster> {
  options.log(`Using the cluster of KUBECONFIG=${kubeconfig}.`);
  const api = await connectToApi(kubeconfig, 1);
  try {
    const path = '/apis/actions.github.com/v1alpha1';
    await api.json({ path }).catch(() => applyManifests(kubeconfig, [join(root, 'crds')]));
  } finally {
    await api.close();
  }
  return { kubeconfig, isFake: false };
}

/** The stand-in for GitHub with scale set 1, where a JIT config takes as long as at github.com. */
export async function ownGitHub(options: PartOptions): Promise<GitHubTarget & { standInUrl: string }> {
  const github = await startGitHub({
    port: await preferredPort(8234),
    latency: { generatejitconfig: 150 },
  });
  options.onStarted(() => github.stop());
  github.admin.createScaleSet({ id: 1, name: 'demo' });
  options.log(`Stand-in for GitHub ready at ${github.url}.`);
  return {
    configUrl: github.configUrl('org/repo'),
    token: github.token,
    scaleSetId: 1,
    standInUrl: github.url,
  };
}

/** The stand-in runners; answers the URL of their controls. */
export async function ownRunners(kubeconfig: string, options: PartOptions): Promise<string | undefined> {
  const runners = await startRunners({ kubeconfig, adminPort: await preferredPort(8235), log: options.log });
  options.onStarted(() => runners.stop());
  return runners.adminUrl;
}

/** The worker, as a process of its own; answers the path of its log once it is ready. */
export async function ownWorker(
  servers: { temporalAddress: string; kubeconfig: string },
  options: PartOptions,
): Promise<string> {
  const logFile = join(options.stateDir, 'logs', 'worker.log');
  const health = `127.0.0.1:${await freePort()}`;
  const flags = ['--health-probe-bind-address', health, '--metrics-addr', health, '--shutdown-grace', '2s'];
  const worker = launch({
    name: 'worker',
    command: process.execPath,
    args: [join(root, 'src', 'cli', 'main.ts'), 'worker', ...flags],
    env: { ...process.env, TEMPORAL_ADDRESS: servers.temporalAddress, KUBECONFIG: servers.kubeconfig },
    cwd: root,
    logFile,
    graceMs: 15_000,
  });
  options.onStarted(() => worker.stop());
  void worker.failed.then(options.onFailure);
  await worker.alive(waitUntil('The worker', async () => (await fetch(`http://${health}/readyz`)).ok));
  return logFile;
}

async function preferredPort(port: number): Promise<number> {
  try {
    await assertPortFree(port, 'this part');
    return port;
  } catch {
    return freePort();
  }
}
