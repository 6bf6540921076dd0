import { decide } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import type { Plan } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import type { RunnerState } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import type { RunnerSetState } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { aState, busyRunner, circumstances, idleRunner, NOW, seen } from './builders.ts';

const names = ({ create }: Plan): string[] => create.flatMap((creation) => creation.names);
const retired = ({ retire }: Plan): string[] => retire.map(({ name }) => name);
const plan = (state: RunnerSetState, over: Parameters<typeof circumstances>[0] = {}): Plan =>
  decide(state, circumstances(over));

/** Nothing is begun, and nothing waited for. */
const NOTHING: Plan = { create: [], retire: [], finished: false };

describe('nothing is decided', () => {
  test('before the whole snapshot is known', () => {
    expect(plan(aState({ set: { replicas: 3 }, complete: false }))).toEqual(NOTHING);
  });

  test('while preparing to continue as new', () => {
    const failed: RunnerState = { ...idleRunner('a'), end: 'failed' };
    expect(plan(aState({ set: { replicas: 5 }, runners: [failed] }), { draining: true })).toEqual(NOTHING);
    expect(plan({ ...aState(), runnerSet: null }, { draining: true })).toEqual(NOTHING);
  });
});

describe('in one pass', () => {
  test('idle runners of another revision leave and their places are filled; busy ones finish', () => {
    const runners = [idleRunner('old', { revision: 'r0' }), busyRunner('busy'), idleRunner('new')];
    const busyOld = runners.map((runner) =>
      runner.name === 'busy' ? { ...runner, seen: { ...runner.seen!, revision: 'r0' } } : runner,
    );
    const result = plan(aState({ set: { replicas: 3 }, runners: busyOld }));
    expect(retired(result)).toEqual(['old']);
    expect(names(result)).toHaveLength(1);
  });

  test('what completed before a new order is taken away, and replaced if the order counts it', () => {
    const runners: RunnerState[] = [{ ...idleRunner('done'), end: 'completed' }, idleRunner('up')];
    const order = { id: 2, replicas: 3, exact: false, completed: [] };
    const result = plan(aState({ set: { replicas: 3, patchId: 2 }, runners, order }));
    expect(retired(result)).toEqual(['done']);
    expect(names(result)).toHaveLength(2);
  });

  test('a paused, outdated or deleting set creates nothing; scaling down goes on', () => {
    const runners = [idleRunner('a'), idleRunner('b')];
    expect(names(plan(aState({ set: { replicas: 3, paused: true }, runners })))).toEqual([]);
    expect(names(plan(aState({ set: { replicas: 3 }, outdatedRevision: 'r1', runners })))).toEqual([]);
    expect(names(plan(aState({ set: { replicas: 3, deleting: true }, runners })))).toEqual([]);
    expect(retired(plan(aState({ set: { replicas: 1, paused: true }, runners })))).toEqual(['a']);
  });

  test('GitHub is asked about idle runners, unless it is being asked', () => {
    const state = aState({ set: { replicas: 1 }, runners: [{ ...idleRunner('a'), runningSince: 1 }] });
    expect(plan(state).check).toEqual({
      idle: 1,
      suspects: [{ name: 'a', runnerId: 1 }],
      unclear: [],
    });
    expect(plan(state, { checking: true })).not.toHaveProperty('check');
  });
});

describe('the next look', () => {
  /** As if the status had just been written: nothing else is waited for. */
  const wakeAt = (state: RunnerSetState) => plan(state, { publishing: true }).wakeAt;
  const block = { reason: 'r', message: 'm', since: NOW, tries: 1, nextTryAt: NOW + 1000 };
  const unfinished: RunnerState = { name: 'half', seen: seen({ name: 'half' }), foundAt: NOW };
  const made: RunnerState = { name: 'made', madeAt: NOW - 1_000 };
  const pending: RunnerState = { name: 'p', pendingSince: NOW, podSeen: true };
  const told: RunnerState = { ...busyRunner('told'), jobResult: 'succeeded', jobEndedAt: NOW - 500 };

  test.each<[string, RunnerState[], number | undefined]>([
    ['none is needed while nothing is due', [busyRunner()], undefined],
    ['a pod that was made must be seen', [made], NOW + 59_000],
    ['not in the hands of its lane', [{ ...made, doing: 'create' }], undefined],
    ['nor once it was seen', [{ ...made, podSeen: true }], undefined],
    ['nor once it ended', [{ ...made, end: 'rejected' }], undefined],
    ['a pod that is pending must run', [pending], NOW + 900_000],
    ['how a job ended is told soon', [told], NOW + 1_500],
    ['not when that is past: then its grace is', [{ ...told, jobEndedAt: NOW - 2_000 }], NOW + 58_000],
    ['nor when that is over', [{ ...told, jobEndedAt: NOW - 60_000, end: 'outlived' }], undefined],
    ['somebody may be at a runner without a pod', [unfinished], NOW + 20_000],
    [
      'one that could not be retired is due again',
      [{ ...idleRunner(), end: 'lost', notBefore: NOW + 7 }],
      NOW + 7,
    ],
    ['the earliest counts', [pending, made, told, unfinished], NOW + 1_500],
  ])('%s', (_what, runners, expected) => {
    const [replicas, patchId] = [runners.filter(({ end }) => end === undefined).length, 0];
    expect(wakeAt(aState({ set: { replicas, patchId }, runners }))).toBe(expected);
  });

  test('is when creation is tried again', () => {
    expect(plan(aState({ set: { replicas: 100 }, creationBlock: block }))).toMatchObject({
      create: [],
      wakeAt: NOW + 1000,
    });
  });

  test('is when a status may be written', () => {
    expect(plan(aState(), { mayPublishAt: NOW + 300 })).toMatchObject({ wakeAt: NOW + 300 });
  });
});

describe('the end', () => {
  test('a workflow is finished when set and runners are gone', () => {
    expect(plan({ ...aState(), runnerSet: null }).finished).toBe(true);
    expect(plan({ ...aState({ runners: [idleRunner('a')] }), runnerSet: null }).finished).toBe(false);
    expect(plan(aState()).finished).toBe(false);
    const toTell = { type: 'Warning' as const, reason: 'RunnerLost', message: '' };
    expect(plan({ ...aState(), runnerSet: null, events: [toTell] }).finished).toBe(false);
  });

  test('the workflow of runners without a set is finished with the last of them', () => {
    const { runnerSet: _none, ...standalone } = aState();
    expect(plan(standalone).finished).toBe(true);
    expect(plan({ ...standalone, complete: false }).finished).toBe(false);
  });
});
