import { randomFrom } from './scene.ts';

/** What can go wrong while jobs run. */
export const DISTURBANCES = [
  'a worker is killed',
  'Temporal is killed',
  'the API server is killed',
  'GitHub answers 500',
  'GitHub loses its answers',
  'GitHub breaks connections',
  'GitHub asks to wait',
  'the session expires',
] as const;

export type Disturbance = (typeof DISTURBANCES)[number];

export interface Step {
  /** Milliseconds after the step before has been carried out. */
  afterMs: number;
  what: Disturbance;
  /** How long it lasts, where it lasts, in milliseconds. */
  forMs: number;
  seed: number;
}

/** The steps for a seed: always the same ones, each kind of disturbance among the first. */
export function scheduleOf(seed: number, count: number): Step[] {
  const random = randomFrom(seed);
  const between = (least: number, most: number): number => Math.round(least + random() * (most - least));
  const bag: Disturbance[] = [];
  const draw = (): Disturbance => {
    if (bag.length === 0) bag.push(...DISTURBANCES);
    return bag.splice(between(0, bag.length - 1), 1)[0] ?? DISTURBANCES[0];
  };
  return Array.from({ length: count }, () => ({
    what: draw(),
    afterMs: between(500, 3_000),
    forMs: between(500, 3_000),
    seed: between(1, 1_000_000),
  }));
}

/** Milliseconds that each job runs. */
export function lengthsOf(seed: number, count: number): number[] {
  const random = randomFrom(seed + 1);
  return Array.from({ length: count }, () => Math.round(100 + random() * 1_900));
}
