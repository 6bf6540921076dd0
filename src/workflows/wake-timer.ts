import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

/** A workflow's timer: one at a time; an earlier one that is no longer needed only costs an idle look. */
export class WakeTimer {
  private timer: { at: number; scope: CancellationScope } | undefined;
  private readonly ring: () => void;
  private readonly summary: string;

  /** @param summary what is waited for, as Temporal's user interface shows it */
  constructor(ring: () => void, summary: string) {
    this.ring = ring;
    this.summary = summary;
  }

  /** @param at milliseconds since the epoch */
  setTo(at: number): void {
    if (this.timer && this.timer.at <= at) return;
    this.stop();
    const scope = new CancellationScope();
    const timer = { at, scope };
    this.timer = timer;
    const ring = (): void => {
      if (this.timer === timer) this.timer = undefined;
      this.ring();
    };
    const ignore = (error: unknown): void => {
      if (!isCancellation(error)) throw error;
    };
    const { summary } = this;
    void scope.run(() => sleep(Math.max(1, at - Date.now()), { summary })).then(ring, ignore);
  }

  stop(): void {
    this.timer?.scope.cancel();
    this.timer = undefined;
  }
}
