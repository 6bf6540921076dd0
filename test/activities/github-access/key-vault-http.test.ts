import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPipelineRequest } from '@azure/core-rest-pipeline';
import type { PipelineRequestOptions } from '@azure/core-rest-pipeline';
import { Agent } from 'undici';
import { httpClientOver } from '../../../src/activities/github-access/key-vault-http.ts';

let server: Server;
let dispatcher: Agent;
let url: string;
let seen: { method?: string; headers: IncomingMessage['headers']; body: string }[];
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  seen = [];
  answer = (response) => void response.end('ok');
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ method: request.method!, headers: request.headers, body });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secrets/arc`;
  dispatcher = new Agent();
});
afterEach(async () => {
  await dispatcher.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const send = (options: Partial<PipelineRequestOptions> = {}) =>
  httpClientOver(dispatcher).sendRequest(
    createPipelineRequest({ url, allowInsecureConnection: true, ...options }),
  );

test('method, headers and body arrive as they are, and ask for no compression', async () => {
  const request = createPipelineRequest({ url, method: 'POST', body: 'a=b' });
  request.headers.set('authorization', 'Bearer x');
  request.headers.set('accept-encoding', 'gzip');
  await httpClientOver(dispatcher).sendRequest(request);
  expect(seen).toMatchObject([{ method: 'POST', body: 'a=b', headers: { authorization: 'Bearer x' } }]);
  expect(seen[0]?.headers).not.toHaveProperty('accept-encoding');
});

test('status, headers and text come back, also of a refusal', async () => {
  answer = (response) => {
    response.writeHead(401, { 'www-authenticate': 'Bearer', 'set-cookie': ['a=1', 'b=2'] }).end('{"no":1}');
  };
  const { status, headers, bodyAsText } = await send();
  expect({ status, bodyAsText }).toEqual({ status: 401, bodyAsText: '{"no":1}' });
  expect(headers.get('www-authenticate')).toBe('Bearer');
  expect(headers.get('set-cookie')).toBe('a=1, b=2');
});

test.each<[string, (response: ServerResponse) => void, string]>([
  [
    'an answer of more than a megabyte',
    (response) => void response.end('x'.repeat(1_100_000)),
    'ANSWER_TOO_LARGE',
  ],
  ['a connection that breaks', (response) => void response.socket?.destroy(), 'UND_ERR_SOCKET'],
])('%s is told by its code alone', async (_what, behave, code) => {
  answer = behave;
  await expect(send()).rejects.toMatchObject({ name: 'RestError', message: 'No answer came.', code });
});

test('nobody at that address is told by its code', async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await expect(send()).rejects.toMatchObject({ name: 'RestError', code: 'ECONNREFUSED' });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
});

test('who no longer waits gets its own reason, not a failure of the network', async () => {
  answer = () => undefined;
  const controller = new AbortController();
  const reason = new Error('the time is over');
  const sent = send({ abortSignal: controller.signal });
  setTimeout(() => controller.abort(reason), 50);
  await expect(sent).rejects.toBe(reason);
});
