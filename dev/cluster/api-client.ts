import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';

/** One request to the API server; `body` is sent as JSON. */
export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
}

/** A plain, kept-alive client of one API server, for what plays the machine: nodes, kubelets, readiness. */
export interface ApiClient {
  /** Answers the decoded body. Rejects with ApiStatusError outside 2xx. */
  json<T>(request: ApiRequest): Promise<T>;
  /** Answers the body as it is. */
  text(request: ApiRequest): Promise<string>;
  /** Answers the body as lines of a watch, each decoded. */
  watch<T>(request: ApiRequest): AsyncGenerator<T>;
  close(): Promise<void>;
}

/** The API server refused: its status, and its own words. */
export class ApiStatusError extends Error {
  readonly status: number;
  constructor(request: ApiRequest, status: number, message: string) {
    super(`${request.method ?? 'GET'} ${request.path}: ${status} ${message}`);
    this.name = 'ApiStatusError';
    this.status = status;
  }
}

/** Connects as the current context of `kubeconfig` says; `connections` bounds what is in flight. */
export async function connectToApi(kubeconfig: string, connections = 20): Promise<ApiClient> {
  const config = new KubeConfig();
  config.loadFromString(readFileSync(kubeconfig, 'utf8'));
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error(`${kubeconfig} has no current cluster. Set its current-context.`);
  const tls: RequestOptions = {};
  await config.applyToHTTPSOptions(tls);
  const token = config.getCurrentUser()?.token;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { ca, cert, key, rejectUnauthorized } = tls;
  const pool = new Pool(new URL(cluster.server).origin, {
    connections,
    connect: Object.fromEntries(
      Object.entries({ ca, cert, key, rejectUnauthorized }).filter(([, value]) => value !== undefined),
    ),
    bodyTimeout: 0,
  });
  return clientOver(pool, headers);
}

function clientOver(pool: Pool, headers: Record<string, string>): ApiClient {
  const send = async (request: ApiRequest): Promise<Dispatcher.ResponseData> => {
    const { method = 'GET', path, body, contentType = 'application/json', signal } = request;
    const response = await pool.request({
      method,
      path,
      headers: body === undefined ? headers : { ...headers, 'content-type': contentType },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
    if (response.statusCode < 300) return response;
    throw new ApiStatusError(request, response.statusCode, messageOf(await response.body.text()));
  };
  return {
    json: async <T>(request: ApiRequest) => (await (await send(request)).body.json()) as T,
    text: async (request) => (await send(request)).body.text(),
    async *watch<T>(request: ApiRequest) {
      const { body } = await send(request);
      for await (const line of linesOf(body)) yield JSON.parse(line) as T;
    },
    close: () => pool.destroy(),
  };
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text.slice(0, 200);
  }
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
}
