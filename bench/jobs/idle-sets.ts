import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { pods } from '../../src/kubernetes/client/resources.ts';
import { cpuBetween, readCpu } from '../cpu.ts';
import { countHistory } from '../history.ts';
import { createScaleSet } from './ours.ts';
import type { JobsServers } from './servers.ts';
import { firstHeldAt } from './servers.ts';
import { requestsTo } from '../create/round.ts';
import type { WorkerProcess } from '../worker-process.ts';
import { requestsSince } from '../worker-process.ts';

/** What many scale sets without jobs cost one worker. */
export interface IdleSets {
  sets: number;
  /** From the first AutoscalingRunnerSet's creation until all listened. */
  readySeconds: number;
  /** In the whole cluster. */
  podsAdded: number;
  /** Since the worker started. */
  peakRssMiB: number | undefined;
  /** While idle. */
  rssMiB: number | undefined;
  /** Of one CPU. */
  workerCpuPercent: number;
  /** Of one CPU, by program: the servers' too. */
  cpuPercentBy: Record<string, number>;
  kubernetesRequestsPerMinute: number;
  kubernetesRequestsBy: Record<string, number>;
  gitHubRequestsPerMinute: number;
  gitHubRequestsBy: Record<string, number>;
  /** History events of the workflow that had the most, an hour, by type of workflow. */
  historyEventsPerHourBy: Record<string, number>;
}

/** How many scale sets, and for how long. */
export interface IdleOptions {
  sets: number;
  /** How long they are watched doing nothing. */
  watchMs: number;
}

const PROGRESS_MS = 10_000;

/** Until whatever the creation of the sets set off is over. */
const REST_MS = 10_000;

/** Creates scale sets, waits until all listen, and measures the worker while no job comes. */
export async function measureIdleSets(
  servers: JobsServers,
  worker: WorkerProcess,
  { sets, watchMs }: IdleOptions,
): Promise<IdleSets> {
  const podsBefore = await countPods(servers);
  const began = Date.now();
  const names = Array.from({ length: sets }, (_, index) => `idle-${index + 1}`);
  for (const name of names) await createScaleSet(servers, name, 10);
  let listening = 0;
  const areListening = async (): Promise<boolean> => {
    listening = (await servers.gitHub.scaleSets()).filter(({ capacity }) => capacity === 10).length;
    return listening >= sets;
  };
  const progress = setInterval(
    () => servers.log(`${listening} of ${sets} idle scale sets listen`),
    PROGRESS_MS,
  );
  const readyAt = await firstHeldAt('All listeners', areListening, {
    timeoutMs: 180_000,
    everyMs: 200,
  }).finally(() => clearInterval(progress));
  await sleep(REST_MS);
  return {
    sets,
    readySeconds: (readyAt - began) / 1000,
    ...(await watch(servers, worker, watchMs)),
    podsAdded: (await countPods(servers)) - podsBefore,
  };
}

type Watched = Omit<IdleSets, 'sets' | 'readySeconds' | 'podsAdded'>;

async function watch(servers: JobsServers, worker: WorkerProcess, watchMs: number): Promise<Watched> {
  await servers.takeGitHubStats();
  const before = { requests: await worker.kubernetesRequests(), cpu: await worker.cpuSeconds() };
  const eventsBefore = await eventsByWorkflow(worker);
  const machineBefore = readCpu();
  await sleep(watchMs);
  const machine = cpuBetween(machineBefore, readCpu());
  const minutes = watchMs / 60_000;
  const kubernetes = requestsSince(before.requests, await worker.kubernetesRequests(), minutes);
  const gitHub = await servers.takeGitHubStats();
  const events = mostGrown(eventsBefore, await eventsByWorkflow(worker), minutes / 60);
  const percent = (seconds: number): number => (seconds / (watchMs / 1000)) * 100;
  return {
    peakRssMiB: worker.takePeakRssMiB(),
    rssMiB: worker.rssMiB(),
    workerCpuPercent: percent((await worker.cpuSeconds()) - before.cpu),
    cpuPercentBy: Object.fromEntries(
      Object.entries(machine?.secondsBy ?? {}).map(([name, seconds]) => [name, percent(seconds)]),
    ),
    kubernetesRequestsPerMinute: kubernetes.total,
    kubernetesRequestsBy: kubernetes.byLabels,
    gitHubRequestsPerMinute: requestsTo(gitHub) / minutes,
    gitHubRequestsBy: Object.fromEntries(
      Object.entries(gitHub.calls).map(([name, { count }]) => [name, count / minutes]),
    ),
    historyEventsPerHourBy: events,
  };
}

interface WorkflowEvents {
  type: string;
  events: number;
}

/** Events of each workflow that runs, over all its runs, by its id. */
async function eventsByWorkflow({ temporalAddress }: WorkerProcess): Promise<Map<string, WorkflowEvents>> {
  const connection = await Connection.connect({ address: temporalAddress });
  try {
    const client = new Client({ connection });
    const found = new Map<string, WorkflowEvents>();
    for await (const { workflowId, type } of client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
      const { events } = await countHistory(client, workflowId);
      found.set(workflowId, { type, events });
    }
    return found;
  } finally {
    await connection.close();
  }
}

/** By type, how many events the workflow that grew the most got an hour. */
function mostGrown(
  before: ReadonlyMap<string, WorkflowEvents>,
  after: ReadonlyMap<string, WorkflowEvents>,
  hours: number,
): Record<string, number> {
  const most: Record<string, number> = {};
  for (const [id, { type, events }] of after) {
    const grown = (events - (before.get(id)?.events ?? 0)) / hours;
    most[type] = Math.max(most[type] ?? 0, grown);
  }
  return most;
}

const countPods = async ({ kubernetes }: JobsServers): Promise<number> =>
  (await kubernetes.list(pods)).items.length;
