import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ApiStatusError, connectToApi } from './api-client.ts';
import type { ApiClient } from './api-client.ts';
import * as parts from './control-plane.ts';
import type { ControlPlane } from './control-plane.ts';
import { writeCredentials, writeKubeconfig } from './credentials.ts';
import { fakeNodes } from './nodes.ts';
import { isAbandoned, tryLock } from '../lock.ts';
import { assertPortFree, freePort, waitUntil } from '../processes.ts';
import type { RunningProcess } from '../processes.ts';
import { clusterTools, ensureTools } from '../toolchain/toolchain.ts';
import type { Progress } from '../toolchain/toolchain.ts';

/** How a cluster is wanted; everything has a default. */
export interface ClusterOptions {
  /** Kept between starts when given; otherwise a temporary folder that `stop` removes. */
  stateDir?: string;
  /** How many fake nodes, each with room for 1,000 pods. */
  nodes?: number;
  /** Files or folders to apply at the start; by default the custom resources in crds/. */
  manifests?: string[];
  log?: Progress;
  /** Called when a part ends that nobody stopped. */
  onFailure?: (error: Error) => void;
}

/** A real control plane with fake nodes on this machine. */
export interface Cluster {
  /** Path of a kubeconfig for the administrator. */
  readonly kubeconfig: string;
  readonly url: string;
  readonly stateDir: string;
  stop(): Promise<void>;
  /** Ends the API server as a crash would. */
  killApiServer(): Promise<void>;
  /** Starts it again, on the same address and with the same data. */
  startApiServer(): Promise<void>;
}

/**
 * Starts etcd, the API server (RBAC), the controllers, the scheduler and KWOK's fake nodes, and answers when pods can
 * be created. Several clusters can run at once; a state folder serves one at a time. Takes a few seconds once the tools
 * are there.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const log = options.log ?? (() => undefined);
  const binaries = await ensureTools(clusterTools, { progress: log });
  const stateDir = prepareStateDir(options.stateDir);
  const held = tryLock(join(stateDir, '.lock'));
  if (!held) throw new Error(`Another cluster runs on ${stateDir}. Stop it, or choose another stateDir.`);
  rmSync(join(stateDir, 'logs'), { recursive: true, force: true });
  const removeDir = () => {
    if (options.stateDir === undefined) rmSync(stateDir, { recursive: true, force: true });
  };
  process.once('exit', removeDir);
  const machine = new Machine({ binaries, stateDir, port: await freePort() }, options.onFailure);
  const stop = async () => {
    await machine.stop();
    held.release();
    process.off('exit', removeDir);
    removeDir();
  };
  try {
    const kubeconfig = await machine.start(options, log);
    const { url } = machine;
    return {
      kubeconfig,
      url,
      stateDir,
      stop,
      killApiServer: () => machine.killApiServer(),
      startApiServer: () => machine.startApiServer(),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const prefix = 'temporal-arc-cluster-';

/** Temporary folders whose process was killed; etcd's files are large. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir()).filter((file) => file.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    if (isAbandoned(join(folder, '.lock'))) rmSync(folder, { recursive: true, force: true });
  }
}

function prepareStateDir(given: string | undefined): string {
  if (given === undefined) {
    removeAbandoned();
    return mkdtempSync(join(tmpdir(), prefix));
  }
  mkdirSync(given, { recursive: true });
  return resolve(given);
}

class Machine {
  readonly url: string;
  readonly #plane: ControlPlane;
  readonly #onFailure: (error: Error) => void;
  readonly #running: RunningProcess[] = [];
  #apiServer: RunningProcess | undefined;

  constructor(plane: ControlPlane, onFailure: ((error: Error) => void) | undefined) {
    this.#plane = plane;
    this.#onFailure = onFailure ?? (() => undefined);
    this.url = `https://127.0.0.1:${plane.port}`;
  }

  async start(options: ClusterOptions, log: Progress): Promise<string> {
    const { stateDir } = this.#plane;
    const started = Date.now();
    writeCredentials(stateDir);
    const etcd = this.#run(parts.startEtcd(this.#plane));
    await etcd.alive(waitUntil('etcd', () => Promise.resolve(existsSync(join(stateDir, parts.etcdSocket)))));
    await this.startApiServer();
    const kubeconfig = join(stateDir, 'kubeconfig');
    const others = [parts.startControllerManager, parts.startScheduler, parts.startKwok].map((startPart) =>
      this.#run(startPart(this.#plane)),
    );
    const ready = this.#populate(kubeconfig, options);
    await others.reduce((work, other) => other.alive(work), ready);
    log(`Cluster ready at ${this.url} in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
    return kubeconfig;
  }

  async startApiServer(): Promise<void> {
    const { port, stateDir } = this.#plane;
    await assertPortFree(port, 'the Kubernetes API server');
    const server = this.#run(parts.startApiServer(this.#plane));
    this.#apiServer = server;
    const certificate = join(stateDir, 'pki', 'apiserver.crt');
    await server.alive(
      waitUntil('The API server’s certificate', () => Promise.resolve(existsSync(certificate)), {
        everyMs: 20,
      }),
    );
    const api = await connectToApi(writeKubeconfig(stateDir, this.url), 1);
    try {
      await server.alive(waitUntil('The API server', () => isReady(api)));
    } finally {
      await api.close();
    }
  }

  async killApiServer(): Promise<void> {
    await this.#apiServer?.kill();
  }

  /** In the order that loses nothing: first who writes, then the API server, then etcd. */
  async stop(): Promise<void> {
    const [etcd, ...others] = this.#running;
    const writers = others.filter((part) => part !== this.#apiServer);
    await Promise.all(writers.map((part) => part.stop()));
    await this.#apiServer?.stop();
    await etcd?.stop();
  }

  #run(part: RunningProcess): RunningProcess {
    this.#running.push(part);
    void part.failed.then(this.#onFailure);
    return part;
  }

  async #populate(kubeconfig: string, options: ClusterOptions): Promise<void> {
    const manifests = options.manifests ?? customResources();
    const count = options.nodes ?? 10;
    const api = await connectToApi(kubeconfig);
    try {
      await Promise.all([
        applyManifests(kubeconfig, manifests),
        ...fakeNodes(count).map((body) => createOnce(api, body)),
        waitUntil('The default service account', () => hasDefaultServiceAccount(api)),
      ]);
      await waitUntil('The fake nodes', () => areReady(api, count));
    } finally {
      await api.close();
    }
  }
}

