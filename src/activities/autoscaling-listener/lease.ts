/** Between two questions to Temporal (milliseconds). */
const ASK_MS = 1_000;

/**
 * Without an answer for so long (milliseconds) another worker may soon hold the sessions: they are handed on ten seconds
 * after the last heartbeat that got through, which may be three seconds older than the last answer.
 */
const LAPSES_AFTER_MS = 6_000;

/** Answered again for so long (milliseconds), Temporal has also answered a heartbeat, and said whose the sessions are. */
const STEADY_MS = 5_000;

/** The session may be another worker's by now. */
export class LeaseLapsedError extends Error {
  override readonly name = 'LeaseLapsedError';
}

/** What a session asks of its worker's lease. */
export interface SessionLease {
  /** Aborted once it has lapsed; another one once it holds again. */
  readonly signal: AbortSignal;
  /** @throws LeaseLapsedError when it has lapsed, if only a moment ago: a process that stood still finds out by asking */
  check(): void;
  /** Resolves once it holds, or when the signal aborts. */
  held(signal: AbortSignal): Promise<void>;
}

/**
 * A worker's right to poll. Temporal hands a session on when its worker cannot be heard: who is only cut off from Temporal
 * must stop by itself, or two poll one session, and act twice.
 */
export class TemporalLease implements SessionLease {
  private lapse = new AbortController();
  private answeredAt: number;
  private steadySince: number;
  private renewed = Promise.withResolvers<undefined>();
  private readonly timer: NodeJS.Timeout;
  private readonly ask: () => Promise<unknown>;
  private readonly now: () => number;

  /**
   * @param ask any question that Temporal answers cheaply; one without an answer fails within seconds
   * @param now of a clock that nobody sets, in milliseconds
   */
  constructor(ask: () => Promise<unknown>, now: () => number = () => performance.now()) {
    this.ask = ask;
    this.now = now;
    this.answeredAt = this.steadySince = now();
    this.timer = setInterval(() => void this.look(), ASK_MS);
    this.timer.unref();
  }

  get signal(): AbortSignal {
    return this.lapse.signal;
  }

  check(): void {
    this.lapseIfSilent();
    this.lapse.signal.throwIfAborted();
  }

  async held(signal: AbortSignal): Promise<void> {
    if (!this.lapse.signal.aborted || signal.aborted) return;
    const ended = Promise.withResolvers<undefined>();
    const end = (): void => ended.resolve(undefined);
    signal.addEventListener('abort', end, { once: true });
    await Promise.race([this.renewed.promise, ended.promise]);
    signal.removeEventListener('abort', end);
  }

  /** Asks no more. */
  close(): void {
    clearInterval(this.timer);
  }

  private lapseIfSilent(): void {
    if (this.now() - this.answeredAt > LAPSES_AFTER_MS) this.lapse.abort(new LeaseLapsedError(LAPSED));
  }

  private async look(): Promise<void> {
    this.lapseIfSilent();
    try {
      await this.ask();
    } catch {
      return;
    }
    const now = this.now();
    if (now - this.answeredAt > LAPSES_AFTER_MS) this.steadySince = now;
    this.answeredAt = now;
    if (this.lapse.signal.aborted && now - this.steadySince >= STEADY_MS) this.renew();
  }

  private renew(): void {
    this.lapse = new AbortController();
    const { resolve } = this.renewed;
    this.renewed = Promise.withResolvers();
    resolve(undefined);
  }
}

const LAPSED = 'Temporal cannot be reached; another worker may go on with the session.';
