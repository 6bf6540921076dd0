import { GitHubError } from '../../github/errors.ts';
import { judge } from '../failures.ts';
import { exponentialBackoffMs } from '../../api/exponential-backoff.ts';

/**
 * What a listener does about a failure:
 * - `renew`: the session is of no use any more, another is opened
 * - `wait`: the same again after `waitMs`; the session is kept
 * - `stop`: a person must act, or the scale set is made anew
 */
export type ListenFailure =
  | { action: 'renew'; waitMs: number; reason: string; message: string; tell: boolean }
  | { action: 'wait'; waitMs: number; reason: string; message: string; tell: boolean }
  | { action: 'stop'; reason: string; message: string };

/** Between two tries to open a session while somebody else has one. */
const CONFLICT_MS = 5_000;

/** Between two tries after other failures. */
const WAITS = { firstMs: 500, longestMs: 30_000 };

/** From so many failures in a row on, people are told. */
const TOLD_FROM = 3;

/**
 * @param tries failures in a row before this one
 * @param jitter from 0 to 1: listeners that lost the same server do not come back all at once
 */
export function afterListenFailure(error: unknown, tries: number, jitter: number): ListenFailure {
  const backoff = exponentialBackoffMs(tries + 1, WAITS) * (0.5 + jitter);
  const decision = error instanceof GitHubError ? error.decision : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const tell = tries + 1 >= TOLD_FROM;
  if (decision === 'session-expired') {
    return { action: 'renew', waitMs: tries === 0 ? 0 : backoff, reason: 'SessionExpired', message, tell };
  }
  // Its queue refuses each token that it is given.
  if (decision === 'token-expired' && tries > 0)
    return { action: 'renew', waitMs: backoff, reason: 'SessionExpired', message, tell };
  if (decision === 'session-conflict') {
    return {
      action: 'wait',
      waitMs: CONFLICT_MS * (1 + jitter),
      reason: 'SessionConflict',
      message,
      tell: true,
    };
  }
  const verdict = judge(error);
  // Credentials may just have been replaced: they are read again once before anyone is bothered.
  const rereads = decision === 'refused' && tries === 0;
  if (verdict.decision === 'stop' && verdict.reason === 'GitHubRateLimited') {
    return {
      action: 'wait',
      waitMs: verdict.retryAfterMs ?? backoff,
      reason: verdict.reason,
      message,
      tell: true,
    };
  }
  if (verdict.decision === 'stop' && !rereads) return { action: 'stop', reason: verdict.reason, message };
  const waitMs = verdict.decision === 'retry' ? Math.max(verdict.afterMs ?? 0, backoff) : 0;
  return { action: 'wait', waitMs, reason: verdict.reason, message, tell };
}
