import { exponentialBackoffMs } from '../../api/exponential-backoff.ts';

/** What ends by itself, and nobody can repair in the cluster: nothing tells when it has. */
const PASSING = new Set([
  'AdmissionUnavailable',
  'GitHubUnavailable',
  'GitHubRateLimited',
  'KubernetesUnavailable',
  'KubernetesRefused',
  'PodTerminating',
  'JobStillRunning',
  'WorkerLost',
  'Unexpected',
]);

/** In milliseconds. */
const PASSING_LONGEST_MS = 10_000;

/**
 * The longest wait between two tries of what failed for this reason, in milliseconds: short for what ends by itself.
 *
 * @param longestMs for what a person must repair
 */
export const longestWaitMs = ({ reason }: { reason: string }, longestMs: number): number =>
  PASSING.has(reason) ? PASSING_LONGEST_MS : longestMs;

/**
 * How long to wait after so many tries that failed for one reason, in milliseconds: longer each time, and at least as long as
 * whoever refused asked for.
 *
 * @param waits between two tries of what a person must repair
 */
export const waitAfterStopMs = (
  stop: { reason: string; retryAfterMs?: number },
  tries: number,
  waits: { firstMs: number; longestMs: number },
): number =>
  Math.max(
    stop.retryAfterMs ?? 0,
    exponentialBackoffMs(tries, { ...waits, longestMs: longestWaitMs(stop, waits.longestMs) }),
  );
