import type { Stats } from '../../dev/github/protocol.ts';

/** How much is asked for in one round. */
export interface RoundShape {
  runners: number;
  /** Runners being created at the same time. */
  concurrency: number;
}

/** How long a step of a round may take before it counts as failed: many times what it does take. */
export const patienceMs = ({ runners }: RoundShape): number => 60_000 + runners * 250;

/** All requests to GitHub, the runners' own excepted, which the stand-in does not count. */
export const requestsTo = ({ calls }: Stats): number =>
  Object.values(calls).reduce((sum, { count }) => sum + count, 0);

/** The most JIT configs that were asked for at the same time. */
export const maxJitInFlight = ({ calls }: Stats): number => calls.generatejitconfig?.maxInFlight ?? 0;
