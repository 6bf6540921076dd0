import type { RunnerSettings } from '../../../messages/settings.ts';
import type { RunnerState } from '../runner.ts';
import { hasJob, isJobOver, stageOf } from '../runner.ts';
import type { Runners } from '../runners.ts';
import type { Disruptions, Failures } from '../state.ts';
import { SETTLED_MS } from './runner-ending.ts';

/** Failures older than this are no longer "in a row". */
const FORGET_AFTER_MS = 10 * 60_000;

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

/**
 * After the platform ended a runner. The first wave is replaced at once, as many as were hit; where those that replace it
 * are hit as well before they have been up for a while, the place of each stays empty for its backoff, as after failures.
 */
export function withDisruption(
  { failures, disruptions }: { failures: Failures; disruptions: Disruptions },
  { madeAt = 0, runningSince = Infinity }: Pick<RunnerState, 'madeAt' | 'runningSince'>,
  { now, settings }: { now: number; settings: Backoff },
): { failures: Failures; disruptions: Disruptions } {
  const { wave, since } = disruptions;
  const isLong = now - since > FORGET_AFTER_MS || now - runningSince >= SETTLED_MS;
  const isNext = madeAt > since && !isLong;
  const next = isNext || wave === 0 || isLong ? { wave: isNext ? wave + 1 : 1, since: now } : disruptions;
  const holdMs = backoffMs(next.wave - 1, settings);
  const holds = failures.holds.filter((until) => until > now);
  return {
    failures: { ...failures, holds: holdMs > 0 ? [...holds, now + holdMs] : holds },
    disruptions: next,
  };
}

/** So many failures in a row that one runner at a time is tried. */
export const isProbing = (failures: Failures, settings: Backoff): boolean =>
  failures.inARow >= settings.maxConsecutiveFailures;

/** Whether `runner` proves that runners work again: made after the last failure, and with a job or up for a while. */
export function isProof(runner: Readonly<RunnerState>, failures: Failures, now: number): boolean {
  if (runner.end !== undefined && runner.end !== 'completed') return false;
  if (runner.madeAt === undefined || runner.madeAt <= failures.lastAt) return false;
  if (hasJob(runner) || isJobOver(runner)) return true;
  return stageOf(runner) === 'idle' && (runner.runningSince ?? now) + SETTLED_MS <= now;
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
      : { count: 0, again: probe.runningSince + SETTLED_MS };
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
