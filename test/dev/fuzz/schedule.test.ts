import { PLACES, scheduleOf, stepsFrom, TRIED } from '../../../dev/fuzz/schedule.ts';
import type { Step } from '../../../dev/fuzz/schedule.ts';

const MINUTE = 60_000;

const many = Array.from({ length: 20 }, (_, seed) => scheduleOf(seed, MINUTE));

it('is the same for the same seed, and another for another', () => {
  expect(scheduleOf(7, MINUTE)).toEqual(scheduleOf(7, MINUTE));
  expect(scheduleOf(7, MINUTE)).not.toEqual(scheduleOf(8, MINUTE));
});

it('survives a file, with or without a name for the list', () => {
  const steps = scheduleOf(3, MINUTE);
  expect(stepsFrom(JSON.stringify(steps))).toEqual(steps);
  expect(stepsFrom(JSON.stringify({ steps }))).toEqual(steps);
});

it.each(['{}', '[{}]', '[{"what":"nothing"}]', 'null', '[null]'])('finds no steps in %s', (json) => {
  expect(() => stepsFrom(json)).toThrow();
});

it('has every deed in the first minute', () => {
  for (const steps of many) expect(new Set(steps.map(({ what }) => what)).size).toBe(14);
});

it('lasts as long as it was asked to', () => {
  for (const steps of many) {
    const total = steps.reduce((sum, { afterMs }) => sum + afterMs, 0);
    expect(total).toBeGreaterThanOrEqual(MINUTE);
    expect(total).toBeLessThan(MINUTE + 2_000);
  }
});

const of = <W extends Step['what']>(what: W): Extract<Step, { what: W }>[] =>
  many.flat().filter((step): step is Extract<Step, { what: W }> => step.what === what);

it('never touches a calm set: only the tried ones have mishaps', () => {
  expect(
    [...of('jobs'), ...of('a pod'), ...of('a session ends')].every(({ set }) => TRIED.includes(set as never)),
  ).toBe(true);
  expect(of('pods to come').every(({ rule }) => TRIED.includes(rule.set as never))).toBe(true);
  expect(new Set(of('a namespace goes').map(({ place }) => place))).toEqual(new Set(['wild-1', 'wild-2']));
});

it('puts wild objects beside all sets', () => {
  expect(new Set(of('an object').map(({ place }) => place))).toEqual(new Set(PLACES));
});

it('lets no more time pass at the GitHub of the tried sets than a busy runner may be silent', () => {
  const tried = of('time at GitHub').filter((step) => step.of === 'tried');
  expect(Math.max(...tried.map(({ byMs }) => byMs))).toBeLessThan(20_000);
});
