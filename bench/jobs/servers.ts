import { setTimeout as sleep } from 'node:timers/promises';
import type { JobView, RunnerView, ScaleSetView } from '../../dev/github/protocol.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import { startServers } from '../servers.ts';
import type { Servers, ServersOptions } from '../servers.ts';

/** The servers of a benchmark of jobs: stand-in runners take the jobs. */
export interface JobsServers extends Servers {
  gitHub: GitHubAdmin;
}

/** The stand-in for GitHub, as its administrator sees it. */
interface GitHubAdmin {
  createScaleSet(name: string): Promise<ScaleSetView>;
  scaleSet(name: string): Promise<ScaleSetView | undefined>;
  scaleSets(): Promise<ScaleSetView[]>;
  registered(scaleSetId: number): Promise<RunnerView[]>;
  queueJobs(wanted: { scaleSetId: number; count: number; durationMs: number }): Promise<JobView[]>;
  jobs(scaleSetId: number): Promise<JobView[]>;
}

/** The servers, and runners that take jobs. */
export async function startJobsServers(options: ServersOptions): Promise<JobsServers> {
  const servers = await startServers(options);
  // In this process, which has hardly anything else to do.
  const runners = await startRunners({ kubeconfig: servers.cluster.kubeconfig });
  return {
    ...servers,
    gitHub: adminOf(servers.gitHubUrl),
    stop: async () => {
      await runners.stop();
      await servers.stop();
    },
  };
}

function adminOf(url: string): GitHubAdmin {
  const get = async <T>(path: string): Promise<T> => readJson(await fetch(`${url}/standin${path}`));
  const post = async <T>(path: string, body: object): Promise<T> =>
    readJson(await fetch(`${url}/standin${path}`, { method: 'POST', body: JSON.stringify(body) }));
  const scaleSets = (): Promise<ScaleSetView[]> => get('/scale-sets');
  return {
    createScaleSet: (name) => post('/scale-sets', { name }),
    scaleSet: async (name) => (await scaleSets()).find((set) => set.name === name),
    scaleSets,
    registered: (id) => get(`/runners?scaleSetId=${id}`),
    queueJobs: (wanted) => post('/jobs', wanted),
    jobs: async (id) => (await get<JobView[]>('/jobs')).filter(({ scaleSetId }) => scaleSetId === id),
  };
}

async function readJson<T>(answer: Response): Promise<T> {
  if (!answer.ok) throw new Error(`The stand-in for GitHub refused: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/**
 * Asks again and again, and answers when it first held (`Date.now()`).
 *
 * @throws Error after `timeoutMs`
 */
export async function firstHeldAt(
  what: string,
  isSo: () => Promise<boolean>,
  { everyMs = 50, timeoutMs }: { everyMs?: number; timeoutMs: number },
): Promise<number> {
  const until = Date.now() + timeoutMs;
  while (Date.now() < until) {
    if (await isSo()) return Date.now();
    await sleep(everyMs);
  }
  throw new Error(`${what}: not within ${timeoutMs / 1000} s.`);
}
