import { GitHubError } from '../../src/github/errors.ts';
import type { GitHubService, RequestSubject } from '../../src/github/errors.ts';
import { createPauses } from '../../src/github/pause.ts';
import type { PauseNotice, Pauses } from '../../src/github/pause.ts';

const ORG = 'https://github.com/org';

let now: number;
let pauses: Pauses;
let learned: PauseNotice[];

beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z');
  pauses = createPauses({ now: () => now });
  learned = [];
  pauses.onLearned((notice) => learned.push(notice));
});

const limited = (seconds: number): GitHubError =>
  new GitHubError({ decision: 'retry-after', message: 'slow down', retryAfterMs: seconds * 1000 });

const subject = (service: GitHubService): RequestSubject => ({
  service,
  method: 'POST',
  url: new URL('https://api.github.com/x'),
});

const isHeld = (service: GitHubService, configUrl = ORG): boolean => {
  try {
    pauses.of(configUrl).check(subject(service));
    return false;
  } catch (error) {
    expect(error).toMatchObject({ decision: 'retry-after' });
    return true;
  }
};

describe('a pause', () => {
  it.each([
    ['rest', { rest: true, actions: false, queue: false }],
    ['actions', { rest: true, actions: true, queue: true }],
    ['queue', { rest: true, actions: true, queue: true }],
  ] as const)('that %s asked for holds back %j', (service, held) => {
    pauses.of(ORG).learn(service, limited(30));
    for (const other of ['rest', 'actions', 'queue'] as const) expect(isHeld(other)).toBe(held[other]);
  });

  it('is for its config URL only, in whatever case that is written', () => {
    pauses.of(ORG).learn('actions', limited(30));
    expect(isHeld('actions', 'https://GitHub.com/Org')).toBe(true);
    expect(isHeld('actions', 'https://github.com/other')).toBe(false);
  });

  it('ends in time, to the millisecond, and says until when it lasts', () => {
    pauses.of(ORG).learn('actions', limited(30));
    now += 29_999;
    expect(() => pauses.of(ORG).check(subject('actions'))).toThrow(
      /POST https:\/\/api.github.com\/x not sent: GitHub asked for a pause until 2026-01-01T00:00:30Z/,
    );
    now += 1;
    expect(isHeld('actions')).toBe(false);
    expect(pauses.current()).toEqual([]);
  });

  it('grows and never shrinks', () => {
    pauses.of(ORG).learn('actions', limited(30));
    pauses.of(ORG).learn('actions', limited(10));
    pauses.adopt({ configUrl: ORG, scope: 'all', until: now + 20_000 });
    expect(pauses.current()).toEqual([{ configUrl: ORG, scope: 'all', until: now + 30_000 }]);
    pauses.adopt({ configUrl: ORG, scope: 'all', until: now + 40_000 });
    expect(pauses.current()).toEqual([{ configUrl: ORG, scope: 'all', until: now + 40_000 }]);
  });

  it('is an hour at most, whoever says otherwise', () => {
    pauses.of(ORG).learn('rest', limited(1e9));
    pauses.adopt({ configUrl: ORG, scope: 'all', until: now + 1e12 });
    pauses.adopt({ configUrl: `${ORG}2`, scope: 'all', until: NaN });
    expect(pauses.current().map(({ until }) => until - now)).toEqual([3_600_000, 3_600_000]);
  });

  it('is not learned from other failures', () => {
    pauses.of(ORG).learn('actions', new GitHubError({ decision: 'retry', message: 'oops', retryAfterMs: 5 }));
    expect(pauses.current()).toEqual([]);
  });
});

describe('the budget of the REST API', () => {
  const rateLimit = { resource: 'core', limit: 5000, remaining: 0 };

  it('that is used up is waited for before a call is refused', () => {
    pauses.of(ORG).heed('rest', { ...rateLimit, resetAt: now + 60_000 });
    expect(isHeld('rest')).toBe(true);
    expect(isHeld('actions')).toBe(false);
  });

  it.each([
    ['with something left', { ...rateLimit, remaining: 1 }, 60_000],
    ['whose reset has passed', rateLimit, -1],
  ])('%s is no reason to wait', (_, limit, inMs) => {
    pauses.of(ORG).heed('rest', { ...limit, resetAt: now + inMs });
    expect(isHeld('rest')).toBe(false);
  });
});

describe('telling others', () => {
  it('is done once for what GitHub said to this worker', () => {
    pauses.of(ORG).learn('actions', limited(30));
    pauses.of(ORG).learn('actions', limited(30));
    expect(learned).toEqual([{ configUrl: ORG, scope: 'all', until: now + 30_000 }]);
  });

  it('is not done for what others told', () => {
    pauses.adopt({ configUrl: ORG, scope: 'all', until: now + 30_000 });
    expect(learned).toEqual([]);
  });
});
