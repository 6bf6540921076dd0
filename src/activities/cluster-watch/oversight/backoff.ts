/** Something that is done for many, for each at growing intervals: it may be of no use. */
export class Backoff {
  private readonly done = new Map<string, { times: number; notBefore: number }>();
  private readonly pauseAfter: (times: number) => number;
  private readonly clock: () => number;

  /**
   * @param pauseAfter milliseconds until it may be done again, once it was done so often
   * @param clock milliseconds, of a clock that never goes back
   */
  constructor(pauseAfter: (times: number) => number, clock: () => number) {
    this.pauseAfter = pauseAfter;
    this.clock = clock;
  }

  /** Whether it may be done for this one now; then it counts as done. */
  begin(id: string): boolean {
    const { times, notBefore } = this.done.get(id) ?? { times: 0, notBefore: 0 };
    const now = this.clock();
    if (now < notBefore) return false;
    this.done.set(id, { times: times + 1, notBefore: now + this.pauseAfter(times + 1) });
    return true;
  }

  /** Begins anew with those for whom it might have been done again for so long (milliseconds), and was not. */
  forgetAfter(ms: number): void {
    for (const [id, { notBefore }] of this.done) if (this.clock() - notBefore > ms) this.done.delete(id);
  }
}
