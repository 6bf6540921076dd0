import type { GitHubOperation } from './call-record.ts';
import type { GitHubService, RequestSubject } from './errors.ts';
import { GitHubError, wordsFor } from './errors.ts';
import type { RateLimit } from './rate-limit.ts';

/** Milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

/** The time of this machine. */
export const systemClock: Clock = { now: () => Date.now() };

/** Longer than any of GitHub's rate limit windows: a wrong header must not silence a client for days. */
const LONGEST_PAUSE_MS = 3_600_000;

/**
 * What a pause holds back:
 * - `rest`: calls to the REST API, which has limits of its own. The Actions service is still called, for as long as its
 *   token lasts.
 * - `all`: every call, because the Actions service itself asked for it.
 */
type WaitScope = 'rest' | 'all';

/** A rate limit of the REST API, by GitHub's name for it (`x-ratelimit-resource`). Each is counted by itself. */
export type RestBudget = 'core' | 'actions_runner_registration';

/**
 * The budget that each call to the REST API draws on: GitHub names it only in the answer. Registering a runner is the one
 * call with a budget of its own, and the token for it is an ordinary call
 * (https://docs.github.com/rest/rate-limit/rate-limit, https://github.com/actions/runner/issues/1386).
 */
const BUDGETS: Partial<Record<GitHubOperation, RestBudget>> = {
  'create-installation-token': 'core',
  'create-registration-token': 'core',
  register: 'actions_runner_registration',
};

/** Whether any of our calls draws on a budget of this name. */
export const isRestBudget = (name: unknown): name is RestBudget =>
  Object.values(BUDGETS).some((budget) => budget === name);

/** A call, as far as pauses are concerned. */
export interface GitHubCall {
  service: GitHubService;
  operation: GitHubOperation;
}

/** A pause that GitHub asked for: what one worker tells the others. */
export interface WaitNotice {
  /** As GitHub knows it: see `GitHubConfigUrl.url`. */
  configUrl: string;
  scope: WaitScope;
  /** With the scope `rest`: the one budget that is used up; calls that draw on another go on. */
  resource?: RestBudget;
  /** Milliseconds since the epoch. */
  until: number;
}

/** The pauses of one config URL: parallel calls do not each have to be told. */
export interface RateLimitWait {
  /** @throws GitHubError `retry-after` with the time left, while a pause lasts that concerns this call */
  check(call: GitHubCall & RequestSubject): void;
  /** Learns from a failed call. */
  learn(call: GitHubCall, error: GitHubError): void;
  /** Learns from an answer that leaves nothing of a budget: the next call that draws on it would be refused. */
  heed(call: GitHubCall, rateLimit: RateLimit | undefined): void;
}

/** The pauses of all config URLs that this process calls, whatever the credentials and the route. */
export interface RateLimitWaits {
  of(configUrl: string): RateLimitWait;
  /** Takes over what another worker was told. A pause is never shortened. */
  adopt(notice: WaitNotice): void;
  /** Calls back with each pause that this process was told of by GitHub itself. */
  onLearned(listener: (notice: WaitNotice) => void): void;
  /** Those that last. */
  current(): WaitNotice[];
}

/** Waits of all config URLs of a process, none at first. */
export function createRateLimitWaits(clock: Clock = systemClock): RateLimitWaits {
  const known = new Map<string, WaitNotice>();
  const listeners: ((notice: WaitNotice) => void)[] = [];
  const take = (notice: WaitNotice): WaitNotice | undefined => {
    const now = clock.now();
    const until = Math.min(notice.until, now + LONGEST_PAUSE_MS);
    if (!(until > Math.max(now, known.get(keyOf(notice))?.until ?? 0))) return undefined;
    const taken = { ...notice, until };
    known.set(keyOf(notice), taken);
    return taken;
  };
  const untilFor = (configUrl: string, call: GitHubCall): number =>
    Math.max(0, ...pausesFor(call).map((pause) => known.get(keyOf({ configUrl, ...pause }))?.until ?? 0));
  const learn = (notice: WaitNotice): void => {
    const taken = take(notice);
    if (taken) for (const listener of listeners) listener(taken);
  };
  return {
    of: (configUrl) => pauseOf({ configUrl, clock, untilFor, learn }),
    adopt: (notice) => void take(notice),
    onLearned: (listener) => void listeners.push(listener),
    current: () => {
      const now = clock.now();
      for (const [key, { until }] of known) if (until <= now) known.delete(key);
      return [...known.values()];
    },
  };
}

/** Names in config URLs are the same in any case. */
const keyOf = ({ configUrl, scope, resource }: Omit<WaitNotice, 'until'>): string =>
  `${scope} ${resource ?? ''} ${configUrl.toLowerCase()}`;

type WhatIsHeld = Pick<WaitNotice, 'scope' | 'resource'>;

/** What holds back a call: one to a budget that is not known waits for all of them. */
function pausesFor({ service, operation }: GitHubCall): WhatIsHeld[] {
  if (service !== 'rest') return [{ scope: 'all' }];
  const budget = BUDGETS[operation];
  const budgets = budget === undefined ? Object.values(BUDGETS) : [budget];
  const ofBudgets = budgets.map((resource): WhatIsHeld => ({ scope: 'rest', resource }));
  return [{ scope: 'all' }, { scope: 'rest' }, ...ofBudgets];
}

/**
 * What waits after an answer to a call. Where it names a used-up budget, calls that draw on that one; where it is another
 * one than we take this call to draw on, our picture of the budgets is wrong, and the whole REST API waits.
 */
function heldBy({ service, operation }: GitHubCall, named: string | undefined): WhatIsHeld {
  if (service !== 'rest') return { scope: 'all' };
  const resource = BUDGETS[operation];
  return resource !== undefined && resource === named ? { scope: 'rest', resource } : { scope: 'rest' };
}

interface PauseParts {
  configUrl: string;
  clock: Clock;
  untilFor: (configUrl: string, call: GitHubCall) => number;
  learn: (notice: WaitNotice) => void;
}

function pauseOf({ configUrl, clock, untilFor, learn }: PauseParts): RateLimitWait {
  return {
    check: (call) => {
      const left = untilFor(configUrl, call) - clock.now();
      if (left <= 0) return;
      throw new GitHubError({
        decision: 'retry-after',
        message: `${wordsFor(call)} not sent: GitHub asked for a pause until ${toSecond(clock.now() + left)}`,
        retryAfterMs: left,
      });
    },
    learn: (call, { decision, retryAfterMs = 0, usedUpBudget }) => {
      if (decision !== 'retry-after') return;
      learn({ configUrl, ...heldBy(call, usedUpBudget), until: clock.now() + retryAfterMs });
    },
    heed: (call, rateLimit) => {
      if (call.service !== 'rest' || rateLimit?.remaining !== 0) return;
      learn({ configUrl, ...heldBy(call, rateLimit.resource), until: rateLimit.resetAt });
    },
  };
}

/** The same text for all calls that one pause holds back, so that they can be reported together. */
const toSecond = (time: number): string =>
  `${new Date(Math.ceil(time / 1000) * 1000).toISOString().slice(0, 19)}Z`;
