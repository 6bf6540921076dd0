import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { createSecureContext } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, Pool, ProxyAgent, Socks5ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';

/** Where the API server is and how to speak to it, ready for use. */
export interface Route {
  origin: string;
  /** Path of the server's URL, without a trailing slash; empty as a rule. */
  prefix: string;
  /** Authentication, and impersonation if configured. */
  headers: Record<string, string>;
  /** Kept-alive connections for requests, `connections` at most. */
  requests: Dispatcher;
  /** Connections for watches, which each hold one for minutes: they must not take requests' places. */
  watches: Dispatcher;
  /** Certificates (PEM) by which the server is known; empty: those that Node trusts. */
  authorities: string;
}

/** The way to the API server: address, connections and credentials. */
export interface Connection {
  /** The route as it stands now. @throws what the configured authentication throws */
  route(): Promise<Route>;
  /** Asks the authentication again before the next request: the server refused the credentials. */
  forget(): void;
  /** Closes all connections, cutting short what is in flight. */
  close(): Promise<void>;
}

/** How long credentials are used before the configuration is asked again, which knows whether they still hold. */
const CREDENTIALS_MS = 1_000;

/** Below the 90 s after which the API server closes an idle connection, so that ours never meets a closed one. */
const IDLE_MS = 60_000;

/** As client-go: idle connections are probed before load balancers drop them. */
const PROBE_MS = 30_000;

type Tls = Pick<
  RequestOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
>;

type SharedTls = Pick<ConnectionOptions, 'secureContext' | 'rejectUnauthorized' | 'servername'>;

const TLS_OPTIONS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;

/**
 * Loads the configuration: as given, from the file at a path, or as kubectl finds it (`KUBECONFIG`, `~/.kube/config`,
 * the pod's service account).
 */
export function loadKubeConfig(source?: KubeConfig | string): KubeConfig {
  if (source instanceof KubeConfig) return source;
  const config = new KubeConfig();
  if (source === undefined) config.loadFromDefault();
  else config.loadFromFile(source);
  return config;
}

/**
 * Keeps one set of connections to the current cluster of `kubeConfig`. The library makes a new one for every request;
 * here connections are replaced only when their TLS settings change (a rotated certificate or CA).
 *
 * @throws Error when the configuration names no cluster
 */
export function connect(kubeConfig: KubeConfig, connections: number): Connection {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster)
    throw new Error('The kubeconfig has no current cluster: set current-context to one of its contexts.');
  const server = new URL(cluster.server);
  let dispatchers: (Pick<Route, 'requests' | 'watches'> & { fingerprint: string }) | undefined;
  let asked: { route: Promise<Route>; until: number } | undefined;

  const ask = async (): Promise<Route> => {
    const options: RequestOptions = {};
    await kubeConfig.applyToHTTPSOptions(options);
    const tls = pickTls(options);
    const fingerprint = createHash('sha256').update(JSON.stringify(tls)).digest('hex');
    if (dispatchers?.fingerprint !== fingerprint) {
      const outdated = dispatchers;
      dispatchers = {
        fingerprint,
        ...dispatchersFor(server.origin, tls, { connections, proxyUrl: cluster.proxyUrl }),
      };
      void outdated?.requests.close();
      void outdated?.watches.close();
    }
    return {
      origin: server.origin,
      prefix: server.pathname.replace(/\/$/, ''),
      headers: headersOf(options),
      authorities: [options.ca ?? []].flat().map(String).join('\n'),
      ...dispatchers,
    };
  };

  const forget = () => (asked = undefined);
  return {
    route: () => {
      if (asked && performance.now() < asked.until) return asked.route;
      asked = { route: ask(), until: performance.now() + CREDENTIALS_MS };
      asked.route.catch(forget);
      return asked.route;
    },
    forget,
    close: async () => {
      await Promise.all([dispatchers?.requests.destroy(), dispatchers?.watches.destroy()]);
    },
  };
}

function pickTls(options: RequestOptions): Tls {
  const tls: Partial<Record<keyof Tls, unknown>> = {};
  for (const key of TLS_OPTIONS) if (options[key] !== undefined) tls[key] = options[key];
  return tls as Tls;
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const basic = auth == null ? {} : { authorization: `Basic ${Buffer.from(auth).toString('base64')}` };
  const given = Object.entries(headers ?? {}).map(
    ([key, value]) => [key.toLowerCase(), String(value).trim()] as const,
  );
  return { ...basic, ...Object.fromEntries(given) };
}

/** Certificates and keys are parsed once, not with each new connection of a burst. */
function sharedContext({ rejectUnauthorized, servername, ...secrets }: Tls): SharedTls {
  return {
    secureContext: createSecureContext(secrets),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    ...(servername === undefined ? {} : { servername }),
  };
}

/** HTTP/1.1 throughout: against an API server it carries a quarter more requests a second than HTTP/2. */
function dispatchersFor(
  origin: string,
  tls: Tls,
  { connections, proxyUrl }: { connections: number; proxyUrl: string | undefined },
): Pick<Route, 'requests' | 'watches'> {
  const connectOptions = { ...sharedContext(tls), keepAlive: true, keepAliveInitialDelay: PROBE_MS };
  const kept = { keepAliveTimeout: IDLE_MS, allowH2: false, connect: connectOptions };
  if (proxyUrl === undefined)
    return { requests: new Pool(origin, { ...kept, connections }), watches: new Agent(kept) };
  const through = (limit: object): Dispatcher =>
    proxyUrl.startsWith('socks')
      ? new Socks5ProxyAgent(proxyUrl, {
          ...limit,
          allowH2: false,
          keepAliveTimeout: IDLE_MS,
          requestTls: tls,
        })
      : new ProxyAgent({
          uri: proxyUrl,
          ...limit,
          allowH2: false,
          keepAliveTimeout: IDLE_MS,
          requestTls: tls,
        });
  return { requests: through({ connections }), watches: through({}) };
}
