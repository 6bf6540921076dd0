import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Answer } from './routes/answer.ts';
import { exception, ok } from './routes/answer.ts';
import type { Fault, FaultKind } from './protocol.ts';
import { send, sendBytes } from './routes/send.ts';

interface Scene {
  fault: Fault;
  response: ServerResponse;
  /** Does what the call asks for. */
  act: () => Promise<Answer>;
}

type Behaviour = (scene: Scene) => void | Promise<void>;

/** Answers a call in the way the fault says. */
export const misbehave = async (
  fault: Fault,
  response: ServerResponse,
  act: () => Promise<Answer>,
): Promise<void> => BEHAVIOURS[fault.kind]({ fault, response, act });

const HUGE_BYTES = 10 * 1024 * 1024;

const DRIP_MS = 50;

const BEHAVIOURS: Record<FaultKind, Behaviour> = {
  status: ({ fault, response }) => {
    const { status = 500, typeName = 'StandInException', message = 'a fault of the stand-in' } = fault;
    const answer = fault.json === undefined ? exception(status, typeName, message) : ok(fault.json, status);
    send(response, { ...answer, headers: { ...retryAfter(fault), ...fault.headers } });
  },
  text: ({ fault: { status = 400, message = 'a fault of the stand-in' }, response }) =>
    sendBytes(response, { status, bytes: message, contentType: 'text/plain' }),
  empty: ({ fault: { status = 200 }, response }) => sendBytes(response, { status }),
  timeout: () => undefined,
  slow: async ({ fault: { latencyMs = 1_000 }, response, act }) => {
    await sleep(latencyMs);
    send(response, await act());
  },
  reset: ({ response }) => void response.socket?.resetAndDestroy(),
  'lost-answer': async ({ response, act }) => {
    await act();
    response.socket?.resetAndDestroy();
  },
  html: ({ fault: { status = 200 }, response }) =>
    sendBytes(response, {
      status,
      bytes: '<html><body><h1>Unicorn!</h1></body></html>',
      contentType: 'text/html',
    }),
  members: async ({ fault: { json: members }, response, act }) => {
    const { status, json } = await act();
    send(response, { status, json: { ...(json as object), ...(members as object) } });
  },
  truncated: changed((json) => json.slice(0, json.length / 2)),
  'wrong-types': changed((json) => JSON.stringify(JSON.parse(json, swapped))),
  missing: (scene) => {
    const names = Array.isArray(scene.fault.json) ? scene.fault.json : [];
    return changed((json) => rewritten(json, (object) => withoutMembers(object, names)))(scene);
  },
  foreign: changed((json) => rewritten(json, (object) => ({ ...object, nobodyKnows: [null, 1] }))),
  reordered: changed((json) => rewritten(json, (object) => object, reversed)),
  huge: ({ response }) => sendBytes(response, { status: 200, bytes: `"${'x'.repeat(HUGE_BYTES)}"` }),
  drip: ({ response }) => drip(response),
  'redirect-loop': ({ fault: { status = 307 }, response }) =>
    sendBytes(response, { status, headers: { location: response.req.url ?? '/' } }),
  bom: changed((json) => `\uFEFF${json}`),
  gzip: async ({ response, act }) => {
    const { status, json } = await act();
    sendBytes(response, {
      status,
      bytes: gzipSync(JSON.stringify(json)),
      headers: { 'content-encoding': 'gzip' },
    });
  },
};

const retryAfter = ({ retryAfter: seconds }: Fault): Record<string, string> =>
  seconds === undefined ? {} : { 'retry-after': String(seconds) };

function changed(change: (json: string) => string): Behaviour {
  return async ({ response, act }) => {
    const { status, json } = await act();
    sendBytes(response, { status, bytes: json === undefined ? undefined : change(JSON.stringify(json)) });
  };
}

type Members = Record<string, unknown>;

const same = (list: unknown[]): unknown[] => list;

const reversed = (list: unknown[]): unknown[] => list.toReversed();

const withoutMembers = (object: Members, names: readonly unknown[]): Members =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

/** Every object and every list changed, those included that stand as JSON in a text, as the elements of a message do. */
function rewritten(
  json: string,
  ofObject: (object: Members) => Members,
  ofList: (list: unknown[]) => unknown[] = same,
): string {
  return JSON.stringify(exactValue(json), (_name, value: unknown) => {
    if (typeof value === 'string' && /^[[{]./.test(value)) return rewritten(value, ofObject, ofList);
    if (Array.isArray(value)) return ofList(value);
    return isMembers(value) ? ofObject(value) : value;
  });
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !exact.isRawJSON(value);

// In Node since 22; TypeScript's library does not have it yet.
const exact = JSON as unknown as {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
  parse(
    text: string,
    reviver: (name: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
};

/** Numbers keep all their digits: ids have 64 bits. */
const exactValue = (json: string): unknown =>
  exact.parse(json, (_name, value, { source = '' }) =>
    typeof value === 'number' ? exact.rawJSON(source) : value,
  );

function swapped(_name: string, value: unknown): unknown {
  if (typeof value === 'string') return value.length;
  return typeof value === 'number' ? `not ${value}` : value;
}

function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), DRIP_MS);
  response.once('close', () => clearInterval(timer));
}
