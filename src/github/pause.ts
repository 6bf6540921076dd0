import { GitHubError, wordsFor } from './errors.ts';
import type { RequestSubject } from './errors.ts';

/** Milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Longer than any of GitHub's rate limit windows: a wrong header must not silence a client for days. */
const LONGEST_PAUSE_MS = 3_600_000;

/** Remembers that GitHub asked for a pause, so that parallel calls do not each have to be told. */
export interface Pause {
  /** @throws GitHubError `retry-after` with the time left, while the pause lasts */
  check(subject: RequestSubject): void;
  /** Learns from a failed call. */
  learn(error: GitHubError): void;
}

export function createPause(clock: Clock): Pause {
  let until = 0;
  return {
    check: (subject) => {
      const left = until - clock.now();
      if (left <= 0) return;
      throw new GitHubError({
        decision: 'retry-after',
        message: `${wordsFor(subject)} not sent: GitHub asked for a pause, ${Math.ceil(left / 1000)} s are left`,
        retryAfterMs: left,
      });
    },
    learn: ({ decision, retryAfterMs = 0 }) => {
      if (decision !== 'retry-after') return;
      until = Math.max(until, clock.now() + Math.min(retryAfterMs, LONGEST_PAUSE_MS));
    },
  };
}
