import type { StepBackoff } from '../state.ts';

const FIRST_FAILURE_MS = 1_000;
/** A repair takes effect within this time. */
const LONGEST_FAILURE_MS = 10_000;
const FIRST_REPEAT_MS = 2_000;
const LONGEST_REPEAT_MS = 300_000;

/** The pace after a step was done. */
export function backoffAfter(
  pace: StepBackoff | undefined,
  { key, failed, now }: { key: string; failed: boolean; now: number },
): StepBackoff {
  const tries = pace?.key === key ? pace.tries + 1 : 1;
  const [first, longest] = failed
    ? [FIRST_FAILURE_MS, LONGEST_FAILURE_MS]
    : [FIRST_REPEAT_MS, LONGEST_REPEAT_MS];
  return { key, tries, notBefore: now + Math.min(longest, first * 2 ** Math.min(tries - 1, 20)) };
}

/** When a step may be done for this reason, if that is not now. */
export const waitsUntil = (pace: StepBackoff | undefined, key: string, now: number): number | undefined =>
  pace?.key === key && pace.notBefore > now ? pace.notBefore : undefined;
