import { GitHubError } from '../../src/github/errors.ts';
import type { RateLimitWaits } from '../../src/github/rate-limit-waits.ts';
import { createRateLimitWaits } from '../../src/github/rate-limit-waits.ts';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../../src/kubernetes/client/create-client.ts';
import { RATE_LIMITS_CONFIG_MAP } from '../../src/kubernetes/permissions.ts';
import { shareRateLimits } from '../../src/workers/share-rate-limits.ts';
import { ApiServer, eventually, status } from '../kubernetes/client/api-server.ts';

const ORG = 'https://github.com/org';

let api: ApiServer;
let kubernetes: KubernetesClient;
let logged: string[];
let stops: (() => Promise<void>)[];

beforeEach(async () => {
  api = new ApiServer();
  await api.start();
  kubernetes = createKubernetesClient({ kubeConfig: api.kubeConfig() });
  [logged, stops] = [[], []];
});

afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  await kubernetes.close();
  await api.kill();
});

/** A worker that is told of pauses by GitHub, and by others. */
function worker(): RateLimitWaits {
  const pauses = createRateLimitWaits();
  const log = (message: string, facts: object): void =>
    void logged.push(`${message} ${JSON.stringify(facts)}`);
  stops.push(shareRateLimits({ pauses, kubernetes, namespace: 'arc', log }));
  return pauses;
}

const limit = (pauses: RateLimitWaits, seconds: number, configUrl = ORG): void =>
  pauses
    .of(configUrl)
    .learn(
      { service: 'actions', operation: 'get-runner' },
      new GitHubError({ decision: 'retry-after', message: 'wait', retryAfterMs: seconds * 1000 }),
    );

const writes = () => api.requests.filter(({ method }) => method === 'POST' || method === 'PATCH');
const entry = (seconds: number, configUrl = ORG): string =>
  JSON.stringify({ configUrl, scope: 'all', until: new Date(Date.now() + seconds * 1000).toISOString() });

it('what one worker is told reaches the others, and those that come later', async () => {
  const [first, second] = [worker(), worker()];
  await eventually(() => api.openWatches === 2);
  limit(first, 30);
  await eventually(() => second.current().length === 1);
  expect(second.current()).toEqual(first.current());
  const third = worker();
  await eventually(() => third.current().length === 1);
  expect(third.current()).toEqual(first.current());
  expect(writes().map(({ method }) => method)).toEqual(['PATCH', 'POST']);
});

it('many calls that are refused within a moment make one write, and a longer pause another', async () => {
  const pauses = worker();
  for (const seconds of [30, 30.2, 30.4, 30.6]) limit(pauses, seconds);
  limit(pauses, 40);
  await eventually(() => writes().length === 3);
  expect(writes().map(({ method }) => method)).toEqual(['PATCH', 'POST', 'PATCH']);
});

it('takes over only what is an entry of ours, and clears away what has ended', async () => {
  api.put(RATE_LIMITS_CONFIG_MAP, {
    data: { junk: 'no JSON', list: '[]', ended: entry(-120), other: entry(20, 'https://github.com/b') },
  });
  const pauses = worker();
  await eventually(() => pauses.current().length === 1);
  expect(pauses.current()).toMatchObject([{ configUrl: 'https://github.com/b', scope: 'all' }]);
  limit(pauses, 30);
  await eventually(() => writes().length === 1);
  const { data } = JSON.parse(writes()[0]!.body) as { data: Record<string, string | null> };
  expect(data).toMatchObject({ junk: null, list: null, ended: null });
  expect(data).not.toHaveProperty('other');
});

it('a used-up budget is told apart from the REST API as a whole, and both in words that each version reads', async () => {
  const [first, second] = [worker(), worker()];
  await eventually(() => api.openWatches === 2);
  const register = { service: 'rest', operation: 'register' } as const;
  const resource = 'actions_runner_registration';
  const resetAt = Math.ceil(Date.now() / 1000) * 1000 + 60_000;
  first.of(ORG).heed(register, { resource, limit: 10_000, remaining: 0, resetAt });
  first
    .of(ORG)
    .learn(register, new GitHubError({ decision: 'retry-after', message: 'wait', retryAfterMs: 30_000 }));
  await eventually(() => second.current().length === 2);
  expect(second.current()).toEqual(first.current());
  const posted = writes().flatMap(({ body }) => {
    const { data } = JSON.parse(body) as { data: Record<string, string> };
    return Object.entries(data).map(([key, text]) => [key, JSON.parse(text) as object] as const);
  });
  const until = new Date(resetAt).toISOString();
  expect(new Map(posted)).toEqual(
    new Map([
      [
        expect.stringMatching(/^rest-actions_runner_registration-[0-9a-f]{16}$/),
        { configUrl: ORG, scope: 'rest', resource, until },
      ],
      [expect.stringMatching(/^rest-[0-9a-f]{16}$/), expect.objectContaining({ scope: 'rest' })],
    ]),
  );
});

it.each([
  ['of the version before, without a budget', {}],
  ['for a budget that only a later version knows', { resource: 'tokens' }],
  ['with anything else for a budget', { resource: { core: 1 } }],
])('an entry %s holds back the whole REST API', async (_, more) => {
  const until = new Date(Date.now() + 20_000);
  const text = JSON.stringify({ configUrl: ORG, scope: 'rest', ...more, until: until.toISOString() });
  api.put(RATE_LIMITS_CONFIG_MAP, { data: { 'rest-0123456789abcdef': text } });
  const pauses = worker();
  await eventually(() => pauses.current().length === 1);
  expect(pauses.current()).toEqual([{ configUrl: ORG, scope: 'rest', until: until.getTime() }]);
});

it('without the right to read or write, a worker says so once and keeps its own pauses', async () => {
  const denied = { status: 403, body: JSON.stringify(status(403, 'Forbidden', 'not allowed')) };
  for (let i = 0; i < 4; i += 1) api.failNext({ ...denied, matches: ({ method }) => method === 'GET' });
  api.failNext({ ...denied, matches: ({ method }) => method === 'PATCH' });
  const pauses = worker();
  limit(pauses, 30);
  await eventually(() => writes().length === 1 && logged.length === 2);
  await eventually(() => api.openWatches === 1);
  expect(logged.filter((line) => line.includes('cannot be read'))).toHaveLength(1);
  expect(logged.filter((line) => line.includes('could not be told'))).toHaveLength(1);
  expect(pauses.current()).toHaveLength(1);
});
