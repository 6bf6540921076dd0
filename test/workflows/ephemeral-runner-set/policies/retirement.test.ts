import {
  retirement,
  retirementBatches,
  retirementRoom,
  toRetire,
} from '../../../../src/workflows/ephemeral-runner-set/policies/retirement.ts';
import { placeRunners } from '../../../../src/workflows/ephemeral-runner-set/plan.ts';
import type { RunnerState } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import type { RunnerSetState } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { aBlock, aState, busyRunner, idleRunner, NOW, pendingRunner, seen } from '../builders.ts';

const retired = (state: RunnerSetState, now = NOW) => {
  state.runners.unplaced(now);
  placeRunners(state, now);
  const names = toRetire(state, { now, room: 200 }).map(({ name }) => name);
  return { names, dueAt: state.runners.nextDueAt() };
};
const unfinished = (name: string): RunnerState => ({ name, seen: seen({ name }) });
const standalone = (runners: RunnerState[]): RunnerSetState => {
  const { runnerSet: _none, ...state } = aState({ runners });
  return state;
};

describe('who is retired', () => {
  test('runners that ended, were deleted, or are too many', () => {
    const runners = [
      { ...idleRunner('done'), end: 'completed' as const },
      idleRunner('deleted', { deleting: true }),
      idleRunner('surplus', { createdAt: 1 }),
      idleRunner('kept'),
      busyRunner('busy'),
    ];
    const { names } = retired(aState({ set: { replicas: 2 }, runners }));
    expect(names.sort()).toEqual(['deleted', 'done', 'surplus']);
  });

  test.each(['completed', 'outdated', 'failed', 'lost', 'unregistered'] as const)('one that is %s', (end) => {
    const state = aState({ set: { replicas: 1 }, runners: [{ ...idleRunner('r'), end }] });
    expect(retired(state).names).toEqual(['r']);
  });

  test('not one that is left for its owner to read, nor one that is already leaving', () => {
    const settled = { ...idleRunner('settled'), end: 'outdated' as const, settled: true };
    const leaving = { ...idleRunner('leaving', { deleting: true }), doing: 'retire' as const };
    const gone = { ...idleRunner('gone', { deleting: true }), retired: true };
    expect(retired(aState({ runners: [settled, leaving, gone] }))).toEqual({ names: [], dueAt: Infinity });
  });

  test('one that is left for its owner, once the owner deletes it', () => {
    const runner = { ...idleRunner('r', { deleting: true }), end: 'outdated' as const, settled: true };
    expect(retired(standalone([runner])).names).toEqual(['r']);
  });

  test('scaling down goes on while the set is paused', () => {
    const runners = [idleRunner('a'), idleRunner('b')];
    expect(retired(aState({ set: { replicas: 1, paused: true }, runners })).names).toEqual(['a']);
  });

  test('those that leave anyway are not taken for the surplus', () => {
    const runners = [{ ...idleRunner('done'), end: 'completed' as const }, idleRunner('a'), idleRunner('b')];
    expect(retired(aState({ set: { replicas: 2 }, runners })).names).toEqual(['done']);
  });

  test('one that could not be retired waits for its time', () => {
    const runner = { ...idleRunner('r'), end: 'completed' as const, notBefore: NOW + 30_000 };
    const state = aState({ runners: [runner] });
    expect(retired(state)).toEqual({ names: [], dueAt: NOW + 30_000 });
    expect(retired(state, NOW + 30_000)).toEqual({ names: ['r'], dueAt: Infinity });
  });
});

