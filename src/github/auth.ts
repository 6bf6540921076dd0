import { createSign } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Octokit } from '@octokit/rest';
import { unlessAborted } from './transport/abort.ts';
import type { GitHubConfigUrl } from './config-url.ts';
import type { AppCredentials, GitHubCredentials } from './credentials.ts';
import { errorFromContent, GitHubError } from './errors.ts';
import type { GitHubRequest, Requester } from './transport/http.ts';
import type { GitHubOperation } from './call-record.ts';
import { parseJson } from './transport/json.ts';
import { systemClock } from './rate-limit-waits.ts';
import type { Clock, RateLimitWait } from './rate-limit-waits.ts';
import { decodeRegistration } from './wire.ts';

/** Where the Actions service of a scope is, and the token it takes there. */
export interface AdminConnection {
  readonly url: URL;
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Keeps one connection to the Actions service open for a config URL and its credentials. Throws GitHubError. */
export interface Authentication {
  /** The connection to use now: the current one, or a fresh one when that is about to expire. */
  connection(signal?: AbortSignal): Promise<AdminConnection>;
  /** A connection other than `stale`, which the Actions service has refused. */
  replace(stale: AdminConnection, signal?: AbortSignal): Promise<AdminConnection>;
}

/** Who signs in, and where. */
export interface AuthenticationOptions {
  config: GitHubConfigUrl;
  credentials: GitHubCredentials;
  request: Requester;
  pause: Pick<RateLimitWait, 'check'>;
  /** For all requests of the authentication. */
  userAgent: string;
  clock?: Clock | undefined;
  /** How long a refusal of the credentials is believed, in milliseconds. Default: 60 s. */
  refusalMs?: number | undefined;
  /** Waits before the registration is tried again after 401 or 403, in milliseconds. */
  registrationWaitsMs?: readonly number[] | undefined;
}

/** A token this close to its end is not used any more. */
const REFRESH_BEFORE_MS = 60_000;

const REFUSAL_MS = 60_000;

/** A registration token is seconds old when it is used: GitHub may not know it everywhere yet. */
const REGISTRATION_WAITS_MS = [250, 500, 1_000];

/**
 * Credentials → registration token → admin connection (protocol: authentication chain). However many callers need a
 * fresh connection, one refresh runs; when it fails, the old connection stays, unless the service has refused it. Refused credentials are not tried again
 * for a while: only new credentials, and so a new client, help at once.
 */
export function createAuthentication(options: AuthenticationOptions): Authentication {
  const { clock = systemClock } = options;
  const refusal = createRefusal(clock, options.refusalMs ?? REFUSAL_MS);
  let current: AdminConnection | undefined;
  let refreshing: Promise<AdminConnection> | undefined;

  const refresh = async (): Promise<AdminConnection> => {
    refusal.check();
    // A registration token would be of no use, and each of them is drawn from another budget.
    options.pause.check(registrationAt(options.config));
    try {
      current = await register(await registrationToken(options), options);
      return current;
    } catch (error) {
      refusal.learn(error);
      throw error;
    }
  };
  // The refresh belongs to all its callers: one that gives up must not take it from the others.
  const shared = (signal?: AbortSignal): Promise<AdminConnection> => {
    refreshing ??= refresh().finally(() => (refreshing = undefined));
    return unlessAborted(refreshing, signal);
  };
  return {
    connection: (signal) => {
      const isFresh = current !== undefined && clock.now() + REFRESH_BEFORE_MS < current.expiresAt;
      return current && isFresh ? Promise.resolve(current) : shared(signal);
    },
    replace: (stale, signal) => {
      if (current && current !== stale) return Promise.resolve(current);
      // Known to be refused: until there is another, callers must not try it once more.
      current = undefined;
      return shared(signal);
    },
  };
}

function createRefusal(clock: Clock, lastsMs: number): { check(): void; learn(error: unknown): void } {
  let known: { error: GitHubError; until: number } | undefined;
  return {
    check: () => {
      if (!known || clock.now() >= known.until) return;
      const { message, status, requestId } = known.error;
      throw new GitHubError({
        decision: 'refused',
        message: `not asked again yet: ${message}`,
        status,
        requestId,
        retryAfterMs: known.until - clock.now(),
      });
    },
    learn: (error) => {
      if (error instanceof GitHubError && error.decision === 'refused') {
        known = { error, until: clock.now() + lastsMs };
      }
    },
  };
}

/** A token that allows one registration in the scope of the config URL. */
async function registrationToken(options: AuthenticationOptions): Promise<string> {
  const { config, credentials } = options;
  const token =
    credentials.kind === 'token' ? credentials.token : await installationToken(credentials, options);
  const octokit = octokitFor('create-registration-token', token, options);
  const { organization: org, enterprise, repository: repo } = config;
  const answer = await unwrapped<{ data: unknown }>(() => {
    if (config.scope === 'repository') {
      return octokit.rest.actions.createRegistrationTokenForRepo({ owner: org, repo });
    }
    if (config.scope === 'organization') return octokit.rest.actions.createRegistrationTokenForOrg({ org });
    return octokit.request('POST /enterprises/{enterprise}/actions/runners/registration-token', {
      enterprise,
    });
  });
  return tokenIn(answer.data, 'registration token');
}

/** The App's own token for its installation. */
async function installationToken(
  credentials: AppCredentials,
  options: AuthenticationOptions,
): Promise<string> {
  const { installationId } = credentials;
  const octokit = octokitFor('create-installation-token', appJwt(credentials), options);
  const { data } = await unwrapped(() =>
    octokit.rest.apps.createInstallationAccessToken({ installation_id: Number(installationId) }),
  );
  return tokenIn(data, 'installation token');
}

/** Dated back, so that a clock that is ahead does no harm (protocol: App JWT), in seconds. */
const DATED_BACK_S = 60;

/** From then on, in seconds. GitHub takes ten minutes at most. */
const JWT_LASTS_S = 540;

/** By the machine's clock, which is what GitHub compares with its own. Libraries date back too little, some of them. */
function appJwt({ appId, privateKey }: AppCredentials): string {
  const iat = Math.floor(Date.now() / 1_000) - DATED_BACK_S;
  const parts = [
    { alg: 'RS256', typ: 'JWT' },
    { iss: appId, iat, exp: iat + JWT_LASTS_S },
  ];
  const content = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${content}.${createSign('RSA-SHA256').update(content).sign(privateKey, 'base64url')}`;
}

function tokenIn(data: unknown, what: string): string {
  const token = typeof data === 'object' && data !== null && 'token' in data ? data.token : undefined;
  if (typeof token === 'string' && token !== '') return token;
  throw new GitHubError({ decision: 'retry', message: `GitHub answered without a ${what}` });
}

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function octokitFor(
  operation: GitHubOperation,
  token: string,
  { config, request, userAgent }: AuthenticationOptions,
): Octokit {
  const headers = { authorization: `Bearer ${token}`, 'user-agent': userAgent };
  const fetch = fetchThrough((call) => request({ ...call, operation, service: 'rest' }), headers);
  return new Octokit({ baseUrl: config.apiBaseUrl, log: silent, request: { fetch } });
}

type FetchInit = Pick<RequestInit, 'method' | 'headers' | 'body'>;

/** Gives the library our connections, limits and errors. */
const fetchThrough =
  (
    send: (call: Omit<GitHubRequest, 'operation' | 'service'>) => ReturnType<Requester>,
    headers: Record<string, string>,
  ) =>
  async (url: string, { method = 'GET', headers: own, body }: FetchInit): Promise<Response> => {
    const answer = await send({
      method: method as GitHubRequest['method'],
      url: new URL(url),
      headers: { ...(own as Record<string, string>), ...headers },
      ...(typeof body === 'string' && { body }),
      ok: [200, 201],
    });
    return new Response(answer.body, {
      status: answer.status,
      headers: { 'content-type': answer.headers['content-type'] ?? 'application/json' },
    });
  };

/** The library wraps what its fetch throws into an error that holds the request: ours is inside. */
async function unwrapped<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Error && error.cause instanceof GitHubError) throw error.cause;
    const message = 'GitHub answered with something that is no JSON';
    throw new GitHubError({ decision: 'retry', message, cause: error });
  }
}

const registrationAt = ({ apiBaseUrl }: GitHubConfigUrl) =>
  ({
    service: 'rest',
    operation: 'register',
    method: 'POST',
    url: new URL(`${apiBaseUrl}/actions/runner-registration`),
  }) as const;

/** Trades a registration token for the address of the Actions service and an admin token. */
async function register(registration: string, options: AuthenticationOptions): Promise<AdminConnection> {
  const { config, request, userAgent } = options;
  const subject = registrationAt(config);
  const answer = await withWaits(options.registrationWaitsMs ?? REGISTRATION_WAITS_MS, () =>
    request({
      ...subject,
      headers: {
        authorization: `RemoteAuth ${registration}`,
        'content-type': 'application/json',
        'user-agent': userAgent,
      },
      body: JSON.stringify({ url: config.url, runner_event: 'register' }),
      ok: [200, 201, 202],
    }),
  );
  try {
    const { url, token } = decodeRegistration(parseJson(answer.body));
    return { url: new URL(url), token, expiresAt: expiryOf(token) };
  } catch (error) {
    throw errorFromContent(subject, answer, error);
  }
}

/** The protocol's one retry below Temporal: the registration's 401 and 403 are often a matter of moments. */
async function withWaits<T>([wait, ...rest]: readonly number[], call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const isDenied = error instanceof GitHubError && (error.status === 401 || error.status === 403);
    if (wait === undefined || !isDenied || error.decision === 'retry-after') throw error;
    await sleep(wait);
    return withWaits(rest, call);
  }
}

/** The `exp` of a JWT in milliseconds since the epoch; its signature is GitHub's own business. */
function expiryOf(jwt: string): number {
  const payload = parseJson(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
  const exp = typeof payload === 'object' && payload !== null && 'exp' in payload ? payload.exp : undefined;
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw new TypeError('its token has no expiry');
  return exp * 1000;
}
