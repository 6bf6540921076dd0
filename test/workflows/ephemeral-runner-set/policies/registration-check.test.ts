import { followRunners } from '../../../../src/workflows/ephemeral-runner-set/lifecycle.ts';
import {
  registrationsToCheck,
  settleRegistrations,
} from '../../../../src/workflows/ephemeral-runner-set/policies/registration-check.ts';
import { placeRunners } from '../../../../src/workflows/ephemeral-runner-set/plan.ts';
import type { RunnerState } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import type { RunnerSetState } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { aPod, aState, busyRunner, idleRunner, NOW, pendingRunner } from '../builders.ts';

const MINUTE = 60_000;

/** Idle, and up for so many minutes. */
const idle = (name: string, minutes: number, over: Partial<RunnerState> = {}): RunnerState => ({
  ...idleRunner(name),
  runningSince: NOW - minutes * MINUTE,
  ...over,
});

function toCheck(state: RunnerSetState, now = NOW, mayCheckAt = 0) {
  const wakes: number[] = [];
  state.runners.unplaced(now);
  placeRunners(state, now);
  const check = registrationsToCheck(state, { now, mayCheckAt }, wakes);
  if (!check) wakes.push(state.runners.nextDueAt());
  const names = check?.suspects.map(({ name }) => name);
  return { names, idle: check?.idle, wakes: wakes.filter((wake) => wake < Infinity) };
}

const nothing = { online: [], offline: [], gone: [] };

describe('GitHub is asked', () => {
  test('about runners that have been idle for long, and those that soon will be', () => {
    const state = aState({
      runners: [idle('new', 1), idle('old', 6), idle('soon', 3), busyRunner('busy'), pendingRunner('p')],
    });
    expect(toCheck(state)).toEqual({ names: ['old', 'soon'], idle: 3, wakes: [] });
  });

  test('about nobody before the first of them is due', () => {
    expect(toCheck(aState({ runners: [idle('a', 1), idle('b', 4)] }))).toEqual({
      names: undefined,
      idle: undefined,
      wakes: [NOW + MINUTE],
    });
    expect(toCheck(aState({ runners: [busyRunner()] }))).toEqual({
      names: undefined,
      idle: undefined,
      wakes: [],
    });
  });

  test('not again about one that was online lately, and not before it may be', () => {
    const state = aState({ runners: [idle('a', 60, { onlineAt: NOW - MINUTE })] });
    expect(toCheck(state).wakes).toEqual([NOW + 4 * MINUTE]);
    const failed = aState({ runners: [idle('a', 60)] });
    expect(toCheck(failed, NOW, NOW + MINUTE).wakes).toEqual([NOW + MINUTE]);
  });

  test('never by a set that goes', () => {
    expect(toCheck(aState({ set: { deleting: true }, runners: [idle('a', 60)] })).names).toBeUndefined();
  });
});

describe('what GitHub says', () => {
  const end = (state: RunnerSetState, now: number) => {
    followRunners(state, now);
    return state.runners.get('a')?.end;
  };

  test('must hold for a while: the runner may have done its job a moment ago', () => {
    const state = aState({ runners: [idle('a', 6)] });
    settleRegistrations(state, { ...nothing, gone: ['a'] }, NOW);
    expect(end(state, NOW)).toBeUndefined();
    expect(toCheck(state).wakes).toEqual([NOW + 30_000]);
    settleRegistrations(state, { ...nothing, gone: ['a'] }, NOW + 30_000);
    expect(end(state, NOW + 30_000)).toBe('unregistered');
    expect(state.failures.inARow).toBe(0);
    expect(state.events).toMatchObject([{ reason: 'RegistrationLost', runner: 'a' }]);
  });

  test('is forgotten when the runner is online after all, or got a job', () => {
    const state = aState({ runners: [idle('a', 6), idle('b', 6)] });
    settleRegistrations(state, { ...nothing, offline: ['a', 'b'] }, NOW);
    settleRegistrations(state, { ...nothing, online: ['a'] }, NOW + 30_000);
    expect(state.runners.get('a')).toMatchObject({ onlineAt: NOW + 30_000 });
    expect(state.runners.get('a')).not.toHaveProperty('missing');
    state.runners.get('b')!.seen!.hasJob = true;
    settleRegistrations(state, { ...nothing, offline: ['b'] }, NOW + 30_000);
    followRunners(state, NOW + 30_000);
    expect([...state.runners.values()].map((runner) => runner.end)).toEqual([undefined, undefined]);
  });

  test('of one that never was online is a failure, of one that was, none', () => {
    const state = aState({ runners: [idle('a', 6)] });
    for (const at of [NOW, NOW + 30_000]) settleRegistrations(state, { ...nothing, offline: ['a'] }, at);
    expect(end(state, NOW + 30_000)).toBe('failed');
    expect(state.failures).toMatchObject({ inARow: 1, reason: 'NeverOnline' });

    const known = aState({ runners: [idle('a', 60, { onlineAt: NOW - 5 * MINUTE })] });
    settleRegistrations(known, { ...nothing, offline: ['a'] }, NOW);
    expect(toCheck(known).wakes).toEqual([NOW + 5 * MINUTE]);
    settleRegistrations(known, { ...nothing, offline: ['a'] }, NOW + 5 * MINUTE);
    expect(end(known, NOW + 5 * MINUTE)).toBe('unregistered');
    expect(known.events).toMatchObject([{ reason: 'RunnerOffline' }]);
  });
});

describe('a runner that ended well though nobody told of a job', () => {
  const unclear = (over: Partial<RunnerState> = {}): RunnerState => ({
    ...idleRunner('r', { pod: aPod({ ended: true, exitCode: 0 }) }),
    endedAt: NOW,
    ...over,
  });
  const asked = (runner: RunnerState, now: number) => {
    const state = aState({ runners: [runner] });
    placeRunners(state, now);
    const check = registrationsToCheck(state, { now, mayCheckAt: 0 }, []);
    return { unclear: check?.unclear, dueAt: state.runners.nextDueAt() };
  };

  test('is asked about when the word of a job would have come', () => {
    expect(asked(unclear(), NOW + 999)).toEqual({ unclear: undefined, dueAt: NOW + 1_000 });
    expect(asked(unclear(), NOW + 1_000).unclear).toEqual([{ name: 'r', runnerId: 1 }]);
    expect(asked(unclear({ jobEndedAt: NOW }), NOW + 1_000).unclear).toBeUndefined();
  });

  test.each([
    ['gone', 'completed', 0],
    ['offline', 'failed', 1],
    ['online', 'failed', 1],
  ])('%s at GitHub means %s', (answer, end, failures) => {
    const runner = unclear();
    const state = aState({ runners: [runner] });
    settleRegistrations(state, { ...nothing, [answer]: ['r'] }, NOW);
    followRunners(state, NOW);
    expect(runner.end).toBe(end);
    expect(state.failures.inARow).toBe(failures);
  });
});
