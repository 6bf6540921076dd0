import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Connection } from '@temporalio/client';
import { assertPortFree, freePort, launch, waitUntil } from './processes.ts';
import type { RunningProcess } from './processes.ts';
import { ensureTools } from './toolchain/toolchain.ts';
import type { Progress } from './toolchain/toolchain.ts';

const settings = join(import.meta.dirname, '..', 'temporal');

/** How a Temporal server is wanted. */
export interface TemporalOptions {
  /** In memory, lost when the server ends; or a SQLite file, kept. */
  storage: 'memory' | { file: string };
  /** Free ports are chosen when none are given. */
  ports?: { frontend?: number; ui?: number };
  /** Whether the web interface runs; off by default. */
  ui?: boolean;
  /** The server's log file; by default in a temporary folder. */
  logFile?: string;
  /** Further dynamic configuration, such as `{"limit.historyCount.suggestContinueAsNew": 50}`. */
  dynamicConfig?: Record<string, unknown>;
  log?: Progress;
  /** Called when the server ends and nobody stopped it. */
  onFailure?: (error: Error) => void;
}

/** Temporal's development server on this machine. */
export interface TemporalServer {
  /** host:port of the frontend. */
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | undefined;
  stop(): Promise<void>;
  /** Ends the server as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same ports and, if there is one, with the same file. */
  start(): Promise<void>;
  /** Deletes the database of a stopped server: the next start knows nothing. */
  deleteDatabase(): void;
}

/** Starts Temporal's development server with our search attributes, and answers when it serves them. */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const { temporal } = await ensureTools(['temporal'], options.log ? { progress: options.log } : {});
  const frontend = options.ports?.frontend ?? (await freePort());
  const ui = options.ui === true ? (options.ports?.ui ?? (await freePort())) : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'temporal-arc-temporal-'));
  const logFile = options.logFile ?? join(folder, 'temporal.log');
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const address = `127.0.0.1:${frontend}`;
  let server: RunningProcess | undefined;

  const start = async (): Promise<void> => {
    const began = Date.now();
    await assertPortFree(frontend, 'Temporal');
    if (ui !== undefined) await assertPortFree(ui, 'Temporal’s web interface');
    server = launch({
      name: 'temporal',
      command: temporal,
      args: serverArgs(options, { frontend, ui }),
      logFile,
      graceMs: 10_000,
    });
    reportFailure(server, options.onFailure);
    await server.alive(waitUntil('Temporal', () => servesSearchAttributes(address)));
    options.log?.(`Temporal ready at ${address} in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
  };
  await start();
  return {
    address,
    namespace: 'default',
    uiUrl: ui === undefined ? undefined : `http://127.0.0.1:${ui}`,
    start,
    stop: async () => server?.stop(),
    kill: async () => server?.kill(),
    deleteDatabase: () => deleteDatabase(options.storage),
  };
}

function serverArgs(options: TemporalOptions, ports: { frontend: number; ui: number | undefined }): string[] {
  const attributes = Object.entries(searchAttributes());
  const dynamic = { ...(readSettings('dev-server.json') as object), ...options.dynamicConfig };
  const args = ['server', 'start-dev', '--ip=127.0.0.1', `--port=${ports.frontend}`, '--log-level=warn'];
  args.push(...(ports.ui === undefined ? ['--headless'] : [`--ui-port=${ports.ui}`, '--ui-ip=127.0.0.1']));
  for (const [name, type] of attributes) args.push(`--search-attribute=${name}=${type}`);
  for (const [key, value] of Object.entries(dynamic)) {
    args.push('--dynamic-config-value', `${key}=${JSON.stringify(value)}`);
  }
  if (options.storage !== 'memory') {
    const file = resolve(options.storage.file);
    mkdirSync(dirname(file), { recursive: true });
    args.push(`--db-filename=${file}`);
  }
  return args;
}

/** The search attributes that our workflows set, by name, with their type (temporal/search-attributes.json). */
export function searchAttributes(): Record<string, string> {
  return readSettings('search-attributes.json') as Record<string, string>;
}

function readSettings(file: string): unknown {
  return JSON.parse(readFileSync(join(settings, file), 'utf8'));
}

async function servesSearchAttributes(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: '2s' });
  try {
    const answer = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
    const registered = answer.customAttributes;
    return Object.keys(searchAttributes()).every((name) => name in registered);
  } finally {
    await connection.close();
  }
}

function reportFailure(server: RunningProcess, onFailure: TemporalOptions['onFailure']): void {
  void server.failed.then((error) => onFailure?.(error));
}

function deleteDatabase(storage: TemporalOptions['storage']): void {
  if (storage === 'memory') return;
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${storage.file}${suffix}`, { force: true });
}
