import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';

interface StoredObject {
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
    labels?: Record<string, string>;
  };
  [field: string]: unknown;
}

interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: StoredObject;
  version: number;
}

/** A one-shot fault: answers the next request that it matches. */
export interface Fault {
  matches?: (request: { method: string; url: URL }) => boolean;
  status: number;
  body?: string;
  headers?: Record<string, string>;
}

/**
 * A stand-in for an API server, over real HTTP: objects of any one collection, lists in pages, watches, and one-shot
 * faults. Speaks the API's protocol as far as the client does.
 */
export class ApiServer {
  readonly requests: { method: string; url: URL; headers: IncomingMessage['headers']; body: string }[] = [];
  /** How many were opened so far. */
  connections = 0;
  /** Leaves requests unanswered. */
  silent = false;
  #objects = new Map<string, StoredObject>();
  #changes: Change[] = [];
  #version = 100;
  #oldest = 0;
  #faults: Fault[] = [];
  #watches = new Set<ServerResponse>();
  #server = createServer((request, response) => void this.#serve(request, response));

  constructor() {
    this.#server.on('connection', () => (this.connections += 1));
  }

  async start(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends at once, as a killed process does. */
  async kill(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  kubeConfig(user: Partial<Parameters<KubeConfig['addUser']>[0]> = { token: 'test-token' }): KubeConfig {
    const config = new KubeConfig();
    const server = `http://127.0.0.1:${this.port}`;
    config.loadFromClusterAndUser({ name: 'c', server, skipTLSVerify: true }, { name: 'u', ...user });
    return config;
  }

  put(name: string, content: Record<string, unknown> = {}): StoredObject {
    const old = this.#objects.get(name);
    const version = ++this.#version;
    const uid = old?.metadata.uid ?? `uid-${version}`;
    const object: StoredObject = { ...content, metadata: { name, uid, resourceVersion: String(version) } };
    this.#objects.set(name, object);
    this.#change({ type: old ? 'MODIFIED' : 'ADDED', object, version });
    return object;
  }

  remove(name: string): void {
    const old = this.#objects.get(name);
    if (!old) return;
    const version = ++this.#version;
    this.#objects.delete(name);
    const object = { ...old, metadata: { ...old.metadata, resourceVersion: String(version) } };
    this.#change({ type: 'DELETED', object, version });
  }

  failNext(fault: Fault): void {
    this.#faults.push(fault);
  }

  /** Forgets the changes so far: older versions have expired. */
  compact(): void {
    this.#oldest = this.#version;
    this.#changes = [];
  }

  /** Another, empty store whose versions start anew. */
  wipe(version = 1): void {
    this.#objects.clear();
    this.#changes = [];
    this.#version = version;
    this.#oldest = 0;
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  sendToWatches(text: string): void {
    for (const response of this.#watches) response.write(text);
  }

  sendBookmark(version = this.#version): void {
    const object = { metadata: { resourceVersion: String(version) } };
    this.sendToWatches(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  endWatches(): void {
    for (const response of this.#watches) response.end();
  }

  breakWatches(): void {
    for (const response of this.#watches) response.destroy();
  }

  #change(change: Change): void {
    this.#changes.push(change);
    this.sendToWatches(lineOf(change));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const url = new URL(request.url ?? '', 'http://server');
    const method = request.method ?? '';
    this.requests.push({ method, url, headers: request.headers, body });
    const index = this.#faults.findIndex(({ matches }) => matches?.({ method, url }) ?? true);
    const [fault] = index === -1 ? [] : this.#faults.splice(index, 1);
    if (this.silent) return;
    if (fault) response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
    else if (url.searchParams.has('watch')) this.#watch(response, url);
    else this.#answer(response, { method, url, body });
  }

  #answer(response: ServerResponse, { method, url, body }: { method: string; url: URL; body: string }): void {
    const name = /\/[a-z]+\/([^/]+)(\/status|\/scale)?$/.exec(
      url.pathname.replace(/.*\/namespaces\/[^/]+/, ''),
    )?.[1];
    if (method === 'POST') {
      this.#create(response, JSON.parse(body) as StoredObject);
      return;
    }
    if (name === undefined) {
      this.#list(response, url);
      return;
    }
    const object = this.#objects.get(name);
    if (!object) {
      send(response, 404, status(404, 'NotFound', `pods "${name}" not found`));
      return;
    }
    if (method === 'DELETE') this.remove(name);
    const changed =
      method === 'PATCH' ? this.put(name, { ...object, ...(JSON.parse(body) as object) }) : object;
    send(response, 200, changed);
  }

  #create(response: ServerResponse, object: StoredObject): void {
    const { name } = object.metadata;
    if (this.#objects.has(name)) {
      send(response, 409, status(409, 'AlreadyExists', `pods "${name}" already exists`));
    } else {
      send(response, 201, this.put(name, object));
    }
  }

  #list(response: ServerResponse, url: URL): void {
    const [version, from] = (url.searchParams.get('continue') ?? `${this.#version}:0`).split(':').map(Number);
    if (version! < this.#oldest) {
      send(response, 410, status(410, 'Expired', 'The continue token is too old.'));
      return;
    }
    const all = [...this.#objects.values()];
    const limit = Number(url.searchParams.get('limit')) || all.length;
    const items = all.slice(from, from! + limit);
    const next = from! + limit < all.length ? `${version}:${from! + limit}` : undefined;
    send(response, 200, {
      kind: 'List',
      metadata: { resourceVersion: String(version), continue: next },
      items,
    });
  }

  #watch(response: ServerResponse, url: URL): void {
    const from = Number(url.searchParams.get('resourceVersion'));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (from < this.#oldest) {
      const object = status(410, 'Expired', `too old resource version: ${from} (${this.#oldest})`);
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    for (const change of this.#changes) if (change.version > from) response.write(lineOf(change));
    this.#watches.add(response);
    response.on('close', () => this.#watches.delete(response));
  }
}

const lineOf = ({ type, object }: Change): string => `${JSON.stringify({ type, object })}\n`;

const send = (response: ServerResponse, code: number, body: object): void => {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

export const status = (...[code, reason, message, details]: [number, string, string, object?]) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message,
  ...(details && { details }),
});

/** Waits, 5 s at most, until `test` holds. */
export async function eventually(test: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (test()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never came true: ${test.toString()}`);
}
