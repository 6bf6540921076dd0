import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RunningProcess } from '../processes.ts';
import { freePort, launch, waitUntil } from '../processes.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const CLOCK = pathToFileURL(join(import.meta.dirname, 'shifted-clock.ts')).href;

/** What a worker is started with. */
export interface WorkerOptions {
  name: string;
  cluster: string;
  kubeconfig: string;
  temporalAddress: string;
  namespaces: string[];
  /** For its log and its clock. */
  folder: string;
}

/** A worker as it runs in production, which can be frozen, and whose clock can be moved. */
export interface FuzzedWorker {
  /** Rejected when it ended and nobody ended it. */
  readonly failed: Promise<Error>;
  readonly logFile: string;
  /** Whether it was killed or stopped. */
  isGone(): boolean;
  /** Moves its clock to so many milliseconds off. */
  shift(byMs: number): void;
  /** Stops it from running until it is woken; does nothing to one that has ended. */
  freeze(): void;
  wake(): void;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Short times, so that what takes minutes in production takes seconds. */
const FLAGS = [
  ...['--failure-backoff', '0.5,1,2', '--max-consecutive-failures', '3', '--registration-timeout', '30s'],
  ...['--pending-timeout', '10s', '--image-error-grace', '2s', '--deletion-deadline', '20s'],
  ...['--shutdown-grace', '2s', '--log-level', 'warn', '--log-format', 'json'],
] as const;

/** Starts one; answers when it takes work. */
export async function startFuzzedWorker(options: WorkerOptions): Promise<FuzzedWorker> {
  const { name, cluster, kubeconfig, temporalAddress, namespaces, folder } = options;
  const [logFile, clockFile] = [join(folder, `${name}.log`), join(folder, `${name}.clock`)];
  const endpoints = `127.0.0.1:${await freePort()}`;
  writeFileSync(clockFile, '0');
  const worker = launch({
    name: 'worker',
    command: process.execPath,
    args: [
      ...['--import', CLOCK, join(ROOT, 'src', 'cli', 'main.ts'), 'worker', '--cluster', cluster],
      ...['--kubeconfig', kubeconfig, '--temporal-address', temporalAddress],
      ...namespaces.flatMap((namespace) => ['--watch-namespace', namespace]),
      ...['--health-probe-bind-address', endpoints, '--metrics-addr', endpoints, ...FLAGS],
    ],
    env: {
      PATH: process.env['PATH'],
      TEMPORAL_ARC_WORKFLOW_BUNDLE: process.env['TEMPORAL_ARC_WORKFLOW_BUNDLE'],
      FUZZ_CLOCK: clockFile,
    },
    cwd: ROOT,
    logFile,
    graceMs: 10_000,
  });
  await worker.alive(waitUntil('The worker', async () => (await fetch(`http://${endpoints}/readyz`)).ok));
  let gone = false;
  return {
    failed: worker.failed,
    logFile,
    isGone: () => gone,
    shift: (byMs) => writeFileSync(clockFile, String(byMs)),
    freeze: () => signal(worker, 'SIGSTOP'),
    wake: () => signal(worker, 'SIGCONT'),
    kill: async () => {
      gone = true;
      await worker.kill();
    },
    stop: async () => {
      gone = true;
      signal(worker, 'SIGCONT');
      await worker.stop();
    },
  };
}

function signal({ pid }: RunningProcess, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
