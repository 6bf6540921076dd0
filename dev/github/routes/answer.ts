import type { IncomingHttpHeaders } from 'node:http';
import type { CallName } from '../protocol.ts';

/** A request as a route sees it. */
export interface Call {
  /** Groups of the route's pattern. */
  params: string[];
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Parsed JSON; `{}` without a body. */
  body: Record<string, unknown>;
  /** The body as it came. */
  text: string;
  /** Aborts when the client has gone. */
  gone: AbortSignal;
}

/** What a route answers; without `json`, no body. */
export interface Answer {
  status: number;
  json?: unknown;
  headers?: Record<string, string>;
}

/** One call that the stand-in understands. */
export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Matched against the end of the path. */
  path: RegExp;
  /** Absent for the stand-in's own interface, which has no faults and is not logged. */
  name?: CallName;
  handle: (call: Call) => Answer | Promise<Answer>;
}

/** An answer that all is well. */
export const ok = (json: unknown, status = 200): Answer => ({ status, json });

/** The same with nothing to say. */
export const noContent: Answer = { status: 204 };

/** A refusal as the Actions service words it. */
export const exception = (status: number, typeName: string, message: string): Answer => ({
  status,
  json: { $id: '1', typeName: `GitHub.${typeName}, GitHub`, typeKey: typeName, message, errorCode: 0 },
});

/** A refusal as the REST API words it. */
export const refusal = (status: number, message: string): Answer => ({ status, json: { message } });
