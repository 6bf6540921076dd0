import type { Clock } from './clock.ts';
import type { CallName, CallView, Stats } from './protocol.ts';

/** What was called, when, and how much of it at the same time. */
export interface Calls {
  begin(name: CallName, method: string, path: string): CallView;
  end(call: CallView, status: number): void;
  all(): CallView[];
  stats(): Stats['calls'];
  clear(): void;
}

interface Counter {
  count: number;
  inFlight: number;
  maxInFlight: number;
  statuses: Record<string, number>;
}

/** Half of the log is dropped when it reaches this. */
const MOST_CALLS = 100_000;

/** An empty log. */
export function createCalls(clock: Pick<Clock, 'now'>): Calls {
  let log: CallView[] = [];
  const startedAt = new WeakMap<CallView, number>();
  const counters = new Map<CallName, Counter>();
  const counterOf = (name: CallName): Counter => {
    const counter = counters.get(name) ?? { count: 0, inFlight: 0, maxInFlight: 0, statuses: {} };
    counters.set(name, counter);
    return counter;
  };
  return {
    begin: (name, method, path) => {
      const counter = counterOf(name);
      counter.count += 1;
      counter.inFlight += 1;
      counter.maxInFlight = Math.max(counter.maxInFlight, counter.inFlight);
      const call: CallView = {
        name,
        method,
        path,
        status: 0,
        at: clock.now(),
        durationMs: 0,
        inFlight: counter.inFlight,
      };
      log.push(call);
      startedAt.set(call, performance.now());
      if (log.length > MOST_CALLS) log = log.slice(MOST_CALLS / 2);
      return call;
    },
    end: (call, status) => {
      const counter = counterOf(call.name);
      counter.inFlight -= 1;
      counter.statuses[status] = (counter.statuses[status] ?? 0) + 1;
      call.status = status;
      // The clock may have been moved meanwhile.
      call.durationMs = Math.round(performance.now() - (startedAt.get(call) ?? 0));
    },
    all: () => [...log],
    stats: () =>
      Object.fromEntries(
        [...counters].map(([name, { count, maxInFlight, statuses }]) => [
          name,
          { count, maxInFlight, statuses },
        ]),
      ),
    clear: () => {
      log = [];
      // Calls in flight still end: their counters stay, set back.
      for (const counter of counters.values()) {
        Object.assign(counter, { count: 0, maxInFlight: counter.inFlight, statuses: {} });
      }
    },
  };
}
