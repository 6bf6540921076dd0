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
  /** Which of GitHub's budgets the call was charged to: `core`, `actions_runner_registration`, …; `other`: not said, or not known. */
  resource: string;
  /** Calls in a window, and those that are left of them. */
  limit: number;
  remaining: number;
  /** Milliseconds since the epoch. */
  resetAt: number;
}

/** One request that was really sent. */
export interface GitHubCallRecord {
  /** As GitHub knows it: see `GitHubConfigUrl.url`. */
  configUrl: string;
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
export type GitHubCallRecorder = (observation: GitHubCallRecord) => void;

/** GitHub's budgets by name (its reference of the rate limit endpoint): a label of a metric must not be just any text. */
const RESOURCES = new Set([
  'actions_runner_registration',
  'audit_log',
  'code_scanning_upload',
  'code_search',
  'core',
  'dependency_sbom',
  'dependency_snapshots',
  'graphql',
  'integration_manifest',
  'scim',
  'search',
  'source_import',
]);

/** The rate limit that an answer tells, if it does. */
export function rateLimitIn({ headers }: HttpAnswer): { rateLimit?: RateLimit } {
  const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) =>
    wholeNumber(headers[`x-ratelimit-${name}`]),
  );
  if (limit === undefined || remaining === undefined || reset === undefined) return {};
  const named = headers['x-ratelimit-resource'] ?? '';
  const resource = RESOURCES.has(named) ? named : 'other';
  return { rateLimit: { resource, limit, remaining, resetAt: reset * 1_000 } };
}

const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
