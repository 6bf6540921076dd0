import type { RunnerSetObservation } from '../../../messages/observations.ts';

/**
 * What it takes to come to the present again with nothing in a cache, in microseconds on one core, as measured (`make
 * bench-size`): an event of the history, a runner that was carried over, a runner that was observed.
 */
const COST = { event: 600, carried: 25, observed: 25 } as const;

/** A run goes on as a new one when its replay would take so long, in microseconds: of two seconds at most. */
const ENOUGH = 1_200_000;

/** Adds up what a replay of the present run would take. */
export class ReplayWork {
  private readonly atStart: number;
  private observed = 0;

  /** @param carried runners that came over from the run before */
  constructor(carried: number) {
    this.atStart = carried * COST.carried;
  }

  /** These were taken in. */
  add(observations: readonly RunnerSetObservation[]): void {
    for (const { runners = [] } of observations) this.observed += runners.length * COST.observed;
  }

  /**
   * Whether the run has done its part. However many runners came over from the run before, it does some work first.
   *
   * @param events of the history so far
   */
  isEnough(events: number): boolean {
    return this.observed + events * COST.event >= Math.max(ENOUGH - this.atStart, ENOUGH / 4);
  }
}
