import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import type { RunnerState } from './life.ts';
import type { Rule, Rules } from './rules.ts';

/**
 * The controls over HTTP, for people and for tests in another process; loopback only, no authentication.
 *
 * | request | |
 * |---|---|
 * | `GET /runners` | 200 `RunnerView[]` |
 * | `POST /runners/{namespace}/{pod}/end` `{ exitCode }` | 204, or 404 when no such runner lives |
 * | `POST /runners/{namespace}/{pod}/evict` | 204 or 404 |
 * | `POST /runners/{namespace}/{pod}/disconnect` | 204 or 404 |
 * | `POST /runners/{namespace}/{pod}/wait` `{ reason }` | 204 or 404 |
 * | `GET`, `POST`, `DELETE /rules` `Rule` | 200 `Rule[]`; 204 |
 */
export function createAdmin(controls: RunnerControls): Server {
  return createServer((request, response) => {
    answer(controls, request).then(
      ({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(body === undefined ? undefined : JSON.stringify(body));
      },
      (error: unknown) => {
        response.writeHead(400, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ message: String(error) }));
      },
    );
  });
}

interface Answer {
  status: number;
  body?: unknown;
}

async function answer(controls: RunnerControls, request: IncomingMessage): Promise<Answer> {
  const [, room, namespace = '', pod = '', action] = (request.url ?? '').split('/').map(decodeURIComponent);
  if (room === 'rules') return answerRules(controls, request);
  if (room !== 'runners') return { status: 404 };
  if (request.method === 'GET') return { status: 200, body: controls.list() };
  const body = await bodyOf(request);
  const key = { namespace, name: pod };
  const actions: Record<string, () => boolean> = {
    end: () => controls.end(key, Number(body['exitCode'] ?? 0)),
    evict: () => controls.evict(key),
    disconnect: () => controls.disconnect(key),
    wait: () => controls.wait(key, reasonOf(body)),
  };
  const done = actions[action ?? '']?.() ?? false;
  return { status: done ? 204 : 404 };
}

async function answerRules({ rules }: RunnerControls, request: IncomingMessage): Promise<Answer> {
  if (request.method === 'GET') return { status: 200, body: rules.list() };
  if (request.method === 'DELETE') rules.clear();
  else rules.add(ruleFrom(await bodyOf(request)));
  return { status: 204 };
}

const ruleFields = [
  'set',
  'namespace',
  'exitCode',
  'evict',
  'waiting',
  'container',
  'failedMount',
  'unstarted',
  'restarts',
  'delayMs',
  'lingerMs',
  'times',
] satisfies (keyof Rule)[];

function ruleFrom(body: Record<string, unknown>): Rule {
  const unknown = Object.keys(body).filter((field) => !ruleFields.some((known) => known === field));
  if (unknown.length > 0)
    throw new Error(`No such field: ${unknown.join(', ')}. Known: ${ruleFields.join(', ')}.`);
  return body;
}

function reasonOf({ reason }: Record<string, unknown>): string {
  return typeof reason === 'string' ? reason : 'ErrImagePull';
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

/** Names a runner by its pod. */
export interface PodKey {
  namespace: string;
  name: string;
}

/** One runner that lives. */
export interface RunnerView extends PodKey {
  state: RunnerState;
}

/** What a test or a person can do to the runners. Each answers false when no such runner lives. */
export interface RunnerControls {
  list(): RunnerView[];
  /** Ends the container `runner` with this code; a busy runner takes its job with it unless the code is 0. */
  end(pod: PodKey, exitCode: number): boolean;
  evict(pod: PodKey): boolean;
  /** Takes the runner off GitHub for good while its pod goes on, as when its network is lost. */
  disconnect(pod: PodKey): boolean;
  /** Lets the container wait with a reason such as ErrImagePull, for ever. */
  wait(pod: PodKey, reason: string): boolean;
  /** What happens to pods that are yet to come. */
  readonly rules: Rules;
}
