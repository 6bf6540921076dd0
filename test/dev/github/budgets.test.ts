import type { GitHubOptions, GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { GitHubCallRecord } from '../../../src/github/call-record.ts';
import { createScaleSetClient } from '../../../src/github/create-scale-set-client.ts';
import type { RateLimitWaits } from '../../../src/github/rate-limit-waits.ts';
import { createRateLimitWaits } from '../../../src/github/rate-limit-waits.ts';
import type { ScaleSetClient } from '../../../src/github/scale-set-client.ts';

/** The budgets of the REST API, as the headers of its answers tell them and our client reads them. */
let github: GitHubStandIn;
let seen: GitHubCallRecord[];

const start = async (options: GitHubOptions = {}): Promise<void> => {
  github = await startGitHub(options);
  seen = [];
};

afterEach(() => github.stop());

const client = (pauses?: RateLimitWaits): ScaleSetClient =>
  createScaleSetClient({
    pauses,
    configUrl: github.configUrl('org/repo'),
    credentials: { kind: 'token', token: github.token },
    registrationWaitsMs: [],
    observe: (observation) => seen.push(observation),
  });

const hour = 3_600_000;

/** Asks for a registration token. @returns the status, and what is told of the budget */
async function ask(): Promise<Record<string, string | number | null>> {
  const { status, headers } = await fetch(`${github.url}/orgs/o/actions/runners/registration-token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${github.token}` },
  });
  const told = ['limit', 'remaining', 'used', 'reset', 'resource'].map(
    (name) => [name, headers.get(`x-ratelimit-${name}`)] as const,
  );
  return { status, ...Object.fromEntries(told) };
}

it('are told with each answer of the REST API, and read by the client; the Actions service has none', async () => {
  await start();
  await client().getRunner(1);
  await client().getRunner(1);
  const resetAt = expect.any(Number) as number;
  const told = (resource: string, limit: number, remaining: number) => ({
    rateLimit: { resource, limit, remaining, resetAt },
  });
  expect(seen.map(({ rateLimit }) => ({ rateLimit }))).toEqual([
    told('core', 5_000, 4_999),
    told('actions_runner_registration', 10_000, 9_999),
    { rateLimit: undefined },
    told('core', 5_000, 4_998),
    told('actions_runner_registration', 10_000, 9_998),
    { rateLimit: undefined },
  ]);
});

it('are whole again after an hour; until then, one request too many is refused', async () => {
  const startAt = Date.parse('2026-01-01T00:00:00Z');
  await start({ rateLimits: { core: 2 }, startAt, isStill: true });
  const budget = { limit: '2', reset: String((startAt + hour) / 1_000), resource: 'core' };
  expect(await ask()).toEqual({ status: 201, ...budget, remaining: '1', used: '1' });
  github.admin.advanceClock(hour - 1_000);
  expect(await ask()).toEqual({ status: 201, ...budget, remaining: '0', used: '2' });
  expect(await ask()).toEqual({ status: 403, ...budget, remaining: '0', used: '2' });
  github.admin.advanceClock(1_000);
  expect(await ask()).toMatchObject({ status: 201, remaining: '1', reset: String(startAt / 1_000 + 7_200) });
});

it('that are used up make the client wait for the reset: before it is refused, or because it was', async () => {
  await start({ rateLimits: { core: 1, actions_runner_registration: 5 } });
  const pauses = createRateLimitWaits();
  // The last token that the budget allowed is of use: registering has a budget of its own.
  expect(await client(pauses).getRunner(1)).toBeUndefined();
  expect(seen).toMatchObject([
    { status: 201, rateLimit: { resource: 'core', remaining: 0 } },
    { status: 200, rateLimit: { resource: 'actions_runner_registration', remaining: 4 } },
    { service: 'actions' },
  ]);
  await expect(client(pauses).getRunner(1)).rejects.toMatchObject({ decision: 'retry-after' });
  expect(seen).toHaveLength(3);
  await expect(client().getRunner(1)).rejects.toMatchObject({ decision: 'retry-after' });
  expect(seen.slice(3)).toMatchObject([{ status: 403, rateLimit: { resource: 'core', remaining: 0 } }]);
  expect(seen.at(-1)?.rateLimit?.resetAt).toBeGreaterThan(Date.now() + hour / 2);
});

it('a used-up budget for registrations costs no tokens: none is asked for that could not be used', async () => {
  await start({ rateLimits: { core: 5, actions_runner_registration: 1 } });
  const pauses = createRateLimitWaits();
  expect(await client(pauses).getRunner(1)).toBeUndefined();
  for (let i = 0; i < 3; i += 1)
    await expect(client(pauses).getRunner(1)).rejects.toMatchObject({ decision: 'retry-after' });
  expect(github.admin.stats().calls.registrationtoken?.count).toBe(1);
  expect(pauses.current()).toMatchObject([{ scope: 'rest', resource: 'actions_runner_registration' }]);
});

it('are not limited on a server, unless its administrator says so', async () => {
  await start({ style: 'ghes' });
  expect(await ask()).toMatchObject({ status: 201, limit: null, remaining: null, resource: null });
  await github.stop();
  await start({ style: 'ghes', rateLimits: { core: 60 } });
  expect(await ask()).toMatchObject({ status: 201, limit: '60', remaining: '59' });
});
