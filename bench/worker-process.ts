import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, launch, waitUntil } from '../dev/processes.ts';
import type { RunningProcess } from '../dev/processes.ts';
import { PROGRAM } from './build.ts';
import { NAMESPACES } from './servers.ts';
import type { Servers } from './servers.ts';

/** How the worker is started. */
export interface WorkerOptions {
  /** Name of the cluster: part of workflow ids and of the task queue. */
  cluster: string;
  temporalAddress: string;
  concurrency: number;
  /** Of its log file; that of the cluster unless given. */
  logName?: string;
  /** Where V8 leaves a CPU profile when the worker ends. */
  profileFolder?: string | undefined;
}

/** The sum of a counter's series, in total and by the values of some labels. */
export interface CounterSum {
  total: number;
  byLabels: Record<string, number>;
}

/** A worker as it runs in production, and what is measured of it. Counts go on when it is started anew. */
export interface WorkerProcess {
  readonly cluster: string;
  readonly temporalAddress: string;
  /** Requests to Kubernetes so far, by verb and resource. */
  kubernetesRequests(): Promise<CounterSum>;
  /** CPU time so far, in seconds. */
  cpuSeconds(): Promise<number>;
  /** The largest resident size since the last call, in MiB; undefined where the kernel does not tell (it does on Linux). */
  takePeakRssMiB(): number | undefined;
  /** The resident size, in MiB; undefined where the kernel does not tell. */
  rssMiB(): number | undefined;
  /** Rejects when the process ends before the work is done. */
  alive<T>(work: Promise<T>): Promise<T>;
  /** Kills it as a crash would, and starts it again at once. Resolves when it takes work again. */
  crash(): Promise<void>;
  /** Stops it where it stands (SIGSTOP), until `wake`. */
  freeze(): void;
  wake(): void;
  stop(): Promise<void>;
}

/** Starts the program's own `worker` command and answers once it takes work. */
export async function startWorkerProcess(
  servers: Pick<Servers, 'cluster' | 'folder'>,
  options: WorkerOptions,
): Promise<WorkerProcess> {
  const { cluster, temporalAddress } = options;
  const endpoints = `127.0.0.1:${await freePort()}`;
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  const start = async (): Promise<RunningProcess> => {
    const started = launchWorker(servers, options, endpoints);
    void started.failed.then((error) => broken.reject(error));
    const ready = async (): Promise<boolean> => (await fetch(`http://${endpoints}/readyz`)).ok;
    await started.alive(waitUntil('The worker', ready, { everyMs: 200 }));
    return started;
  };
  const read = async (): Promise<Counts> => {
    const text = await (await fetch(`http://${endpoints}/metrics`)).text();
    return {
      kubernetes: sum(samplesOf(text, 'temporal_arc_kubernetes_requests_total'), ['verb', 'resource']),
      cpuSeconds: sum(samplesOf(text, 'process_cpu_seconds_total'), []).total,
    };
  };
  let worker = await start();
  let earlier = NOTHING;
  return {
    cluster,
    temporalAddress,
    kubernetesRequests: async () => plus(earlier, await read()).kubernetes,
    cpuSeconds: async () => plus(earlier, await read()).cpuSeconds,
    takePeakRssMiB: () => takePeakRssMiB(worker.pid),
    rssMiB: () => memoryMiB(worker.pid, 'VmRSS'),
    alive: (work) => Promise.race([work, broken.promise]),
    crash: async () => {
      earlier = plus(earlier, await read());
      await worker.kill();
      worker = await start();
    },
    freeze: () => void process.kill(worker.pid, 'SIGSTOP'),
    wake: () => void process.kill(worker.pid, 'SIGCONT'),
    stop: () => worker.stop(),
  };
}

function launchWorker(
  { cluster, folder }: Pick<Servers, 'cluster' | 'folder'>,
  options: WorkerOptions,
  endpoints: string,
): RunningProcess {
  return launch({
    name: 'worker',
    command: process.execPath,
    args: [...profiling(options.profileFolder), PROGRAM, 'worker', ...flagsOf(options, endpoints)],
    env: { ...process.env, TEMPORAL_ADDRESS: options.temporalAddress, KUBECONFIG: cluster.kubeconfig },
    logFile: join(folder, `${options.logName ?? options.cluster}.log`),
    graceMs: 20_000,
  });
}

interface Counts {
  kubernetes: CounterSum;
  cpuSeconds: number;
}

const NOTHING: Counts = { kubernetes: { total: 0, byLabels: {} }, cpuSeconds: 0 };

const plus = (one: Counts, other: Counts): Counts => ({
  kubernetes: {
    total: one.kubernetes.total + other.kubernetes.total,
    byLabels: added(one.kubernetes.byLabels, other.kubernetes.byLabels),
  },
  cpuSeconds: one.cpuSeconds + other.cpuSeconds,
});

const added = (one: Record<string, number>, other: Record<string, number>): Record<string, number> =>
  Object.fromEntries(
    [...new Set([...Object.keys(one), ...Object.keys(other)])].map((key) => [
      key,
      (one[key] ?? 0) + (other[key] ?? 0),
    ]),
  );

const flagsOf = ({ cluster, concurrency }: WorkerOptions, endpoints: string): string[] => [
  ...['--cluster', cluster],
  ...['--runner-creation-concurrency', String(concurrency)],
  ...['--watch-namespace', NAMESPACES.ours],
  ...['--metrics-addr', endpoints, '--health-probe-bind-address', endpoints],
  ...['--log-level', 'warn', '--shutdown-grace', '5s'],
];

const profiling = (folder: string | undefined): string[] =>
  folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];

interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** The samples of one metric in Prometheus' text format. */
export function samplesOf(text: string, metric: string): Sample[] {
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
  return lines.map((line) => {
    const labels = [...line.matchAll(/(\w+)="([^"]*)"/g)].map(
      ([, name = '', value = '']) => [name, value] as const,
    );
    return { labels: Object.fromEntries(labels), value: Number(line.slice(line.lastIndexOf(' ') + 1)) };
  });
}

function sum(samples: Sample[], by: string[]): CounterSum {
  const byLabels: Record<string, number> = {};
  let total = 0;
  for (const { labels, value } of samples) {
    const key = by.map((label) => labels[label] ?? '').join(' ');
    byLabels[key] = (byLabels[key] ?? 0) + value;
    total += value;
  }
  return { total, byLabels };
}

/** What was counted between two readings, divided by `by`. */
export function requestsSince(before: CounterSum, after: CounterSum, by: number): CounterSum {
  const grown = Object.entries(after.byLabels).map(
    ([labels, count]) => [labels, (count - (before.byLabels[labels] ?? 0)) / by] as const,
  );
  return {
    total: (after.total - before.total) / by,
    byLabels: Object.fromEntries(grown.filter(([, count]) => count > 0)),
  };
}

/** Reads the kernel's high-water mark of a process, and sets it back. */
export function takePeakRssMiB(pid: number): number | undefined {
  const peak = memoryMiB(pid, 'VmHWM');
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return peak;
  } catch {
    return undefined;
  }
}

function memoryMiB(pid: number, field: 'VmRSS' | 'VmHWM'): number | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/status`, 'utf8')
      .split('\n')
      .find((each) => each.startsWith(`${field}:`));
    return line === undefined ? undefined : Number(/(\d+) kB/.exec(line)?.[1]) / 1024;
  } catch {
    return undefined;
  }
}
