import type { Dispatcher } from 'undici';
import type { Connection, Route } from './connection.ts';
import type { RequestSubject } from './errors.ts';
import { KubernetesError, errorFromFailure, errorFromResponse, isUnauthorized } from './errors.ts';
import { linesOf } from './lines.ts';

/** How long a call may take, and what ends it. */
export interface CallOptions {
  /** Ends the call; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** From the call to the whole answer; 30,000 unless told otherwise. */
  timeoutMs?: number | undefined;
}

/** What one request was and what became of it, for metrics. */
export interface RequestRecord extends RequestSubject {
  /** HTTP status; `undefined` when no answer came. */
  status: number | undefined;
  /** Until the whole answer was there; of a watch, until it began. */
  durationMs: number;
}

/** One request, ready to be sent. */
export interface Call {
  method: Dispatcher.HttpMethod;
  subject: RequestSubject;
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: object;
  contentType?: string;
  options?: CallOptions | undefined;
  /** Called when a stream begins. */
  onOpen?: (() => void) | undefined;
}

/** Requests over a connection: headers, deadlines, errors, records. No retries. */
export interface Wire {
  call<R>(call: Call): Promise<R>;
  /** The lines of an answer as they arrive. */
  stream(call: Call): AsyncIterable<string>;
  /** Certificates (PEM) by which the server is known. */
  authorities(): Promise<string>;
  close(): Promise<void>;
}

/** What all requests have in common. */
export interface WireOptions {
  userAgent: string;
  onRequest: ((record: RequestRecord) => void) | undefined;
}

const REQUEST_MS = 30_000;

/**
 * The wire over this connection. Every failure becomes a KubernetesError, save the reason of the caller's own signal.
 */
export function createWire(connection: Connection, { userAgent, onRequest }: WireOptions): Wire {
  const send = async (kind: 'requests' | 'watches', call: Call, signal: AbortSignal) => {
    const route = await routeFor(connection, call.subject);
    signal.throwIfAborted();
    return route[kind].request({ ...requestOf(route, call, userAgent), signal });
  };

  /** Runs one request, tells its record, and gives every failure its form. */
  const recorded = async <R>(
    call: Call,
    request: (seen: (status: number) => void) => Promise<R>,
  ): Promise<R> => {
    const startedAt = performance.now();
    let status: number | undefined;
    try {
      return await request((answered) => (status = answered));
    } catch (error) {
      if (isUnauthorized(error)) connection.forget();
      throw error;
    } finally {
      onRequest?.({ ...call.subject, status, durationMs: performance.now() - startedAt });
    }
  };

  return {
    call: async <R>(call: Call): Promise<R> => {
      const deadline = startDeadline(call.options);
      try {
        return await recorded(call, async (seen) => {
          const { statusCode, headers, body } = await send('requests', call, deadline.signal);
          const text = await body.text();
          seen(statusCode);
          if (statusCode >= 400) throw errorFromResponse(call.subject, refusal(statusCode, headers, text));
          return parse(call.subject, text) as R;
        });
      } catch (error) {
        throw deadline.blame(call.subject, error);
      } finally {
        deadline.clear();
      }
    },
    stream: async function* (call) {
      const deadline = startDeadline(call.options);
      try {
        const body = await recorded(call, async (seen) => {
          const response = await send('watches', call, deadline.signal);
          seen(response.statusCode);
          if (response.statusCode < 400) return response.body;
          const text = await response.body.text();
          throw errorFromResponse(call.subject, refusal(response.statusCode, response.headers, text));
        });
        call.onOpen?.();
        yield* linesOf(body);
      } catch (error) {
        throw deadline.blame(call.subject, error);
      } finally {
        deadline.clear();
        // Whoever stops reading early must not leave the connection streaming.
        deadline.abort();
      }
    },
    ...ofConnection(connection),
  };
}

const ofConnection = (connection: Connection): Pick<Wire, 'authorities' | 'close'> => ({
  authorities: async () => (await connection.route()).authorities,
  close: () => connection.close(),
});

async function routeFor(connection: Connection, subject: RequestSubject): Promise<Route> {
  try {
    return await connection.route();
  } catch (cause) {
    throw new KubernetesError(subject, {
      message: 'the configured authentication gave no credentials',
      cause,
    });
  }
}

const requestOf = (route: Route, call: Call, userAgent: string): Dispatcher.RequestOptions => ({
  origin: route.origin,
  path: route.prefix + call.path + queryString(call.query),
  method: call.method,
  headers: {
    ...route.headers,
    accept: 'application/json',
    'user-agent': userAgent,
    ...(call.body && { 'content-type': call.contentType ?? 'application/json' }),
  },
  body: call.body ? JSON.stringify(call.body) : null,
  // Otherwise a DELETE with options would cost its connection, and the next request a TLS handshake.
  reset: false,
  // The deadline covers both, and the wait for a free connection as well.
  headersTimeout: 0,
  bodyTimeout: 0,
});

function queryString(query: Call['query'] = {}): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) given.set(key, String(value));
  return given.size === 0 ? '' : `?${given.toString()}`;
}

const refusal = (status: number, headers: Dispatcher.ResponseData['headers'], body: string) => ({
  status,
  body,
  retryAfter: headers['retry-after']?.toString(),
});

function parse(subject: RequestSubject, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw new KubernetesError(subject, {
      message: 'the answer is not JSON: does the server URL lead to a Kubernetes API?',
    });
  }
}

interface Deadline {
  signal: AbortSignal;
  /** The error to reject with, when `error` ended the call. */
  blame(subject: RequestSubject, error: unknown): unknown;
  abort(): void;
  clear(): void;
}

/** Joins the caller's signal and a time limit. By hand: `AbortSignal.any` costs several times as much a request. */
function startDeadline({ signal, timeoutMs = REQUEST_MS }: CallOptions = {}): Deadline {
  const controller = new AbortController();
  const cancel = () => controller.abort(signal?.reason);
  const timer = setTimeout(
    () => controller.abort(new DOMException(`not within ${timeoutMs} ms`, 'TimeoutError')),
    timeoutMs,
  );
  // The connection keeps the process alive, not the limit.
  timer.unref();
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  return {
    signal: controller.signal,
    blame: (subject, error) => {
      if (signal?.aborted) return signal.reason as unknown;
      if (error instanceof KubernetesError) return error;
      return errorFromFailure(subject, controller.signal.aborted ? controller.signal.reason : error);
    },
    abort: () => controller.abort(),
    clear: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    },
  };
}
