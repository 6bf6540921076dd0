import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** One child process to start. Its output goes to `logFile`; `graceMs` lies between SIGTERM and SIGKILL. */
export interface Launch {
  name: string;
  command: string;
  args: readonly string[];
  logFile: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  graceMs?: number;
}

/** How a process ended; `expected` is true when we ended it. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  expected: boolean;
}

/** A started child process. */
export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Resolves when the process ends and nobody asked it to, or could not start. Never rejects. */
  readonly failed: Promise<Error>;
  /** SIGTERM, then SIGKILL after the grace period; resolves when the process is gone. */
  stop(): Promise<void>;
  /** SIGKILL at once, as a crash would; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Resolves with the work, or rejects with ProcessExitError as soon as the process ends before it. */
  alive<T>(work: Promise<T>): Promise<T>;
}

/** A process ended although it was still needed. The message carries the last lines of its log. */
export class ProcessExitError extends Error {
  readonly code = 'PROCESS_EXITED';
  constructor(name: string, exit: Exit, log: string) {
    const how = exit.signal ? `by ${exit.signal}` : `with code ${String(exit.code)}`;
    super(`${name} ended ${how}. The end of its log:\n${log}`);
    this.name = 'ProcessExitError';
  }
}

/**
 * Starts a child process that cannot outlive this one: a normal end, an uncaught error and Ctrl-C stop it here, and
 * the kernel stops it (PDEATHSIG) when this process is killed. The child has its own session, so Ctrl-C in a terminal
 * reaches this process alone and the order of stopping stays ours. Call it from the main thread: the kernel binds the
 * signal to the thread that starts the child.
 */
export function launch(options: Launch): RunningProcess {
  const child = spawnLogged(options);
  let ending = false;
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new Error(`${options.name} did not start: ${cause.message}`, { cause })),
    );
    child.once('exit', (code, signal) => {
      living.delete(child);
      resolve({ code, signal, expected: ending });
    });
  });
  exited.catch(() => living.delete(child));
  remember(child);

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    ending = true;
    child.kill(signal);
    await exited.catch(() => undefined);
  };
  return {
    name: options.name,
    pid: child.pid ?? -1,
    exited,
    failed: failureOf(options, exited),
    kill: () => end('SIGKILL'),
    stop: async () => {
      const timer = setTimeout(() => child.kill('SIGKILL'), options.graceMs ?? 5_000);
      await end('SIGTERM').finally(() => clearTimeout(timer));
    },
    alive: (work) => Promise.race([work, exited.then((exit) => Promise.reject(exitError(options, exit)))]),
  };
}

function spawnLogged(options: Launch): ChildProcess {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a', 0o600);
  const [command, args] = boundToParent(options.command, options.args);
  const where = options.cwd === undefined ? {} : { cwd: options.cwd };
  try {
    return spawn(command, args, {
      ...where,
      env: options.env ?? process.env,
      stdio: ['ignore', log, log],
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

function exitError(options: Launch, exit: Exit): ProcessExitError {
  return new ProcessExitError(options.name, exit, lastLines(options.logFile));
}

function failureOf(options: Launch, exited: Promise<Exit>): Promise<Error> {
  return new Promise((resolve) => {
    exited.then(
      (exit) => {
        if (!exit.expected) resolve(exitError(options, exit));
      },
      (error: unknown) => resolve(error as Error),
    );
  });
}

/** The last lines of a log file, at most 15; empty when there is none. */
export function lastLines(file: string, count = 15): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}

/** The absolute path of a setpriv that knows the option, as a child's PATH may be another; undefined without one. */
function findSetpriv(): string | undefined {
  const { stdout, status } = spawnSync('sh', ['-c', 'setpriv --pdeathsig KILL true && command -v setpriv'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

let setpriv: { path: string | undefined } | undefined;

/** The command line under which the kernel kills the command when its parent dies (Linux with util-linux). */
function boundToParent(command: string, args: readonly string[]): [string, string[]] {
  setpriv ??= { path: findSetpriv() };
  if (setpriv.path === undefined) return [command, [...args]];
  return [setpriv.path, ['--pdeathsig', 'KILL', command, ...args]];
}

const living = new Set<ChildProcess>();

function remember(child: ChildProcess): void {
  if (living.size === 0) {
    process.off('exit', killAll);
    process.on('exit', killAll);
  }
  living.add(child);
}

function killAll(): void {
  for (const child of living) child.kill('SIGKILL');
}

/**
 * Calls `stop` once at Ctrl-C, SIGTERM or SIGHUP and then ends the process. A further signal ends it at once, unless it
 * comes so soon that it is the same one twice, as `make` passes it on.
 */
export function onStopSignal(stop: () => Promise<void>): void {
  let since: number | undefined;
  const handle = (signal: NodeJS.Signals) => {
    if (since !== undefined && Date.now() - since < 500) return;
    if (since !== undefined) process.exit(1);
    since = Date.now();
    const code = signal === 'SIGINT' ? 130 : 143;
    void stop().then(
      () => process.exit(code),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, handle);
}

/** Asks the kernel for `count` different free TCP ports of the loopback address. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  try {
    for (let index = 0; index < count; index += 1) servers.push(await listen(0));
    return servers.map(portOf);
  } finally {
    await Promise.all(servers.map(close));
  }
}

/** One free TCP port of the loopback address. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('The kernel gave no free port.');
  return port;
}

/** Rejects when `port` is taken: what listens there would be mistaken for the server that we are about to start. */
export async function assertPortFree(port: number, purpose: string): Promise<void> {
  try {
    await close(await listen(port));
  } catch (cause) {
    const remedy = 'Stop what listens there, or choose another port.';
    throw new Error(`Port ${port} for ${purpose} is in use. ${remedy}`, { cause });
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no TCP port.');
  return address.port;
}

/** Repeats `check` until it answers true (errors count as false), or rejects after `timeoutMs` with the last error. */
export async function waitUntil(
  what: string,
  check: () => Promise<boolean>,
  { timeoutMs = 60_000, everyMs = 100 } = {},
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  while (Date.now() < deadline) {
    try {
      if (await check()) return;
    } catch (error) {
      cause = error;
    }
    await sleep(everyMs);
  }
  throw new Error(`${what}: not within ${timeoutMs / 1000} s.`, { cause });
}
