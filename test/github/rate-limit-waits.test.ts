import { GitHubError } from '../../src/github/errors.ts';
import { createRateLimitWaits } from '../../src/github/rate-limit-waits.ts';
import type { GitHubCall, WaitNotice, RateLimitWaits } from '../../src/github/rate-limit-waits.ts';

const ORG = 'https://github.com/org';

let now: number;
let pauses: RateLimitWaits;
let learned: WaitNotice[];

beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z');
  pauses = createRateLimitWaits({ now: () => now });
  learned = [];
  pauses.onLearned((notice) => learned.push(notice));
});

const limited = (seconds: number, usedUpBudget?: string): GitHubError =>
  new GitHubError({
    decision: 'retry-after',
    message: 'slow down',
    retryAfterMs: seconds * 1000,
    usedUpBudget,
  });

const installation: GitHubCall = { service: 'rest', operation: 'create-installation-token' };
const token: GitHubCall = { service: 'rest', operation: 'create-registration-token' };
const register: GitHubCall = { service: 'rest', operation: 'register' };
/** One that nobody has said yet which budget it draws on. */
const another: GitHubCall = { service: 'rest', operation: 'get-runner' };
const actions: GitHubCall = { service: 'actions', operation: 'get-runner' };
const queue: GitHubCall = { service: 'queue', operation: 'get-message' };

const subject = { method: 'POST', url: new URL('https://api.github.com/x') };

const isHeld = (call: GitHubCall, configUrl = ORG): boolean => {
  try {
    pauses.of(configUrl).check({ ...subject, ...call });
    return false;
  } catch (error) {
    expect(error).toMatchObject({ decision: 'retry-after' });
    return true;
  }
};

describe('a pause', () => {
  it.each([
    ['the REST API', token, { rest: true, others: false }],
    ['the Actions service', actions, { rest: true, others: true }],
    ['the queue', queue, { rest: true, others: true }],
  ])(
    'that %s asked for holds back the REST API as a whole, and the others if it is not its own',
    (_, told, held) => {
      pauses.of(ORG).learn(told, limited(30));
      for (const call of [installation, token, register, another]) expect(isHeld(call)).toBe(held.rest);
      for (const call of [actions, queue]) expect(isHeld(call)).toBe(held.others);
    },
  );

  it('is for its config URL only, in whatever case that is written', () => {
    pauses.of(ORG).learn(actions, limited(30));
    expect(isHeld(actions, 'https://GitHub.com/Org')).toBe(true);
    expect(isHeld(actions, 'https://github.com/other')).toBe(false);
  });

  it('ends in time, to the millisecond, and says until when it lasts', () => {
    pauses.of(ORG).learn(actions, limited(30));
    now += 29_999;
    expect(() => pauses.of(ORG).check({ ...subject, ...actions })).toThrow(
      /POST https:\/\/api.github.com\/x not sent: GitHub asked for a pause until 2026-01-01T00:00:30Z/,
    );
    now += 1;
    expect(isHeld(actions)).toBe(false);
    expect(pauses.current()).toEqual([]);
  });

  it('grows and never shrinks', () => {
    pauses.of(ORG).learn(actions, limited(30));
    pauses.of(ORG).learn(actions, limited(10));
    pauses.adopt({ configUrl: ORG, scope: 'all', until: now + 20_000 });
    expect(pauses.current()).toEqual([{ configUrl: ORG, scope: 'all', until: now + 30_000 }]);
    pauses.adopt({ configUrl: ORG, scope: 'all', until: now + 40_000 });
    expect(pauses.current()).toEqual([{ configUrl: ORG, scope: 'all', until: now + 40_000 }]);
  });

  it('is an hour at most, whoever says otherwise', () => {
    pauses.of(ORG).learn(token, limited(1e9));
    pauses.adopt({ configUrl: ORG, scope: 'all', until: now + 1e12 });
    pauses.adopt({ configUrl: `${ORG}2`, scope: 'all', until: NaN });
    expect(pauses.current().map(({ until }) => until - now)).toEqual([3_600_000, 3_600_000]);
  });

  it('is not learned from other failures', () => {
    pauses.of(ORG).learn(actions, new GitHubError({ decision: 'retry', message: 'oops', retryAfterMs: 5 }));
    expect(pauses.current()).toEqual([]);
  });
});

describe('a budget of the REST API that is used up', () => {
  const core = { resource: 'core', limit: 5000, remaining: 0 };
  const registrations = { resource: 'actions_runner_registration', limit: 10_000, remaining: 0 };
  const all = [installation, token, register, another, actions, queue];

  it.each([
    ['core', token, core, [installation, token, another]],
    ['actions_runner_registration', register, registrations, [register, another]],
    ['one that we do not take the call to draw on', register, core, [installation, token, register, another]],
    ['one without a name', token, { ...core, resource: 'other' }, [installation, token, register, another]],
    ['one of a call that we know no budget of', another, core, [installation, token, register, another]],
    ['none, as the Actions service has no budget', actions, core, []],
  ])('holds back what may draw on it, before a call is refused: %s', (_, call, rateLimit, held) => {
    pauses.of(ORG).heed(call, { ...rateLimit, resetAt: now + 60_000 });
    expect(all.filter((each) => isHeld(each))).toEqual(held);
  });

  it.each([
    ['a refusal that names it', 'core', [installation, token, another]],
    ['a refusal that names another', 'scim', [installation, token, register, another]],
  ])('holds back the same after %s', (_, budget, held) => {
    pauses.of(ORG).learn(token, limited(30, budget));
    expect(all.filter((each) => isHeld(each))).toEqual(held);
  });

  it('adds to a pause of the whole REST API, and the longest counts', () => {
    pauses.of(ORG).heed(token, { ...core, resetAt: now + 60_000 });
    pauses.of(ORG).learn(register, limited(30));
    now += 30_000;
    expect(all.filter((each) => isHeld(each))).toEqual([installation, token, another]);
    expect(learned).toEqual([
      { configUrl: ORG, scope: 'rest', resource: 'core', until: now + 30_000 },
      { configUrl: ORG, scope: 'rest', until: now },
    ]);
  });

  it.each([
    ['with something left', { ...core, remaining: 1 }, 60_000],
    ['whose reset has passed', core, -1],
  ])('is no reason to wait %s', (_, limit, inMs) => {
    pauses.of(ORG).heed(token, { ...limit, resetAt: now + inMs });
    expect(isHeld(token)).toBe(false);
  });
});

describe('telling others', () => {
  it('is done once for what GitHub said to this worker', () => {
    pauses.of(ORG).learn(actions, limited(30));
    pauses.of(ORG).learn(actions, limited(30));
    expect(learned).toEqual([{ configUrl: ORG, scope: 'all', until: now + 30_000 }]);
  });

  it('is not done for what others told', () => {
    pauses.adopt({ configUrl: ORG, scope: 'all', until: now + 30_000 });
    expect(learned).toEqual([]);
  });
});
