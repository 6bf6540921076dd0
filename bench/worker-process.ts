import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, launch, waitUntil } from '../dev/processes.ts';
import { NAMESPACES } from './world.ts';
import type { World } from './world.ts';

const program = join(import.meta.dirname, '..', 'src', 'cli', 'main.ts');

export interface WorkerOptions {
  /** Name of the cluster: part of workflow ids and of the task queue. */
  cluster: string;
  temporalAddress: string;
  concurrency: number;
  /** Where V8 leaves a CPU profile when the worker ends. */
  profileFolder?: string | undefined;
}

/** The sum of a counter's series, in total and by the values of some labels. */
export interface CounterSum {
  total: number;
  byLabels: Record<string, number>;
}

/** A worker as it runs in production, and what is measured of it. */
export interface WorkerProcess {
  readonly cluster: string;
  readonly temporalAddress: string;
  /** Requests to Kubernetes so far, by verb and resource. */
  kubernetesRequests(): Promise<CounterSum>;
  /** CPU time so far, in seconds. */
  cpuSeconds(): Promise<number>;
  /** The largest resident size since the last call, in MiB; undefined where the kernel does not tell (it does on Linux). */
  takePeakRssMiB(): number | undefined;
  /** Rejects when the process ends before the work is done. */
  alive<T>(work: Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** Starts the program's own `worker` command and answers once it takes work. */
export async function startWorkerProcess(world: World, options: WorkerOptions): Promise<WorkerProcess> {
  const { cluster, temporalAddress } = options;
  const endpoints = `127.0.0.1:${await freePort()}`;
  const worker = launch({
    name: 'worker',
    command: process.execPath,
    args: [...profiling(options.profileFolder), program, 'worker', ...flagsOf(options, endpoints)],
    env: { ...process.env, TEMPORAL_ADDRESS: temporalAddress, KUBECONFIG: world.cluster.kubeconfig },
    logFile: join(world.folder, `${cluster}.log`),
    graceMs: 20_000,
  });
  const ready = async (): Promise<boolean> => (await fetch(`http://${endpoints}/readyz`)).ok;
  await worker.alive(waitUntil('The worker', ready, { everyMs: 200 }));
  const scrape = async (metric: string): Promise<Sample[]> => {
    const answer = await fetch(`http://${endpoints}/metrics`);
    return samplesOf(await answer.text(), metric);
  };
  return {
    cluster,
    temporalAddress,
    kubernetesRequests: async () =>
      sum(await scrape('temporal_arc_kubernetes_requests_total'), ['verb', 'resource']),
    cpuSeconds: async () => sum(await scrape('process_cpu_seconds_total'), []).total,
    takePeakRssMiB: () => takePeakRssMiB(worker.pid),
    alive: (work) => worker.alive(work),
    stop: () => worker.stop(),
  };
}

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

/** Reads the kernel's high-water mark of a process, and sets it back. */
function takePeakRssMiB(pid: number): number | undefined {
  try {
    const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    return undefined;
  }
}
