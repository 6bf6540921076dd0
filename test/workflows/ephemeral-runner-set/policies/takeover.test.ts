import { isFree, mayBegin } from '../../../../src/workflows/ephemeral-runner-set/policies/takeover.ts';
import { decide } from '../../../../src/workflows/ephemeral-runner-set/plan.ts';
import type { RunnerState } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import { aPod, aState, circumstances, idleRunner, NOW, seen } from '../builders.ts';

type Question = (runner: RunnerState, now: number, wakes: number[]) => boolean;
const ask = (question: Question, runner: RunnerState) => {
  const wakes: number[] = [];
  return { answer: question(runner, NOW, wakes), wakes };
};

/** An EphemeralRunner without a pod, found so many seconds ago. */
const unfinished = (seconds: number, over: Partial<RunnerState> = {}): RunnerState => ({
  name: 'r',
  seen: seen({ name: 'r' }),
  foundAt: NOW - seconds * 1000,
  ...over,
});
const halfMade = seen({ name: 'r', pod: aPod() });
const standalone = seen({ name: 'r', standalone: true });

describe('whether nobody else is at a runner', () => {
  test.each<[string, RunnerState, boolean, number[]]>([
    ['it has a pod', { ...idleRunner('r'), foundAt: NOW }, true, []],
    ['it ended', unfinished(0, { end: 'failed' }), true, []],
    ['we began it ourselves', unfinished(0, { begun: true }), true, []],
    ['a person made it, for no set', { name: 'r', foundAt: NOW, seen: standalone }, true, []],
    ['its pod stands, and nobody has told its id', unfinished(0, { seen: halfMade }), false, [NOW + 20_000]],
    ['another worker may still be at it', unfinished(0), false, [NOW + 20_000]],
    ['almost long enough ago', unfinished(19), false, [NOW + 1_000]],
    ['long enough ago', unfinished(20), true, []],
  ])('%s', (_what, runner, answer, wakes) => {
    expect(ask(isFree, runner)).toEqual({ answer, wakes });
  });
});

describe('whether something may be begun with a runner', () => {
  test.each<[string, RunnerState, boolean, number[]]>([
    ['nothing is in the way', idleRunner(), true, []],
    ['it was retired', { ...idleRunner(), retired: true, notBefore: NOW + 5 }, false, []],
    ['it is being created', { name: 'r', doing: 'create' }, false, []],
    ['it is being retired', { ...idleRunner(), doing: 'retire', notBefore: NOW + 5 }, false, []],
    ['its time has not come', { ...idleRunner(), notBefore: NOW + 5 }, false, [NOW + 5]],
    ['its time has come', { ...idleRunner(), notBefore: NOW }, true, []],
  ])('%s', (_what, runner, answer, wakes) => {
    expect(ask(mayBegin, runner)).toEqual({ answer, wakes });
  });
});

describe('runners that belong to no set', () => {
  const planFor = (runner: RunnerState) => {
    const { runnerSet: _none, ...state } = aState({ runners: [runner] });
    const { create, retire } = decide(state, circumstances());
    return [create.flatMap(({ names }) => names), retire.map(({ name }) => name)];
  };

  test('are made at once, whoever created them a moment ago', () => {
    expect(planFor({ name: 'mine', seen: { ...standalone, name: 'mine' } })).toEqual([['mine'], []]);
  });

  test('a pod that is pending is not replaced', () => {
    expect(planFor(idleRunner('r', { standalone: true, pod: aPod({ phase: 'Pending' }) }))).toEqual([[], []]);
  });
});
