import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { createRequester } from '../../src/github/transport/http.ts';
import type { GitHubRequest, Requester } from '../../src/github/transport/http.ts';
import type { GitHubCallRecord } from '../../src/github/call-record.ts';
import { createRateLimitWaits } from '../../src/github/rate-limit-waits.ts';

/** A server that tells its budget in each answer, as GitHub's REST API does. */
let server: Server;
let base: string;
let answers: { status: number; remaining: number; more?: Record<string, string>; body?: string }[];
let sent: number;
let seen: GitHubCallRecord[];
let request: Requester;

const SECONDARY = '{"message":"You have exceeded a secondary rate limit."}';

const now = Date.parse('2026-01-01T00:00:00Z');
const dispatcher = new Agent();

beforeEach(async () => {
  [answers, sent, seen] = [[], 0, []];
  server = createServer((_incoming, response) => {
    sent += 1;
    const { status, remaining, more, body = '{}' } = answers.shift() ?? { status: 500, remaining: 0 };
    const headers = {
      'x-ratelimit-limit': '1000',
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-reset': String(now / 1000 + 60),
      'x-ratelimit-resource': 'actions_runner_registration',
      ...more,
    };
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  request = createRequester({
    configUrl: 'https://github.com/org',
    pause: createRateLimitWaits({ now: () => now }).of('https://github.com/org'),
    dispatcher,
    clock: { now: () => now },
    observe: (observation) => seen.push(observation),
  });
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});
afterAll(() => dispatcher.destroy());

const call = (operation: GitHubRequest['operation']): Promise<unknown> =>
  request({
    operation,
    service: operation === 'get-runner' ? 'actions' : 'rest',
    method: 'POST',
    url: new URL(`${base}/x`),
    headers: {},
    ok: [201],
  });

it('the budget that is left is told with each answer, also with a refusal', async () => {
  answers = [
    { status: 201, remaining: 7 },
    { status: 401, remaining: 6 },
  ];
  await call('register');
  await expect(call('register')).rejects.toMatchObject({ decision: 'refused' });
  const budget = { resource: 'actions_runner_registration', limit: 1000, resetAt: now + 60_000 };
  expect(seen).toMatchObject([
    { configUrl: 'https://github.com/org', rateLimit: { ...budget, remaining: 7 } },
    { configUrl: 'https://github.com/org', rateLimit: { ...budget, remaining: 6 } },
  ]);
});

it.each([
  ['an answer that leaves nothing', 201],
  ['a refusal for lack of budget', 403],
])('%s holds back what draws on it until the reset, and nothing else', async (_, status) => {
  answers = [
    { status, remaining: 0 },
    { status: 201, remaining: 9, more: { 'x-ratelimit-resource': 'core' } },
    { status: 201, remaining: 0 },
  ];
  await call('register').catch(() => undefined);
  await expect(call('register')).rejects.toMatchObject({ decision: 'retry-after', retryAfterMs: 60_000 });
  expect(sent).toBe(1);
  await call('create-registration-token');
  await call('get-runner');
  expect(sent).toBe(3);
});

it.each([
  ['a pause', { status: 429, remaining: 5, more: { 'retry-after': '60' } }],
  [
    'a pause, though a budget is used up as well',
    { status: 403, remaining: 0, more: { 'retry-after': '60' } },
  ],
  ['to mind a secondary limit', { status: 403, remaining: 5, body: SECONDARY }],
  ['to mind a secondary limit until the reset', { status: 403, remaining: 0, body: SECONDARY }],
  [
    'to wait for a budget without a name',
    { status: 403, remaining: 0, more: { 'x-ratelimit-resource': 'new' } },
  ],
])('asked %s, the REST API waits as a whole', async (_, answer) => {
  answers = [answer];
  await expect(call('register')).rejects.toMatchObject({ decision: 'retry-after', retryAfterMs: 60_000 });
  await expect(call('create-registration-token')).rejects.toMatchObject({ retryAfterMs: 60_000 });
  expect(sent).toBe(1);
});
