import type { RunnerSettings } from '../../../messages/settings.ts';
import type { RunnerState } from '../runner.ts';
import { hasJob } from '../runner.ts';
import type { Runners } from '../runners.ts';
import type { Failures } from '../state.ts';

/** Failures older than this are no longer "in a row". */
const FORGET_AFTER_MS = 10 * 60_000;

/** A runner that stays up this long after the failures before it proves that runners work again. */
const PROOF_MS = 10_000;

type Backoff = Pick<RunnerSettings, 'failureBackoffSeconds' | 'maxConsecutiveFailures'>;

/** Milliseconds to wait after the given number of failures in a row. */
export function backoffMs(inARow: number, { failureBackoffSeconds: table }: Backoff): number {
  if (inARow <= 0) return 0;
  return (table[Math.min(inARow, table.length) - 1] ?? 0) * 1000;
}

/** The failures after one more. */
export function withFailure(
  failures: Failures,
  { now, reason, message }: { now: number; reason: string; message: string },
  settings: Backoff,
): Failures {
  const inARow = (now - failures.lastAt > FORGET_AFTER_MS ? 0 : failures.inARow) + 1;
  const open = failures.holds.filter((until) => until > now);
  const holds =
    inARow < settings.maxConsecutiveFailures ? [...open, now + backoffMs(inARow, settings)] : open;
  return { inARow, lastAt: now, reason, message, holds };
}

/** So many failures in a row that one runner at a time is tried. */
export const isProbing = (failures: Failures, settings: Backoff): boolean =>
  failures.inARow >= settings.maxConsecutiveFailures;

/** Whether `runner` proves that runners work again: made after the last failure, and with a job or up for a while. */
export function isProof(runner: Readonly<RunnerState>, failures: Failures, now: number): boolean {
  if (runner.end !== undefined && runner.end !== 'completed') return false;
  if (runner.madeAt === undefined || runner.madeAt <= failures.lastAt) return false;
  return runner.end === 'completed' || hasJob(runner) || (runner.runningSince ?? now) + PROOF_MS <= now;
}

/** How many of the `missing` runners may be made now, and when to ask again if that is fewer. */
export interface Allowance {
  count: number;
  /** Milliseconds since the epoch. */
  again?: number;
}

/**
 * Each failed runner's place stays empty for its backoff. After too many failures in a row, one runner at a time is
 * tried, so that a broken template costs one registration a backoff, however many runners are wanted.
 */
export function allowAfterFailures(
  missing: number,
  { failures, runners, now }: { failures: Failures; runners: Runners; now: number },
  settings: Backoff,
): Allowance {
  if (isProbing(failures, settings)) return allowProbe(failures, { runners, now }, settings);
  const holds = failures.holds.filter((until) => until > now);
  const count = Math.max(0, missing - holds.length);
  return count === missing ? { count } : { count, again: Math.min(...holds) };
}

function allowProbe(
  failures: Failures,
  { runners, now }: { runners: Runners; now: number },
  settings: Backoff,
): Allowance {
  const probe = probeIn(runners, failures);
  if (probe)
    return probe.runningSince === undefined
      ? { count: 0 }
      : { count: 0, again: probe.runningSince + PROOF_MS };
  const next = failures.lastAt + backoffMs(failures.inARow, settings);
  return now >= next ? { count: 1 } : { count: 0, again: next };
}

/** A runner that is being made, or was made since the last failure, and may still prove something. */
function probeIn(runners: Runners, { lastAt }: Failures): Readonly<RunnerState> | undefined {
  const [begun] = [...runners.inStage('creating'), ...runners.inStage('unfinished')];
  if (begun) return begun;
  const others = [...runners.inStage('pending'), ...runners.inStage('idle')];
  return others.find(({ madeAt = 0 }) => madeAt > lastAt);
}
