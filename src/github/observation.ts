import type { GitHubDecision, GitHubService, HttpAnswer } from './errors.ts';

/** Names of the calls, for metrics and traces. */
export type GitHubOperation =
  | 'create-installation-token'
  | 'create-registration-token'
  | 'register'
  | 'generate-jit-config'
  | 'get-runner'
  | 'get-runner-by-name'
  | 'remove-runner'
  | 'get-runner-group'
  | 'get-scale-set-by-name'
  | 'get-scale-set'
  | 'create-scale-set'
  | 'update-scale-set'
  | 'delete-scale-set'
  | 'create-session'
  | 'refresh-session'
  | 'delete-session'
  | 'get-message'
  | 'delete-message'
  | 'acquire-jobs';

/** What a REST answer says about the primary rate limit of its credentials. */
export interface RateLimit {
  limit: number;
  remaining: number;
  /** Milliseconds since the epoch. */
  resetAt: number;
}

/** One request that was really sent. */
export interface GitHubObservation {
  operation: GitHubOperation;
  service: GitHubService;
  durationMs: number;
  /** Absent when no answer came. */
  status?: number;
  /** Absent after a success, and when the caller gave up. */
  decision?: GitHubDecision;
  rateLimit?: RateLimit;
}

/** Is told of each request; must not throw. */
export type GitHubObserver = (observation: GitHubObservation) => void;

/** The rate limit that an answer tells, if it does. */
export function rateLimitIn({ headers }: HttpAnswer): { rateLimit?: RateLimit } {
  const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map(
    (name) => headers[`x-ratelimit-${name}`],
  );
  if (limit === undefined || remaining === undefined || reset === undefined) return {};
  return {
    rateLimit: { limit: Number(limit), remaining: Number(remaining), resetAt: Number(reset) * 1_000 },
  };
}
