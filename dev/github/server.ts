import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Latency } from './admin.ts';
import { refusal } from './routes/answer.ts';
import type { Answer, Call, Route } from './routes/answer.ts';
import type { Budgets } from './budgets.ts';
import type { Calls } from './calls.ts';
import type { Clock } from './clock.ts';
import { misbehave } from './misbehave.ts';
import type { Faults } from './faults.ts';
import type { CallName } from './protocol.ts';
import { send } from './routes/send.ts';

/** What the server answers from. */
export interface ServerParts {
  routes: Route[];
  budgets: Budgets;
  faults: Faults;
  calls: Calls;
  latency: Latency;
  clock: Pick<Clock, 'wall'>;
  /** Gets one line per call; absent: no log. */
  log?: ((line: string) => void) | undefined;
}

/** Finds the route of each request, delays it, lets a fault hit it, and counts it. */
export function createListener(parts: ServerParts): RequestListener {
  return (request, response) => {
    serve(parts, request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return void response.destroy();
      send(response, refusal(500, error instanceof Error ? error.message : 'unknown failure'));
    });
  };
}

const REST_CALLS = new Set<CallName>(['accesstoken', 'registrationtoken', 'runnerregistration']);

async function serve(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://standin');
  const { route, params } = find(parts.routes, request.method ?? 'GET', url.pathname);
  if (route && route.name === undefined) {
    send(response, await route.handle(await callOf({ request, response, url, params })));
    return;
  }
  const name = route?.name ?? 'unknown';
  const record = parts.calls.begin(name, request.method ?? '', url.pathname);
  response.once('close', () => {
    parts.calls.end(record, response.headersSent ? response.statusCode : 0);
    parts.log?.(`${record.method} ${record.path} ${record.status} ${record.durationMs} ms`);
  });
  const call = await callOf({ request, response, url, params });
  const latencyMs = parts.latency[name] ?? parts.latency['*'] ?? 0;
  if (latencyMs > 0) await sleep(latencyMs);
  response.setHeader('Date', new Date(parts.clock.wall()).toUTCString());
  response.setHeader(REST_CALLS.has(name) ? 'X-GitHub-Request-Id' : 'ActivityId', randomUUID());
  const charge = parts.budgets.charge(name);
  for (const [header, value] of Object.entries(charge?.headers ?? {})) response.setHeader(header, value);
  const act = async (): Promise<Answer> => {
    if (charge?.isRefused) return refusal(403, 'API rate limit exceeded');
    if (route) return route.handle(call);
    return refusal(404, `The stand-in knows no ${request.method ?? ''} ${url.pathname}`);
  };
  const fault = parts.faults.take(name);
  if (fault) await misbehave(fault, response, act);
  else send(response, await act());
}

function find(routes: readonly Route[], method: string, path: string): { route?: Route; params: string[] } {
  for (const route of routes) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match) return { route, params: match.slice(1) };
  }
  return { params: [] };
}

interface CallParts {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  params: string[];
}

async function callOf({ request, response, url, params }: CallParts): Promise<Call> {
  const text = await textOf(request);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return {
    params,
    query: url.searchParams,
    headers: request.headers,
    body: objectFrom(text),
    text,
    gone: gone.signal,
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function objectFrom(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
