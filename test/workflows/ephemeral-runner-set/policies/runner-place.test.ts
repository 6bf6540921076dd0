import type { PlaceFacts } from '../../../../src/workflows/ephemeral-runner-set/policies/runner-place.ts';
import { placeOf } from '../../../../src/workflows/ephemeral-runner-set/policies/runner-place.ts';
import type { RunnerState } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import type { Need } from '../../../../src/workflows/ephemeral-runner-set/runners.ts';
import { DEFAULT_SETTINGS } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { aPod, busyRunner, idleRunner, NOW, pendingRunner, seen } from '../builders.ts';

const facts: PlaceFacts = { settings: DEFAULT_SETTINGS, revision: 'r1', leaving: false };
const placed = (runner: RunnerState, over: Partial<PlaceFacts> = {}, now = NOW) =>
  placeOf(runner, { ...facts, ...over }, now);

const told = { protected: true, published: 'Running/true/1' };
const old = { ...idleRunner('r', { revision: 'r0' }), ...told };
const cutShort = { name: 'r', begun: true, seen: seen({ name: 'r', pod: aPod({ phase: 'Pending' }) }) };
const withId = { name: 'r', begun: true, seen: seen({ name: 'r', runnerId: 7 }) };
const unfinished = { name: 'r', begun: true, seen: seen({ name: 'r' }) };

describe('what a runner calls for', () => {
  test.each<[string, RunnerState, Need[]]>([
    ['one that is idle and told of: nothing', { ...idleRunner(), ...told }, []],
    ['one that came up: to be told of', idleRunner('r', { phase: 'Pending' }), ['tell']],
    ['one that has a job: to be protected', busyRunner(), ['protect']],
    ['one without a pod: to be made', unfinished, ['begin']],
    ['one with a pod whose id at GitHub nobody told: it may lack its Secret', cutShort, ['begin', 'tell']],
    ['the same, once it has a job', { ...cutShort, heldByJob: true }, ['tell']],
    ['the same, in the hands of a lane', { ...cutShort, doing: 'create' }, []],
    ['one without a pod that has an id, as ARC leaves it', withId, ['begin']],
    ['not before its time', { ...unfinished, notBefore: NOW + 1 }, []],
    ['not while somebody else may be at it', { name: 'r', seen: seen(), foundAt: NOW }, []],
    ['of an older revision: to leave, though it is supply', old, ['leave', 'outgoing']],
    ['likewise, when it could not be retired a moment ago', { ...old, notBefore: NOW + 1 }, ['outgoing']],
    ['one that ended: to leave', { ...idleRunner(), end: 'completed' }, ['leave', 'over']],
    ['one whose pod is gone: to leave', { name: 'r', seen: seen(), end: 'lost' }, ['leave']],
    [
      'one that ended, in the hands of an activity',
      { ...idleRunner(), end: 'lost', doing: 'retire' },
      ['over'],
    ],
    ['one that the platform ended: to leave', { ...idleRunner(), end: 'disrupted' }, ['leave', 'disrupted']],
    ['one whose job is over', { ...busyRunner(), ...told, jobEndedAt: NOW }, ['over']],
    ['one that was rejected: evidence', { name: 'r', end: 'rejected' }, ['rejected']],
    [
      'one that nobody saw online for long: to be asked about',
      { ...idleRunner(), runningSince: 1 },
      ['check'],
    ],
  ])('%s', (_what, runner, needs) => {
    expect(placed(runner).needs).toEqual(needs);
  });

  test('all but those with a job leave with their set', () => {
    const runners = [idleRunner(), pendingRunner(), unfinished, busyRunner()];
    const leave = runners.map((runner) => placed(runner, { leaving: true }).needs.includes('leave'));
    expect(leave).toEqual([true, true, true, false]);
  });
});

describe('when its place changes by time alone', () => {
  test.each<[string, RunnerState, number]>([
    ['one that is up: never', idleRunner(), Infinity],
    ['when its pod must have been seen', { name: 'r', madeAt: NOW }, NOW + 60_000],
    ['when its pod must run', { ...pendingRunner(), pendingSince: NOW }, NOW + 900_000],
    [
      'when GitHub is asked about it',
      { ...idleRunner('r', { pod: aPod() }), runningSince: NOW },
      NOW + 300_000,
    ],
    ['when it may be tried again', { ...unfinished, notBefore: NOW + 5 }, NOW + 5],
    ['when how its job ended is told', { ...busyRunner(), jobEndedAt: NOW }, NOW + 2_000],
    ['when its grace is over', { ...busyRunner(), jobEndedAt: NOW - 2_000 }, NOW + 58_000],
    ['never when that is past', { ...busyRunner(), jobEndedAt: NOW - 60_000 }, Infinity],
  ])('%s', (_what, runner, dueAt) => {
    expect(placed(runner).dueAt).toBe(dueAt);
  });
});
