import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { redact } from '../api/redact.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { ListenAddress } from './configuration/setting.ts';

/** One thing that must work for the worker to be of use. Fails by rejecting or throwing, and says why. */
type ReadinessCheck = (signal: AbortSignal) => Promise<void> | void;

/** Checks by the name of the part: `temporal`, `worker`, `kubernetes`. */
export type ReadinessChecks = Readonly<Record<string, ReadinessCheck>>;

/** What is served, and where; `undefined` as an address: not at all. */
export interface EndpointsOptions {
  metricsAddress: ListenAddress | undefined;
  healthAddress: ListenAddress | undefined;
  metrics: Pick<Metrics, 'text' | 'contentType'>;
  checks: ReadinessChecks;
  /** Milliseconds until a check counts as failed; 3,000 unless given. */
  checkTimeoutMs?: number;
}

/** The servers while they run; `close` ends both. */
export interface Endpoints {
  /** Where `/metrics` is served; `undefined` when it is off. */
  readonly metricsUrl: string | undefined;
  /** Where `/healthz`, `/readyz` and `/metrics` are served; `undefined` when that is off. */
  readonly healthUrl: string | undefined;
  close(): Promise<void>;
}

/** The answer of `/readyz`; status 200 when ready, 503 otherwise. */
export interface Readiness {
  status: 'ready' | 'not ready';
  checks: Record<string, { ok: boolean; message?: string }>;
}

const CHECK_MS = 3_000;

type Route = (response: ServerResponse) => Promise<void> | void;
type Routes = Record<string, Route>;

/**
 * Serves health and metrics, from one port when both have the same address.
 *
 * @throws Error that names the setting, when an address cannot be listened on
 */
export async function serveEndpoints(options: EndpointsOptions): Promise<Endpoints> {
  const { metricsAddress, healthAddress } = options;
  const metrics = metricsRoutes(options.metrics);
  const health = healthRoutes(options.checks, options.checkTimeoutMs ?? CHECK_MS);
  const together = metricsAddress && healthAddress && sameAddress(metricsAddress, healthAddress);
  const servers: Server[] = [];
  const open = async (flag: string, address: ListenAddress | undefined, routes: Routes) => {
    if (!address) return undefined;
    const server = await listen(flag, address, routes);
    servers.push(server);
    return urlOf(server);
  };
  const close = async () => {
    await Promise.all(servers.map(closeServer));
  };
  try {
    const metricsUrl = await open(
      '--metrics-addr',
      metricsAddress,
      together ? { ...metrics, ...health } : metrics,
    );
    const healthUrl = together
      ? metricsUrl
      : // Where metrics have no address of their own, they are found here.
        await open('--health-probe-bind-address', healthAddress, { ...health, ...metrics });
    return { metricsUrl, healthUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Port 0 means a free one: two of them are two ports. */
const sameAddress = (a: ListenAddress, b: ListenAddress): boolean =>
  a.port !== 0 && a.port === b.port && a.host === b.host;

const metricsRoutes = (metrics: EndpointsOptions['metrics']): Routes => ({
  '/metrics': async (response) => {
    send(response, { status: 200, type: metrics.contentType, body: await metrics.text() });
  },
});

function healthRoutes(checks: ReadinessChecks, timeoutMs: number): Routes {
  let running: Promise<Readiness> | undefined;
  /** Probes that come while the checks run share their answer. */
  const ready = () => {
    running ??= runChecks(checks, timeoutMs).finally(() => (running = undefined));
    return running;
  };
  return {
    '/healthz': (response) =>
      send(response, { status: 200, type: 'text/plain; charset=utf-8', body: 'ok\n' }),
    '/readyz': async (response) => {
      const readiness = await ready();
      const status = readiness.status === 'ready' ? 200 : 503;
      send(response, { status, type: 'application/json', body: `${JSON.stringify(readiness)}\n` });
    },
  };
}

async function runChecks(checks: ReadinessChecks, timeoutMs: number): Promise<Readiness> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await runCheck(check, timeoutMs)] as const),
  );
  const status = results.every(([, { ok }]) => ok) ? 'ready' : 'not ready';
  return { status, checks: Object.fromEntries(results) };
}

async function runCheck(
  check: ReadinessCheck,
  timeoutMs: number,
): Promise<{ ok: boolean; message?: string }> {
  const deadline = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      deadline.abort();
      reject(new Error(`no answer within ${timeoutMs / 1000} s`));
    }, timeoutMs);
  });
  try {
    await Promise.race([check(deadline.signal), late]);
    return { ok: true };
  } catch (error) {
    return { ok: false, message: redact(error instanceof Error ? error.message : String(error)) };
  } finally {
    clearTimeout(timer);
  }
}

function listen(flag: string, { host, port }: ListenAddress, routes: Routes): Promise<Server> {
  const server = createServer((request, response) => void answer(routes, request, response));
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'another process listens there' : cause.message;
      reject(new Error(`${flag} ${host}:${port}: ${why}; give another address, or 0 for none.`, { cause }));
    });
    server.listen({ port, ...(host === '' ? {} : { host }) }, () => resolve(server));
  });
}

async function answer(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = routes[(request.url ?? '/').split('?')[0] ?? '/'];
  const plain = { type: 'text/plain; charset=utf-8' };
  if (!route) {
    send(response, { ...plain, status: 404, body: `Served here: ${Object.keys(routes).join(', ')}\n` });
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    send(response, { ...plain, status: 405, body: 'Only GET and HEAD.\n' });
  } else {
    try {
      await route(response);
    } catch (error) {
      send(response, { ...plain, status: 500, body: `${redact(String(error))}\n` });
    }
  }
}

function send(
  response: ServerResponse,
  { status, type, body }: { status: number; type: string; body: string },
): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  const host =
    address === '::' || address === '0.0.0.0' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