async function isReady(api: ApiClient): Promise<boolean> {
  await api.text({ path: '/readyz' });
  return true;
}

async function createOnce(api: ApiClient, body: object): Promise<void> {
  try {
    await api.json({ method: 'POST', path: '/api/v1/nodes', body });
  } catch (error) {
    if (!(error instanceof ApiStatusError && error.status === 409)) throw error;
  }
}

async function hasDefaultServiceAccount(api: ApiClient): Promise<boolean> {
  await api.json({ path: '/api/v1/namespaces/default/serviceaccounts/default' });
  return true;
}

interface NodeList {
  items: { status: { conditions?: { type: string; status: string }[] } }[];
}

async function areReady(api: ApiClient, count: number): Promise<boolean> {
  const { items } = await api.json<NodeList>({ path: '/api/v1/nodes' });
  const ready = items.filter(({ status }) =>
    status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
  );
  return ready.length >= count;
}

function customResources(): string[] {
  const folder = join(import.meta.dirname, '..', '..', 'crds');
  const hasAny = existsSync(folder) && readdirSync(folder).some((file) => file.endsWith('.yaml'));
  return hasAny ? [folder] : [];
}

/** Applies files or folders on the server side, and waits until the custom resources among them are served. */
export async function applyManifests(kubeconfig: string, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  const { kubectl } = await ensureTools(['kubectl']);
  const run = promisify(execFile);
  const files = paths.flatMap((path) => ['-f', path]);
  const common = ['--kubeconfig', kubeconfig];
  await run(kubectl, [...common, 'apply', '--server-side', '--force-conflicts', ...files]);
  // kubectl fails where a CRD has no conditions yet.
  await waitUntil('The custom resources', async () => {
    await run(kubectl, [...common, 'wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
    return true;
  });
}
