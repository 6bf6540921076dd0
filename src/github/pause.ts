import { GitHubError, wordsFor } from './errors.ts';
import type { GitHubService, RequestSubject } from './errors.ts';
import type { RateLimit } from './observation.ts';

/** Milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Longer than any of GitHub's rate limit windows: a wrong header must not silence a client for days. */
const LONGEST_PAUSE_MS = 3_600_000;

/**
 * What a pause holds back:
 * - `rest`: calls to the REST API, which has limits of its own. The Actions service is still called, for as long as its
 *   token lasts.
 * - `all`: every call, because the Actions service itself asked for it.
 */
export type PauseScope = 'rest' | 'all';

/** A pause that GitHub asked for: what one worker tells the others. */
export interface PauseNotice {
  /** As GitHub knows it: see `GitHubConfigUrl.url`. */
  configUrl: string;
  scope: PauseScope;
  /** Milliseconds since the epoch. */
  until: number;
}

/** The pauses of one config URL: parallel calls do not each have to be told. */
export interface Pause {
  /** @throws GitHubError `retry-after` with the time left, while a pause lasts that concerns this call */
  check(subject: RequestSubject): void;
  /** Learns from a failed call. */
  learn(service: GitHubService, error: GitHubError): void;
  /** Learns from an answer that leaves nothing of the REST API's budget: the next call would be refused. */
  heed(service: GitHubService, rateLimit: RateLimit | undefined): void;
}

/** The pauses of all config URLs that this process calls, whatever the credentials and the route. */
export interface Pauses {
  of(configUrl: string): Pause;
  /** Takes over what another worker was told. A pause is never shortened. */
  adopt(notice: PauseNotice): void;
  /** Calls back with each pause that this process was told of by GitHub itself. */
  onLearned(listener: (notice: PauseNotice) => void): void;
  /** Those that last. */
  current(): PauseNotice[];
}

export function createPauses(clock: Clock = systemClock): Pauses {
  const known = new Map<string, PauseNotice>();
  const listeners: ((notice: PauseNotice) => void)[] = [];
  const untilOf = (configUrl: string, scope: PauseScope): number =>
    known.get(keyOf({ configUrl, scope }))?.until ?? 0;
  const take = (notice: PauseNotice): PauseNotice | undefined => {
    const now = clock.now();
    const until = Math.min(notice.until, now + LONGEST_PAUSE_MS);
    if (!(until > Math.max(now, untilOf(notice.configUrl, notice.scope)))) return undefined;
    const taken = { ...notice, until };
    known.set(keyOf(notice), taken);
    return taken;
  };
  const learn = (notice: PauseNotice): void => {
    const taken = take(notice);
    if (taken) for (const listener of listeners) listener(taken);
  };
  return {
    of: (configUrl) => pauseOf({ configUrl, clock, untilOf, learn }),
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
const keyOf = ({ configUrl, scope }: Omit<PauseNotice, 'until'>): string =>
  `${scope} ${configUrl.toLowerCase()}`;

interface PauseParts {
  configUrl: string;
  clock: Clock;
  untilOf: (configUrl: string, scope: PauseScope) => number;
  learn: (notice: PauseNotice) => void;
}

function pauseOf({ configUrl, clock, untilOf, learn }: PauseParts): Pause {
  return {
    check: (subject) => {
      const rest = subject.service === 'rest' ? untilOf(configUrl, 'rest') : 0;
      const left = Math.max(rest, untilOf(configUrl, 'all')) - clock.now();
      if (left <= 0) return;
      throw new GitHubError({
        decision: 'retry-after',
        message: `${wordsFor(subject)} not sent: GitHub asked for a pause until ${toSecond(clock.now() + left)}`,
        retryAfterMs: left,
      });
    },
    learn: (service, { decision, retryAfterMs = 0 }) => {
      if (decision !== 'retry-after') return;
      learn({ configUrl, scope: scopeOf(service), until: clock.now() + retryAfterMs });
    },
    heed: (service, rateLimit) => {
      if (service !== 'rest' || rateLimit?.remaining !== 0) return;
      learn({ configUrl, scope: 'rest', until: rateLimit.resetAt });
    },
  };
}

/** The same text for all calls that one pause holds back, so that they can be reported together. */
const toSecond = (time: number): string =>
  `${new Date(Math.ceil(time / 1000) * 1000).toISOString().slice(0, 19)}Z`;

const scopeOf = (service: GitHubService): PauseScope => (service === 'rest' ? 'rest' : 'all');
