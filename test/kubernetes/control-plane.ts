import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, request } from 'undici';

/** The folder with `etcd` and `kube-apiserver`, as envtest has it: `KUBEBUILDER_ASSETS`. `undefined` without them. */
export const assets = ((folder = process.env['KUBEBUILDER_ASSETS']) =>
  folder && ['etcd', 'kube-apiserver'].every((name) => existsSync(join(folder, name)))
    ? folder
    : undefined)();

const START_MS = 60_000;

/** A real API server with its etcd, on free ports of this machine; nothing behind it runs pods. */
export class ControlPlane {
  readonly #token = randomBytes(16).toString('hex');
  #folder = '';
  #ports: [etcd: number, peer: number, api: number] = [0, 0, 0];
  #processes: ChildProcess[] = [];

  static async start(): Promise<ControlPlane> {
    const plane = new ControlPlane();
    plane.#folder = await mkdtemp(join(tmpdir(), 'control-plane-'));
    plane.#ports = [await freePort(), await freePort(), await freePort()];
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    await writeFile(join(plane.#folder, 'sa.key'), privateKey);
    await writeFile(join(plane.#folder, 'sa.pub'), publicKey);
    await writeFile(join(plane.#folder, 'tokens.csv'), `${plane.#token},admin,admin,"system:masters"\n`);
    await plane.revive();
    return plane;
  }

  kubeConfig(): KubeConfig {
    const config = new KubeConfig();
    const server = `https://127.0.0.1:${this.#ports[2]}`;
    config.loadFromClusterAndUser(
      { name: 'c', server, skipTLSVerify: true },
      { name: 'u', token: this.#token },
    );
    return config;
  }

  /** Starts etcd and API server, on the same ports and the same store as before. */
  async revive(): Promise<void> {
    const [etcd, peer, api] = this.#ports;
    const [client, peers] = [`http://127.0.0.1:${etcd}`, `http://127.0.0.1:${peer}`];
    this.#spawn('etcd', {
      'data-dir': this.#store,
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peers,
      'initial-advertise-peer-urls': peers,
      'initial-cluster': `default=${peers}`,
      'unsafe-no-fsync': 'true',
    });
    this.#spawn('kube-apiserver', {
      'etcd-servers': client,
      'cert-dir': join(this.#folder, 'pki'),
      'secure-port': String(api),
      'bind-address': '127.0.0.1',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': join(this.#folder, 'sa.pub'),
      'service-account-signing-key-file': join(this.#folder, 'sa.key'),
      'service-cluster-ip-range': '10.0.0.0/24',
      'authorization-mode': 'RBAC',
      'token-auth-file': join(this.#folder, 'tokens.csv'),
    });
    await this.#ready(`https://127.0.0.1:${api}/readyz`);
  }

  /** Ends both processes at once. */
  async kill(): Promise<void> {
    const ended = this.#processes.map((child) =>
      child.exitCode === null ? once(child, 'exit') : Promise.resolve([]),
    );
    for (const child of this.#processes) child.kill('SIGKILL');
    await Promise.all(ended);
    this.#processes = [];
  }

  async wipe(): Promise<void> {
    await rm(this.#store, { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #store(): string {
    return join(this.#folder, 'etcd');
  }

  #spawn(name: string, flags: Record<string, string>): void {
    const given = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    this.#processes.push(spawn(join(assets ?? '', name), given, { stdio: 'ignore' }));
  }

  async #ready(url: string): Promise<void> {
    const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
    const headers = { authorization: `Bearer ${this.#token}` };
    try {
      for (let waited = 0; waited < START_MS; waited += 200) {
        const answer = await request(url, { dispatcher, headers }).catch(() => undefined);
        await answer?.body.dump();
        if (answer?.statusCode === 200) return;
        if (this.#processes.some(({ exitCode }) => exitCode !== null))
          throw new Error('etcd or kube-apiserver ended.');
        await sleep(200);
      }
      throw new Error(`The API server was not ready within ${START_MS} ms.`);
    } finally {
      await dispatcher.close();
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
