import type { GitHubDecision, GitHubService } from './errors.ts';
import type { RateLimit } from './rate-limit.ts';

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
