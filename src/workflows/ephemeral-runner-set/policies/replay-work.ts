/**
 * What it takes to come to the present again with nothing in a cache, in microseconds on one core, as measured (`make
 * bench-size`): for an event of the history, and for a KiB of it, which stands for the runners that it tells of.
 */
const COST = { event: 700, kib: 450 } as const;

/** A run goes on as a new one when its replay would take so long, in microseconds: of two seconds at most. */
const ENOUGH = 1_300_000;

/** A history so far, as Temporal measures it. */
export interface HistorySize {
  events: number;
  bytes: number;
}

/** Knows what a replay of the present run would take. */
export class ReplayWork {
  private atStart: number | undefined;

  /** Whether the run has done its part. However much came over from the run before, it does some work first. */
  isEnough({ events, bytes }: HistorySize): boolean {
    const cost = events * COST.event + (bytes / 1024) * COST.kib;
    this.atStart ??= cost;
    return cost >= Math.max(ENOUGH, this.atStart + ENOUGH / 4);
  }
}
