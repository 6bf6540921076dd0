import { setTimeout as sleep } from 'node:timers/promises';

/** Waits between the tries, in milliseconds. */
const WAITS_MS: readonly number[] = [250, 1_000, 4_000];

/** So much may be under way; what comes beyond it is let go at once. */
const MOST = 500;

/**
 * What is only told, to people or to those who would find out by themselves: notes of jobs, their results, metrics. It is
 * tried a few times and let go, beside the work that matters, and never holds that up.
 */
export class Telling {
  private readonly underWay = new Set<Promise<void>>();
  private readonly onLost: (what: string, error: unknown) => void;

  /** @param onLost is told what was let go, and why */
  constructor(onLost: (what: string, error: unknown) => void) {
    this.onLost = onLost;
  }

  /** Begins to tell something. Never throws. */
  begin(what: string, work: () => unknown): void {
    if (this.underWay.size >= MOST) {
      this.onLost(what, new Error('too much is waiting to be told'));
      return;
    }
    const telling = this.attempt(what, work).finally(() => this.underWay.delete(telling));
    this.underWay.add(telling);
  }

  /** When all is told or let go, or `withinMs` have passed. */
  async settled(withinMs: number): Promise<void> {
    if (this.underWay.size === 0) return;
    const end = new AbortController();
    await Promise.race([
      Promise.all(this.underWay),
      sleep(withinMs, undefined, { signal: end.signal }).catch(() => undefined),
    ]);
    end.abort();
  }

  private async attempt(what: string, work: () => unknown): Promise<void> {
    for (const waitMs of [...WAITS_MS, undefined]) {
      try {
        await work();
        return;
      } catch (error) {
        if (waitMs === undefined) this.onLost(what, error);
        else await sleep(waitMs);
      }
    }
  }
}
