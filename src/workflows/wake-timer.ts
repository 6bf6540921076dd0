import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

/** The shortest time between two rings: whoever asks for less, again and again, must not keep a workflow turning. */
const SPACING_MS = 100;

/** A time that is past when it is asked for was missed by a decision: it is looked at again, and not in a hurry. */
const MISSED_MS = 1_000;

/** A workflow's timer: one at a time; an earlier one that is no longer needed only costs an idle look. */
export class WakeTimer {
  private timer: { at: number; scope: CancellationScope } | undefined;
  /** Milliseconds since the epoch. */
  private rangAt = 0;
  private readonly ring: () => void;
  private readonly summary: string;

  /** @param summary what is waited for, as Temporal's user interface shows it */
  constructor(ring: () => void, summary: string) {
    this.ring = ring;
    this.summary = summary;
  }

  /** @param wanted milliseconds since the epoch; one that is past counts from now, in a pace of its own */
  setTo(wanted: number): void {
    const now = Date.now();
    const at = Math.max(wanted > now ? wanted : now + MISSED_MS, this.rangAt + SPACING_MS);
    if (this.timer && this.timer.at <= at) return;
    this.stop();
    const scope = new CancellationScope();
    const timer = { at, scope };
    this.timer = timer;
    const ring = (): void => {
      if (this.timer === timer) this.timer = undefined;
      this.rangAt = Date.now();
      this.ring();
    };
    const ignore = (error: unknown): void => {
      if (!isCancellation(error)) throw error;
    };
    const { summary } = this;
    void scope.run(() => sleep(at - now, { summary })).then(ring, ignore);
  }

  stop(): void {
    this.timer?.scope.cancel();
    this.timer = undefined;
  }
}
