/** Something that happens at its time, unless it is cancelled. */
export interface Alarm {
  cancel(): void;
}

/** The time at this GitHub: what expires, is requeued or is lost there goes by it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `act` once `ms` have passed. Keeps no process alive. */
  after(ms: number, act: () => void): Alarm;
  /** What GitHub's clock on the wall says, in milliseconds since the epoch: the machine's, unless it is set wrong. */
  wall(): number;
  /** Sets the clock on the wall ahead of the machine's by `ms`, or behind. */
  setWall(ms: number): void;
  /** Moves forward. What becomes due happens before this returns, each at its own time. */
  advance(ms: number): void;
}

/** How the clock begins. */
export interface ClockOptions {
  /** The time it begins with. Default: that of the machine. */
  startAt?: number | undefined;
  /** Whether it stands still until it is moved. Default: it runs. */
  isStill?: boolean | undefined;
}

interface Armed {
  due: number;
  act: () => void;
  timer: NodeJS.Timeout | undefined;
}

/** The longest that a timer of Node can wait. */
const LONGEST_MS = 2 ** 31 - 1;

/** A clock that can be moved forward. */
export function createClock({ startAt = Date.now(), isStill = false }: ClockOptions = {}): Clock {
  const machine = isStill ? () => 0 : Date.now;
  let offset = startAt - machine();
  let wallOffset = 0;
  const alarms = new Set<Armed>();
  const now = (): number => machine() + offset;

  const ring = (alarm: Armed): void => {
    clearTimeout(alarm.timer);
    alarms.delete(alarm);
    alarm.act();
  };
  const arm = (alarm: Armed): void => {
    if (isStill) return;
    clearTimeout(alarm.timer);
    const left = Math.min(Math.max(0, alarm.due - now()), LONGEST_MS);
    alarm.timer = setTimeout(() => (alarm.due > now() ? arm(alarm) : ring(alarm)), left).unref();
  };
  return {
    now,
    wall: () => Date.now() + wallOffset,
    setWall: (ms) => (wallOffset = ms),
    after: (ms, act) => {
      const alarm: Armed = { due: now() + ms, act, timer: undefined };
      alarms.add(alarm);
      arm(alarm);
      return {
        cancel: () => {
          clearTimeout(alarm.timer);
          alarms.delete(alarm);
        },
      };
    },
    advance: (ms) => {
      const target = now() + ms;
      for (let next = earliest(alarms); next && next.due <= target; next = earliest(alarms)) {
        offset += Math.max(0, next.due - now());
        ring(next);
      }
      offset += Math.max(0, target - now());
      alarms.forEach(arm);
    },
  };
}

const earliest = (alarms: ReadonlySet<Armed>): Armed | undefined => {
  let first: Armed | undefined;
  for (const alarm of alarms) if (!first || alarm.due < first.due) first = alarm;
  return first;
};
