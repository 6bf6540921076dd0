import { toRetire } from '../../../../src/workflows/ephemeral-runner-set/policies/retirement.ts';
import {
  isOfOlderRevision,
  surplusRejected,
} from '../../../../src/workflows/ephemeral-runner-set/policies/rollout.ts';
import type { RunnerState } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import type { RunnerSetState } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { aState, busyRunner, idleRunner, NOW, pendingRunner, seen } from '../builders.ts';

const namesOf = (runners: Readonly<RunnerState>[]): string[] => runners.map(({ name }) => name);
const rejected = (name: string, at: number): RunnerState => ({
  name,
  end: 'rejected',
  seen: seen({ name, createdAt: at, phase: 'Failed' }),
});
const five = () => [1, 2, 3, 4, 5].map((at) => rejected(`r${at}`, at));

describe('runners of an older revision', () => {
  test.each<[string, RunnerState, boolean]>([
    ['an idle one is replaced', idleRunner('r'), true],
    ['a pending one is replaced', pendingRunner('r'), true],
    ['one without a pod is replaced', { name: 'r', seen: seen({ name: 'r' }) }, true],
    ['a rejected one goes: its template was repaired', rejected('r', 1), true],
    ['one with a job finishes it', busyRunner('r'), false],
    ['one that GitHub says has a job finishes it', { ...idleRunner('r'), heldByJob: true }, false],
    ['one that is being created is of the current one', { name: 'r', doing: 'create' }, false],
    ['one that ended is not replaced for it', { ...idleRunner('r'), end: 'completed' }, false],
    ['one that leaves anyway is not named', { ...idleRunner('r'), doing: 'retire' }, false],
  ])('%s', (_what, runner, replaced) => {
    expect(isOfOlderRevision(runner, 'r2')).toBe(replaced);
    expect(isOfOlderRevision(runner, 'r1')).toBe(false);
  });
});

describe('rejected runners', () => {
  test('the newest three are kept as evidence', () => {
    expect(namesOf(surplusRejected(five()))).toEqual(['r2', 'r1']);
    expect(surplusRejected(five().slice(2))).toEqual([]);
  });

  test('those that leave are no evidence, and do not count as kept', () => {
    const [, , , fourth, fifth] = five();
    const leaving = [fourth!, fifth!].map((runner) => ({ ...runner, doing: 'retire' as const }));
    expect(surplusRejected([...five().slice(0, 3), ...leaving])).toEqual([]);
  });

  test('others are not touched', () => {
    expect(
      surplusRejected([idleRunner('a'), ...five().slice(2), { ...idleRunner('b'), end: 'failed' }]),
    ).toEqual([]);
  });

  test('a few stay, until the template is repaired', () => {
    const retired = (state: RunnerSetState): string[] => namesOf(toRetire(state, { now: NOW, room: 200 }));
    expect(retired(aState({ runners: five() }))).toEqual(['r2', 'r1']);
    expect(retired(aState({ set: { revision: 'r2' }, runners: five() })).sort()).toEqual([
      'r1',
      'r2',
      'r3',
      'r4',
      'r5',
    ]);
  });
});
