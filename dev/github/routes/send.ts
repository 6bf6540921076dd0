import type { ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';

/** Writes an answer as JSON; one without JSON has no body. */
export function send(response: ServerResponse, { status, json, headers }: Answer): void {
  sendBytes(response, { status, headers, bytes: json === undefined ? undefined : JSON.stringify(json) });
}

/** An answer as it goes over the wire; JSON unless another type is given. */
export interface Bytes {
  status: number;
  headers?: Record<string, string> | undefined;
  bytes?: string | Buffer | undefined;
  contentType?: string;
}

/** Writes an answer, unless the caller has gone. */
export function sendBytes(response: ServerResponse, { status, headers, bytes, contentType }: Bytes): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    ...(bytes !== undefined && { 'content-type': contentType ?? 'application/json; charset=utf-8' }),
    ...(status !== 204 && { 'content-length': Buffer.byteLength(bytes ?? '') }),
    ...headers,
  });
  response.end(bytes);
}
