import { createHash } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { ScaleSetClientOptions } from './create-scale-set-client.ts';
import { createScaleSetClient } from './create-scale-set-client.ts';
import type { GitHubCredentials } from './credentials.ts';
import type { Clock, RateLimitWaits } from './rate-limit-waits.ts';
import { createRateLimitWaits } from './rate-limit-waits.ts';
import type { ScaleSetClient } from './scale-set-client.ts';
import type { RouteSettings } from './transport/dispatcher.ts';
import { createDispatcher } from './transport/dispatcher.ts';
import type { SystemInfo } from './transport/user-agent.ts';

/** Everything that decides how GitHub is reached, and as whom. */
export interface ConnectionKey extends RouteSettings {
  configUrl: string;
  credentials: GitHubCredentials;
}

/** Clients by what they are made of: asked for with a changed Secret, CA or proxy, it gives another client. */
export interface GitHubConnections {
  /** @throws GitHubError `invalid-config` for a bad config URL, proxy or CA */
  connect(key: ConnectionKey): ScaleSetClient;
  /** Closes all connections, cutting short what is in flight. */
  close(): Promise<void>;
}

/** What all clients of a process have in common. */
export interface GitHubConnectionsOptions extends Pick<
  ScaleSetClientOptions,
  'timeoutMs' | 'refusalMs' | 'registrationWaitsMs' | 'observe'
> {
  systemInfo?: SystemInfo | undefined;
  clock?: Clock | undefined;
  /** Its own unless given. Clients of one config URL pause together, whatever their credentials. */
  pauses?: RateLimitWaits | undefined;
  /** Clients remembered; the one unused for longest is forgotten first. Default: 500. */
  maxClients?: number | undefined;
}

const MAX_CLIENTS = 500;

/** Clients with the same CA and proxy share their connections. */
export function createGitHubConnections(options: GitHubConnectionsOptions = {}): GitHubConnections {
  const { maxClients = MAX_CLIENTS, pauses = createRateLimitWaits(options.clock), ...rest } = options;
  const clientOptions = { ...rest, pauses };
  const clients = createRecent<ScaleSetClient>(maxClients);
  const dispatchers = createRecent<Dispatcher>(maxClients);
  return {
    connect: ({ configUrl, credentials, ca, proxy }) => {
      const route = { ca, proxy };
      return clients.get(fingerprint({ configUrl, credentials, route }), () => {
        const dispatcher = dispatchers.get(fingerprint(route), () => createDispatcher(route));
        return createScaleSetClient({ ...clientOptions, configUrl, credentials, dispatcher });
      });
    },
    close: async () => {
      await Promise.all(dispatchers.values().map((dispatcher) => dispatcher.destroy()));
    },
  };
}

/** One way: the keys of the cache must not give the secrets away. */
const fingerprint = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value, sorted)).digest('base64');

const sorted = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

interface Recent<T> {
  get(key: string, make: () => T): T;
  values(): T[];
}

/** Keeps the `limit` most recently used. What is dropped may still be in use and ends by itself, its connections idle. */
function createRecent<T>(limit: number): Recent<T> {
  const entries = new Map<string, T>();
  return {
    get: (key, make) => {
      const value = entries.get(key) ?? make();
      entries.delete(key);
      entries.set(key, value);
      const [oldest] = entries.keys();
      if (entries.size > limit && oldest !== undefined) entries.delete(oldest);
      return value;
    },
    values: () => [...entries.values()],
  };
}
