import { judge, messageOf, toFailure } from './failures.ts';
import type { Verdict } from './failures.ts';

/** Why an activity on several runners stopped before it was through. */
export interface Stop {
  reason: string;
  message: string;
  retryAfterMs?: number;
}

export interface Conclusion {
  /** Done where some errors ask for the one and some for the other. */
  preferred: Verdict['decision'];
  /** Which of the verdicts are told, the one that leads first; all unless given. */
  told?: (verdicts: readonly Verdict[]) => readonly Verdict[];
}

/**
 * How an activity on several runners ends that ran into `errors`: with its result, which says why it stopped, or with a
 * failure when Temporal should try again. The longest wait counts.
 */
export function conclude<Result extends object>(
  result: Result,
  errors: readonly unknown[],
  { preferred, told = (all) => all }: Conclusion,
): Result & { stopped?: Stop } {
  const verdicts = errors.map(judge);
  const leading = verdicts.find(({ decision }) => decision === preferred) ?? verdicts[0];
  if (!leading) return result;
  const { decision, reason } = leading;
  const message = messageOf(told([leading, ...verdicts]));
  const waitMs = Math.max(
    ...verdicts.map((verdict) => (verdict.decision === decision ? waitOf(verdict) : 0)),
  );
  if (decision === 'retry')
    throw toFailure({ decision, reason, message, ...(waitMs > 0 && { afterMs: waitMs }) });
  return { ...result, stopped: { reason, message, ...(waitMs > 0 && { retryAfterMs: waitMs }) } };
}

/** Where errors of one reason differ in nothing but the names of the runners. */
export function firstOfEachReason(verdicts: readonly Verdict[]): Verdict[] {
  const firsts = new Map<string, Verdict>();
  for (const verdict of verdicts) if (!firsts.has(verdict.reason)) firsts.set(verdict.reason, verdict);
  return [...firsts.values()];
}

const waitOf = (verdict: Verdict): number =>
  (verdict.decision === 'stop' ? verdict.retryAfterMs : verdict.afterMs) ?? 0;
