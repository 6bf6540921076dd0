import { gunzipSync } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { interceptors, request as send } from 'undici';
import type { GitHubCallRecorder, GitHubOperation } from '../call-record.ts';
import type { GitHubService, HttpAnswer, RequestSubject } from '../errors.ts';
import { GitHubError, errorFromAnswer, errorFromContent, errorFromFailure } from '../errors.ts';
import type { Clock, RateLimitWait } from '../rate-limit-waits.ts';
import { systemClock } from '../rate-limit-waits.ts';
import { rateLimitIn } from '../rate-limit.ts';

/** One call to GitHub, headers included. */
export interface GitHubRequest {
  operation: GitHubOperation;
  service: GitHubService;
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  /** Statuses that are a success; any other becomes an error. */
  ok: readonly number[];
  /** For the whole call, reading the answer included. Default: 30 s. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Sends one request and reads the whole answer. Never retries. When the caller's signal aborts, its reason is thrown as
 * it is; everything else is a GitHubError.
 */
export type Requester = (request: GitHubRequest) => Promise<HttpAnswer>;

/** What the requests of one configuration have in common. */
export interface HttpOptions {
  /** For observations. */
  configUrl: string;
  dispatcher: Dispatcher;
  clock?: Clock | undefined;
  /** Of the config URL, shared by all who call it. */
  pause: RateLimitWait;
  observe?: GitHubCallRecorder | undefined;
  /** Largest answer read, in bytes. Default: 5 MiB. */
  maxBodyBytes?: number | undefined;
  /** Default for requests that name no time themselves. */
  timeoutMs?: number | undefined;
}

/** Enough for a renamed repository or a moved server. */
const MAX_REDIRECTS = 3;

const MAX_BODY_BYTES = 5 * 1024 * 1024;

const TIMEOUT_MS = 30_000;

/** The requester for one configuration: its requests share connections and the pauses that GitHub asks for. */
export function createRequester(options: HttpOptions): Requester {
  const { pause, clock = systemClock, maxBodyBytes = MAX_BODY_BYTES, timeoutMs = TIMEOUT_MS } = options;
  const dispatcher = options.dispatcher.compose(interceptors.redirect({ maxRedirections: MAX_REDIRECTS }));

  const attempt = async (request: GitHubRequest, seen: { answer?: HttpAnswer }): Promise<HttpAnswer> => {
    const subject: RequestSubject = { service: request.service, method: request.method, url: request.url };
    const answer = await exchange({ timeoutMs, ...request, subject, dispatcher, maxBodyBytes });
    seen.answer = answer;
    if (request.ok.includes(answer.status)) {
      pause.heed(request, rateLimitIn(answer).rateLimit);
      return answer;
    }
    const error = errorFromAnswer(subject, answer, clock.now());
    pause.learn(request, error);
    throw error;
  };
  return async (request) => {
    request.signal?.throwIfAborted();
    pause.check(request);
    const report = reporter(options, request);
    const seen: { answer?: HttpAnswer } = {};
    try {
      const answer = await attempt(request, seen);
      report(answer);
      return answer;
    } catch (error) {
      report(seen.answer, error);
      throw error;
    }
  };
}

/** Tells the observer how a request ended that starts now. */
function reporter(
  { configUrl, observe }: Pick<HttpOptions, 'configUrl' | 'observe'>,
  { operation, service }: GitHubRequest,
): (answer: HttpAnswer | undefined, error?: unknown) => void {
  if (!observe) return () => undefined;
  const startedAt = performance.now();
  return (answer, error) =>
    observe({
      configUrl,
      operation,
      service,
      durationMs: performance.now() - startedAt,
      ...(answer && { status: answer.status, ...rateLimitIn(answer) }),
      ...(error instanceof GitHubError && { decision: error.decision }),
    });
}

interface Exchange extends GitHubRequest {
  subject: RequestSubject;
  dispatcher: Dispatcher;
  maxBodyBytes: number;
}

/** The timeout covers slow answers as a whole: a server that drips bytes never trips the pool's own timeouts. */
async function exchange({
  subject,
  timeoutMs = TIMEOUT_MS,
  signal,
  ...request
}: Exchange): Promise<HttpAnswer> {
  const abort = new AbortController();
  const cancel = (): void => abort.abort(signal?.reason);
  const timer = setTimeout(() => abort.abort(new Error(`nothing within ${timeoutMs / 1000} s`)), timeoutMs);
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const { method, headers, body = null, dispatcher } = request;
    const answer = await send(request.url, { method, headers, body, dispatcher, signal: abort.signal });
    return await read(answer, subject, request.maxBodyBytes);
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof GitHubError ? error : errorFromFailure(subject, abort.signal.reason ?? error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

async function read(
  { statusCode: status, headers: raw, body }: Dispatcher.ResponseData,
  subject: RequestSubject,
  maxBytes: number,
): Promise<HttpAnswer> {
  const headers = flatten(raw);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw errorFromContent(subject, { status, headers, body: '' }, tooLarge(maxBytes));
    chunks.push(chunk);
  }
  const answer = { status, headers, body: '' };
  try {
    return { ...answer, body: textOf(Buffer.concat(chunks), headers, maxBytes) };
  } catch (error) {
    throw errorFromContent(subject, answer, error);
  }
}

const tooLarge = (maxBytes: number): Error => new Error(`it is larger than ${maxBytes} bytes`);

function textOf(bytes: Buffer, headers: HttpAnswer['headers'], maxBytes: number): string {
  const isGzip = headers['content-encoding'] === 'gzip' && bytes.length > 0;
  const plain = isGzip ? gunzipSync(bytes, { maxOutputLength: maxBytes }) : bytes;
  // TextDecoder drops a leading byte order mark, which some of the services send.
  return new TextDecoder().decode(plain);
}

const flatten = (headers: Dispatcher.ResponseData['headers']): HttpAnswer['headers'] =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value[0] : value,
    ]),
  );
