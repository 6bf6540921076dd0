import type { AdminConnection, Authentication } from './auth.ts';
import { errorFromContent, GitHubError, isDecision } from './errors.ts';
import type { HttpAnswer } from './errors.ts';
import type { GitHubRequest, Requester } from './transport/http.ts';
import type { GitHubOperation } from './call-record.ts';
import { parseJson } from './transport/json.ts';
import type { Decode } from './wire.ts';

/** One call to the Actions service. */
export interface ActionsCall<T> {
  operation: GitHubOperation;
  method: GitHubRequest['method'];
  /** Below the service's URL, segments already encoded. */
  path: string;
  query?: Readonly<Record<string, string>>;
  /** Written as JSON. */
  body?: unknown;
  /** The one status that is a success. */
  ok: number;
  decode: Decode<T>;
  /** For the User-Agent. */
  scaleSetId?: number;
  /** Replaces the admin token: acquiring jobs takes the message queue's. */
  token?: string;
  signal?: AbortSignal | undefined;
}

/** Sends one call to the Actions service, with a token that is valid, and reads its answer. Throws GitHubError. */
export type ActionsService = <T>(call: ActionsCall<T>) => Promise<T>;

/** What calls to the Actions service are sent with. */
export interface ActionsServiceOptions {
  authentication: Authentication;
  request: Requester;
  userAgent: (scaleSetId?: number) => string;
}

const API_VERSION = '6.0-preview';

/** Nothing is expected in the answer. */
export const decodeNothing: Decode<void> = () => undefined;

/**
 * Calls the Actions service of a scope. An admin token that it refuses is replaced once: it may have been revoked, or
 * our clock may be wrong.
 */
export function createActionsService({
  authentication,
  request,
  userAgent,
}: ActionsServiceOptions): ActionsService {
  const attempt = <T>(connection: AdminConnection, call: ActionsCall<T>): Promise<T> => {
    const url = endpoint(connection.url, call.path, call.query);
    const subject = {
      service: call.token === undefined ? 'actions' : 'queue',
      method: call.method,
      url,
    } as const;
    const headers = {
      authorization: `Bearer ${call.token ?? connection.token}`,
      'content-type': 'application/json',
      'user-agent': userAgent(call.scaleSetId),
    };
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    return request({
      ...subject,
      operation: call.operation,
      headers,
      body,
      ok: [call.ok],
      signal: call.signal,
    }).then((answer) => decodeAnswer(subject, answer, call.decode));
  };
  return async (call) => {
    const connection = await authentication.connection(call.signal);
    try {
      return await attempt(connection, call);
    } catch (error) {
      const isStale = error instanceof GitHubError && error.status === 401 && call.token === undefined;
      if (!isStale) throw error;
      return attempt(await authentication.replace(connection, call.signal), call);
    }
  };
}

/** Reads an answer's JSON. @throws GitHubError `retry` when it is not what the protocol says */
export function decodeAnswer<T>(
  subject: Parameters<typeof errorFromContent>[0],
  answer: HttpAnswer,
  decode: Decode<T>,
): T {
  if (decode === decodeNothing) return decode(undefined);
  try {
    return decode(parseJson(answer.body));
  } catch (error) {
    throw errorFromContent(subject, answer, error);
  }
}

/** Joins a path to the service's URL, whose own query stays unless the call overrides it (protocol: HTTP layer). */
export function endpoint(base: URL, path: string, query: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname}/${path}`.replaceAll(/\/{2,}/g, '/');
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', API_VERSION);
  url.searchParams.sort();
  return url;
}

/**
 * `undefined` in place of the failure with this decision, if the service itself names the exception: a bare 404 may come
 * from anything in between, and says nothing about what exists.
 */
export async function noneIf<T>(decision: 'not-found' | 'gone', result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isDecision(error, decision) && error.typeName !== undefined) return undefined;
    throw error;
  }
}
