import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../dev/cluster/cluster.ts';
import { startCluster } from '../dev/cluster/cluster.ts';
import type { Latency } from '../dev/github/admin.ts';
import type { Stats } from '../dev/github/protocol.ts';
import { freePort, launch, waitUntil } from '../dev/processes.ts';
import type { EphemeralRunnerSet } from '../src/api/v1alpha1/ephemeral-runner-set.ts';
import { API_VERSION } from '../src/api/v1alpha1/group.ts';
import type { KubernetesClient } from '../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../src/kubernetes/client/create-client.ts';
import {
  ephemeralRunnerSets,
  namespaces,
  secrets,
  serviceAccounts,
} from '../src/kubernetes/client/resources.ts';
import { Observer } from './create/observer.ts';

const root = join(import.meta.dirname, '..');

/** Where the bare calls create their runners, out of the worker's sight, and where the worker does. */
export const NAMESPACES = { limit: 'bench-limit', ours: 'bench-ours' } as const;

/** Whose runners they are. */
export type Side = keyof typeof NAMESPACES;

/** The scale set that all runners register for. */
const SCALE_SET_ID = 1;

/** The Secret in each namespace that GitHub is reached with. */
export const CREDENTIALS = 'github';

/** Of the repository that all runners are for. */
export const configUrlAt = (gitHubUrl: string): string => `${gitHubUrl}/octo/repo`;

/** How slow GitHub is, and where progress is told. */
export interface ServersOptions {
  /** How long GitHub takes for a JIT config, in milliseconds. */
  jitLatencyMs: number;
  /** How long it takes for any other call. Default: no time. */
  latencyMs?: number;
  log: (line: string) => void;
}

/** The servers that both sides use: a control plane with fake nodes, and a stand-in for GitHub. */
export interface Servers {
  cluster: Cluster;
  /** The administrator's. */
  kubernetes: KubernetesClient;
  observers: Record<Side, Observer>;
  /** For logs and databases; removed at the end unless something failed. */
  folder: string;
  log: ServersOptions['log'];
  gitHubUrl: string;
  /** Creates an EphemeralRunnerSet that wants no runners yet. */
  createSet(side: Side, name: string, scaleSetId?: number): Promise<void>;
  /** What GitHub was asked since the last time, and forgets it. */
  takeGitHubStats(): Promise<Stats>;
  stop(): Promise<void>;
}

/** Starts the servers and prepares both namespaces. */
export async function startServers({ jitLatencyMs, latencyMs = 0, log }: ServersOptions): Promise<Servers> {
  const base = join(root, '.temporal-arc');
  mkdirSync(base, { recursive: true });
  const folder = mkdtempSync(join(base, 'bench-'));
  const [cluster, github] = await Promise.all([
    startCluster({ log }),
    startGitHubProcess(folder, { generatejitconfig: jitLatencyMs, '*': latencyMs }),
  ]);
  const kubernetes = createKubernetesClient({ kubeConfig: cluster.kubeconfig });
  const observers = { limit: new Observer(), ours: new Observer() };
  await Promise.all((['limit', 'ours'] as const).map((side) => prepare(kubernetes, side, observers[side])));
  return {
    cluster,
    kubernetes,
    observers,
    folder,
    log,
    gitHubUrl: github.url,
    createSet: async (side, name, scaleSetId = SCALE_SET_ID) => {
      const set = runnerSet(name, { gitHubUrl: github.url, scaleSetId });
      await kubernetes.create(ephemeralRunnerSets, NAMESPACES[side], set);
    },
    takeGitHubStats: github.takeStats,
    stop: async () => {
      await Promise.all([observers.limit.stop(), observers.ours.stop()]);
      await kubernetes.close();
      await Promise.all([cluster.stop(), github.stop()]);
      // Only what went well leaves nothing behind.
      if (process.exitCode === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function prepare(kubernetes: KubernetesClient, side: Side, observer: Observer): Promise<void> {
  const namespace = NAMESPACES[side];
  await kubernetes.create(namespaces, undefined, { metadata: { name: namespace } });
  await kubernetes.create(secrets, namespace, {
    metadata: { name: CREDENTIALS },
    stringData: { github_token: 'ghp_standin' },
  });
  await waitUntil('The service account of pods', async () => {
    await kubernetes.get(serviceAccounts, { namespace, name: 'default' });
    return true;
  });
  await observer.start(kubernetes, namespace);
}

/** The runners' only container; the nodes are fake and run nothing. */
export const POD_SPEC = { containers: [{ name: 'runner', image: 'ghcr.io/actions/actions-runner:latest' }] };

const runnerSet = (
  name: string,
  { gitHubUrl, scaleSetId }: { gitHubUrl: string; scaleSetId: number },
): EphemeralRunnerSet => ({
  apiVersion: API_VERSION,
  kind: 'EphemeralRunnerSet',
  metadata: { name },
  spec: {
    replicas: 0,
    patchID: 0,
    ephemeralRunnerSpec: {
      githubConfigUrl: configUrlAt(gitHubUrl),
      githubConfigSecret: CREDENTIALS,
      runnerScaleSetId: scaleSetId,
      spec: POD_SPEC,
    },
  },
});

interface GitHubProcess {
  url: string;
  takeStats: () => Promise<Stats>;
  stop(): Promise<void>;
}

/** A process of its own, so that GitHub's work takes none of the worker's time. */
async function startGitHubProcess(folder: string, latency: Latency): Promise<GitHubProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = launch({
    name: 'stand-in for GitHub',
    command: process.execPath,
    args: [join(root, 'src', 'cli', 'main.ts'), ...['dev', 'github', '--port', String(port)]],
    logFile: join(folder, 'github.log'),
  });
  const takeStats = async (): Promise<Stats> => {
    const stats = (await (await fetch(`${url}/standin/stats`)).json()) as Stats;
    await fetch(`${url}/standin/stats`, { method: 'DELETE' });
    return stats;
  };
  await server.alive(
    waitUntil('The stand-in for GitHub', async () => (await fetch(`${url}/standin/stats`)).ok),
  );
  await tell(`${url}/standin/latency`, latency);
  await tell(`${url}/standin/scale-sets`, { id: SCALE_SET_ID, name: 'bench' });
  return { url, takeStats, stop: () => server.stop() };
}

async function tell(url: string, wish: object): Promise<void> {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(wish) });
  if (!answer.ok) throw new Error(`The stand-in for GitHub refused ${url}: ${await answer.text()}`);
}
