import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { actionsRoutes } from './routes/actions-routes.ts';
import { createAdmin } from './admin.ts';
import type { Admin, Latency } from './admin.ts';
import { adminRoutes } from './routes/admin-routes.ts';
import { createCalls } from './calls.ts';
import { createFaults } from './faults.ts';
import { restRoutes } from './routes/rest-routes.ts';
import { standInRunnerRoutes } from './routes/runner-routes.ts';
import { createListener } from './server.ts';
import { sessionRoutes } from './routes/session-routes.ts';
import { createWorld, defaultWorldOptions } from './world.ts';
import type { WorldOptions } from './world.ts';

/** How the stand-in is reached, and how it behaves. */
export interface GitHubOptions extends Partial<WorldOptions> {
  /** Default: 127.0.0.1. */
  host?: string | undefined;
  /** Default: 0, a free one. */
  port?: number | undefined;
  /** How this machine is called by those who connect. Default: the host. */
  publicHost?: string | undefined;
  latency?: Latency | undefined;
  /** Personal access tokens that it accepts at first. Default: one, `ghp_standin`. */
  tokens?: readonly string[] | undefined;
  /** Certificate and key as PEM: then it speaks HTTPS. */
  tls?: { cert: string; key: string } | undefined;
  /** Gets one line per call. */
  log?: ((line: string) => void) | undefined;
}

/** A GitHub that runs on this machine: an Enterprise Server by its URLs. */
export interface GitHubStandIn {
  readonly url: string;
  /** One that it accepts at first. */
  readonly token: string;
  /** `githubConfigUrl` for `org`, `org/repo` or `enterprises/name`. */
  configUrl(path: string): string;
  readonly admin: Admin;
  /** Breaks all connections and closes the port. */
  stop(): Promise<void>;
}

/** Starts a stand-in for GitHub; see protocol.ts for what it understands beside GitHub's own API. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHubStandIn> {
  const { host = '127.0.0.1', port = 0, publicHost = host, latency = {}, tls, log, ...rest } = options;
  const [token = 'ghp_standin', ...more] = options.tokens ?? [];
  const world = createWorld({ ...defaultWorldOptions, ...rest });
  world.keys.set({ tokens: [token, ...more] });
  const [faults, calls] = [createFaults(() => world.clock.now()), createCalls(world.clock)];
  const admin = createAdmin({ world, faults, calls, latency });
  const location = { url: '' };
  const base = (): string => location.url;
  const routes = [
    ...standInRunnerRoutes(world),
    ...adminRoutes(admin),
    ...actionsRoutes(world, base),
    ...sessionRoutes(world, base),
    ...restRoutes(world, base),
  ];
  const { budgets, clock } = world;
  const listener = createListener({ routes, budgets, faults, calls, latency, clock, log });
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.keepAliveTimeout = 60_000;
  await listening(server, port, host);
  location.url = `${tls ? 'https' : 'http'}://${publicHost}:${(server.address() as AddressInfo).port}`;
  return {
    url: location.url,
    token,
    configUrl: (path) => `${location.url}/${path}`,
    admin,
    stop: () => stopped(server),
  };
}

const listening = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: 1_024 }, resolve);
  });

const stopped = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
