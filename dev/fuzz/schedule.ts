import type { Fault } from '../github/protocol.ts';
import type { Rule } from '../runner/rules.ts';
import type { Draw } from './draw.ts';
import { drawFrom } from './draw.ts';
import { drawAnyAnswer, drawHonestAnswer } from './github-answers.ts';
import type { WildObject } from './objects.ts';
import { drawObject, drawPatch, drawStatus } from './objects.ts';
import type { Mishap } from './pods.ts';
import { drawMishap, drawRule } from './pods.ts';

/** Scale sets that nothing is done to, at a GitHub that answers well: whether they wait for others is what is looked at. */
export const CALM = ['calm-1', 'calm-2'] as const;

/** Scale sets whose pods, sessions and GitHub have mishaps. */
export const TRIED = ['tried-1', 'tried-2'] as const;

/** Namespaces: of the calm and of the tried sets, and those that hold wild objects only, and are deleted now and then. */
export const PLACES = ['calm', 'tried', 'wild-1', 'wild-2'] as const;

/** One of the namespaces of a round. */
export type Place = (typeof PLACES)[number];

/** Whether edits and deletions mean an object: its number in the order of creation, modulo how many there are. */
type Nth = number;

/** What is done in one step. Durations in milliseconds. */
export type Deed =
  | { what: 'an object'; place: Place; object: WildObject }
  | { what: 'an edit'; nth: Nth; patch: object }
  | { what: 'a status'; nth: Nth; status: unknown }
  | { what: 'a deletion'; nth: Nth; propagation: 'Background' | 'Foreground' | 'Orphan' }
  | { what: 'jobs'; set: string; count: number; durationMs: number }
  | { what: 'a pod'; set: string; nth: Nth; mishap: Mishap }
  | { what: 'pods to come'; rule: Rule }
  | { what: 'answers'; of: 'tried' | 'wild'; answers: Fault[] }
  | { what: 'a session ends'; set: string; part: 'token' | 'session' }
  | { what: 'time at GitHub'; of: 'tried' | 'wild'; byMs: number }
  | { what: 'a worker’s clock'; nth: Nth; byMs: number }
  | { what: 'a worker freezes'; nth: Nth; forMs: number }
  | { what: 'a worker is killed'; nth: Nth }
  | { what: 'a namespace goes'; place: Place };

/** A deed, and the milliseconds after the one before has been done. */
export type Step = Deed & { afterMs: number };

/** How often each deed comes, of all. What hits all sets at once comes seldom, so that there is a time without. */
const WEIGHTS: Record<Deed['what'], number> = {
  'an object': 12,
  'an edit': 4,
  'a status': 2,
  'a deletion': 3,
  jobs: 6,
  'a pod': 6,
  'pods to come': 3,
  answers: 8,
  'a session ends': 2,
  'time at GitHub': 2,
  'a worker’s clock': 2,
  'a worker freezes': 1,
  'a worker is killed': 1,
  'a namespace goes': 2,
};

const DRAWS: Record<Deed['what'], (draw: Draw, number: number) => Deed> = {
  'an object': (draw, number) => ({
    what: 'an object',
    place: draw.pick(PLACES),
    object: drawObject(`wild-${number}`, draw),
  }),
  'an edit': (draw) => ({
    what: 'an edit',
    nth: draw.between(0, 1_000),
    patch: drawPatch(draw.pick(['AutoscalingRunnerSet', 'EphemeralRunnerSet', 'EphemeralRunner']), draw),
  }),
  'a status': (draw) => ({
    what: 'a status',
    nth: draw.between(0, 1_000),
    status: drawStatus(draw.pick(['AutoscalingRunnerSet', 'EphemeralRunnerSet', 'EphemeralRunner']), draw),
  }),
  'a deletion': (draw) => ({
    what: 'a deletion',
    nth: draw.between(0, 1_000),
    propagation: draw.pick(['Background', 'Background', 'Foreground', 'Orphan']),
  }),
  jobs: (draw) => ({
    what: 'jobs',
    set: draw.pick(TRIED),
    count: draw.between(1, 5),
    durationMs: draw.between(100, 4_000),
  }),
  'a pod': (draw) => ({
    what: 'a pod',
    set: draw.pick(TRIED),
    nth: draw.between(0, 1_000),
    mishap: drawMishap(draw),
  }),
  'pods to come': (draw) => ({ what: 'pods to come', rule: drawRule(draw.pick(TRIED), draw) }),
  answers: (draw) => {
    const of = draw.pick(['tried', 'wild', 'wild'] as const);
    const one = of === 'tried' ? drawHonestAnswer : drawAnyAnswer;
    return { what: 'answers', of, answers: draw.list(draw.between(1, 3), () => one(draw)) };
  },
  'a session ends': (draw) => ({
    what: 'a session ends',
    set: draw.pick(TRIED),
    part: draw.pick(['token', 'session']),
  }),
  'time at GitHub': (draw) => {
    const of = draw.pick(['tried', 'wild'] as const);
    // Less than it takes until a busy runner that is silent counts as lost.
    return { what: 'time at GitHub', of, byMs: of === 'tried' ? draw.between(1_000, 8_000) : 3_600_000 };
  },
  'a worker’s clock': (draw) => ({
    what: 'a worker’s clock',
    nth: draw.between(0, 1),
    byMs: draw.pick([-86_400_000, -60_000, -5_000, 5_000, 55_000, 60_000, 600_000]),
  }),
  'a worker freezes': (draw) => ({
    what: 'a worker freezes',
    nth: draw.between(0, 1),
    forMs: draw.pick([1_000, 5_000, 12_000, 20_000]),
  }),
  'a worker is killed': (draw) => ({ what: 'a worker is killed', nth: draw.between(0, 1) }),
  'a namespace goes': (draw) => ({ what: 'a namespace goes', place: draw.pick(['wild-1', 'wild-2']) }),
};

/** Lest one deed never comes, they are drawn from a bag that holds each by its weight. */
function bagOf(draw: Draw): () => Deed['what'] {
  let bag: Deed['what'][] = [];
  const filled = (): Deed['what'][] =>
    (Object.entries(WEIGHTS) as [Deed['what'], number][]).flatMap(([what, weight]) =>
      draw.list(weight, () => what),
    );
  return () => {
    if (bag.length === 0) bag = filled();
    return bag.splice(draw.between(0, bag.length - 1), 1)[0] ?? 'jobs';
  };
}

/** The steps for a seed, always the same ones; with what they take by themselves, they fill `lengthMs`. */
export function scheduleOf(seed: number, lengthMs: number): Step[] {
  const draw = drawFrom(seed);
  const next = bagOf(draw);
  const steps: Step[] = [];
  for (let at = 0; at < lengthMs;) {
    const afterMs = draw.between(100, 1_500);
    const deed = DRAWS[next()](draw, steps.length + 1);
    steps.push({ afterMs, ...deed });
    at += afterMs;
  }
  return steps;
}

/** Reads steps as they were written into a file. Throws when it holds none. */
export function stepsFrom(json: string): Step[] {
  const value: unknown = JSON.parse(json);
  const list = Array.isArray(value) ? value : (value as { steps?: unknown }).steps;
  const isStep = (each: unknown): each is Step =>
    typeof each === 'object' && each !== null && ((each as Step).what as string) in WEIGHTS;
  if (!Array.isArray(list) || !list.every(isStep))
    throw new Error(`No list of steps. Each has "afterMs" and "what": ${Object.keys(WEIGHTS).join(', ')}.`);
  return list;
}