describe('with a set that goes', () => {
  const runners = () => [
    idleRunner('idle'),
    busyRunner('busy'),
    unfinished('half'),
    pendingRunner('pending'),
  ];

  test('its idle runners leave; it waits for its busy ones', () => {
    const state = aState({ set: { replicas: 4, deleting: true }, runners: runners() });
    expect(retired(state).names).toEqual(['idle', 'half', 'pending']);
  });

  test('that is gone without a word: likewise', () => {
    const state = { ...aState({ set: { replicas: 4 }, runners: runners() }), runnerSet: null };
    expect(retired(state).names).toEqual(['idle', 'half', 'pending']);
    expect(retired({ ...aState({ runners: [idleRunner('idle')] }), runnerSet: null }).names).toEqual([
      'idle',
    ]);
  });

  test('the evidence of rejected ones leaves as well', () => {
    const rejected: RunnerState = { ...unfinished('r'), end: 'rejected' };
    expect(retired(aState({ runners: [rejected] })).names).toEqual([]);
    expect(retired(aState({ set: { deleting: true }, runners: [rejected] })).names).toEqual(['r']);
  });
});

describe('how a runner is retired', () => {
  const outdated = { ...idleRunner('old', { standalone: true }), end: 'outdated' as const };

  test.each<[string, RunnerState, object]>([
    ['with its id at GitHub', idleRunner('r'), { name: 'r', runnerId: 1 }],
    ['with the latest id', { ...idleRunner('r'), runnerId: 2 }, { name: 'r', runnerId: 2 }],
    [
      'with the id that its status shows',
      { name: 'r', seen: seen({ runnerId: 3 }) },
      { name: 'r', runnerId: 3 },
    ],
    ['without one, if it was never registered', unfinished('r'), { name: 'r' }],
    [
      'its object stays when nobody but its owner can mend it',
      { ...outdated, message: 'too old' },
      { name: 'old', runnerId: 1, keepAs: { phase: 'Outdated', reason: 'Outdated', message: 'too old' } },
    ],
    [
      'its object does not stay if the owner deletes it',
      { ...outdated, seen: seen({ standalone: true, deleting: true }) },
      { name: 'old', runnerId: 1 },
    ],
    ['an outdated one of a set goes', { ...idleRunner('r'), end: 'outdated' }, { name: 'r', runnerId: 1 }],
  ])('%s', (_what, runner, expected) => {
    expect(retirement(aState(), runner, NOW)).toEqual(expected);
  });

  test('without GitHub, once the deadline of a deletion is past', () => {
    const state = aState({ set: { deleting: true }, retirementBlock: aBlock(NOW - 300_000) });
    expect(retirement(state, idleRunner('r'), NOW)).toEqual({ name: 'r', runnerId: 1, force: true });
    expect(retirement(state, idleRunner('r'), NOW - 1)).toEqual({ name: 'r', runnerId: 1 });
  });
});

describe('runners that belong to no set', () => {
  test('go when they completed; one that is outdated stays for its owner to see', () => {
    const done = { ...idleRunner('done', { standalone: true }), end: 'completed' as const };
    const outdated = { ...idleRunner('old', { standalone: true }), end: 'outdated' as const };
    const state = standalone([done, outdated]);
    expect(toRetire(state, { now: NOW, room: 200 }).map((runner) => retirement(state, runner, NOW))).toEqual([
      { name: 'done', runnerId: 1 },
      { name: 'old', runnerId: 1, keepAs: { phase: 'Outdated', reason: 'Outdated', message: '' } },
    ]);
  });

  test('are never too many', () => {
    expect(retired(standalone([idleRunner('a', { standalone: true })])).names).toEqual([]);
  });
});

describe('retiring activities', () => {
  const runners = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `r${i}` }));
  test.each([
    [0, 0, []],
    [3, 0, [3]],
    [50, 0, [50]],
    [51, 0, [50, 1]],
    [1_000, 0, [50, 50, 50, 50]],
    [1_000, 3, [50]],
    [1_000, 4, []],
  ])('of %d runners, with %d of them in flight: %j', (count, inFlight, expected) => {
    const state = aState({ runners: runners(count).map(({ name }) => idleRunner(name)) });
    const leaving = toRetire(state, { now: NOW, room: retirementRoom(inFlight) });
    const batches = retirementBatches(leaving.map(({ name }) => ({ name })));
    expect(batches.map(({ length }) => length)).toEqual(expected);
    expect(batches.flat()).toEqual(runners(expected.reduce((sum, each) => sum + each, 0)));
  });
});
