import { randomFrom } from '../github/random.ts';

/** Draws that are the same for the same seed. */
export interface Draw {
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  pick<T>(from: readonly [T, ...T[]] | readonly T[]): T;
  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean;
  /** So many draws of their own. */
  list<T>(count: number, draw: () => T): T[];
}

/** @param seed a whole number */
export function drawFrom(seed: number): Draw {
  const random = randomFrom(seed);
  const between = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  return {
    between,
    pick: <T>(from: readonly T[]): T => {
      if (from.length === 0) throw new Error('There is nothing to pick from.');
      return from[between(0, from.length - 1)] as T;
    },
    chance: (probability) => random() < probability,
    list: (count, draw) => Array.from({ length: count }, draw),
  };
}
