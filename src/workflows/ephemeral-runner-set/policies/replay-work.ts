import type { RunnerSetObservation } from '../../../messages/observations.ts';

/**
 * What it takes to come to the present again with nothing in a cache, in microseconds on one core, as measured (`make
 * bench-size`): to unpack a runner that was carried over, to take in one that was observed, and a pass with the events
 * that lead to it and come of it.
 */
const COST = { carried: 25, observed: 25, pass: 600 } as const;

/** A run goes on as a new one when its replay would take so long, in microseconds: half of what it may at most. */
const ENOUGH = 1_000_000;

/** Adds up what a replay of the present run would take. */
export class ReplayWork {
  private sum: number;
  private readonly enough: number;

  /** @param carried runners that came over from the run before: of many more than are served, a run does some work */
  constructor(carried: number) {
    this.sum = carried * COST.carried;
    this.enough = Math.max(ENOUGH, 2 * this.sum);
  }

  /** One more pass, which took these in. */
  pass(observations: readonly RunnerSetObservation[]): void {
    const observed = observations.reduce((sum, { runners = [] }) => sum + runners.length, 0);
    this.sum += COST.pass + observed * COST.observed;
  }

  get isEnough(): boolean {
    return this.sum >= this.enough;
  }
}
