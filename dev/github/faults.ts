import type { CallName, Fault } from './protocol.ts';
import { randomFrom } from './random.ts';

/** Faults to come, and latencies. */
export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  all(): Fault[];
  /** The fault that this call meets, counted as used. */
  take(name: CallName): Fault | undefined;
}

interface Armed {
  fault: Fault;
  left: number;
  until: number;
  draw: () => number;
}

/** @param now milliseconds since the epoch */
export function createFaults(now: () => number = Date.now): Faults {
  let armed: Armed[] = [];
  return {
    add: (fault) => {
      const isBounded = (fault.times ?? fault.forMs ?? fault.probability) !== undefined;
      armed.push({
        fault,
        left: fault.times ?? (isBounded ? Infinity : 1),
        until: fault.forMs === undefined ? Infinity : now() + fault.forMs,
        draw: randomFrom(fault.seed ?? 1),
      });
    },
    clear: () => (armed = []),
    all: () => armed.map(({ fault }) => fault),
    take: (name) => {
      if (armed.length === 0) return undefined;
      armed = armed.filter(({ left, until }) => left > 0 && now() < until);
      const hit = armed.find(({ fault, draw }) => isFor(fault, name) && draw() < (fault.probability ?? 1));
      if (hit) hit.left -= 1;
      return hit?.fault;
    },
  };
}

const isFor = ({ match }: Fault, name: CallName): boolean => match === '*' || match === name;
