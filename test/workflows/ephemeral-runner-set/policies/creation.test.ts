import type { Creation } from '../../../../src/workflows/ephemeral-runner-set/policies/creation.ts';
import { toCreate } from '../../../../src/workflows/ephemeral-runner-set/policies/creation.ts';
import { placeRunners } from '../../../../src/workflows/ephemeral-runner-set/plan.ts';
import type { RunnerState } from '../../../../src/workflows/ephemeral-runner-set/runner.ts';
import type { RunnerSetState } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { NO_FAILURES } from '../../../../src/workflows/ephemeral-runner-set/state.ts';
import { aState, circumstances, idleRunner, NOW, seen } from '../builders.ts';

const toMake = (
  state: RunnerSetState,
  {
    retiring = [],
    ...over
  }: Parameters<typeof circumstances>[0] & { retiring?: (RunnerState | undefined)[] } = {},
) => {
  const wakes: number[] = [];
  const leaving = new Set(retiring.filter((runner) => runner !== undefined));
  const at = circumstances(over);
  state.runners.unplaced(at.now);
  placeRunners(state, at.now);
  const create = toCreate(state, { ...at, retiring: leaving }, wakes);
  const all = [...wakes, state.runners.nextDueAt()];
  return { create, wakes: all.filter((wake) => wake < Infinity) };
};
const names = ({ create }: { create: Creation[] }): string[] => create.flatMap((creation) => creation.names);
const unfinished = (name: string, over: Partial<RunnerState> = {}): RunnerState => ({
  name,
  seen: seen({ name }),
  ...over,
});
const block = { reason: 'r', message: 'm', since: NOW, tries: 1, nextTryAt: NOW + 1000 };

describe('how many are created', () => {
  test('all that are missing, by one activity while they are few', () => {
    const few = ['demo-runner-00001', 'demo-runner-00002', 'demo-runner-00003'];
    const state = aState({ set: { replicas: 3 } });
    expect(toMake(state)).toEqual({ create: [{ names: few, lanes: 3, probe: false }], wakes: [] });
  });

  test('none when none is missing', () => {
    expect(toMake(aState())).toEqual({ create: [], wakes: [] });
    expect(toMake(aState({ set: { replicas: 1 }, runners: [idleRunner()] })).create).toEqual([]);
  });

  test('never more lanes than the limit leaves', () => {
    const state = aState({ set: { replicas: 1000 } });
    expect(toMake(state).create).toHaveLength(10);
    expect(toMake(state, { lanes: 7 }).create).toHaveLength(3);
    expect(toMake(state, { lanes: 10 }).create).toEqual([]);
    expect(toMake(state, { lanes: 11 }).create).toEqual([]);
  });

  test('a lowered limit counts the lanes that are still under way', () => {
    const state = aState({ set: { replicas: 1000 } });
    state.settings = { ...state.settings, runnerCreationConcurrency: 2 };
    expect(toMake(state, { lanes: 1 }).create).toMatchObject([{ lanes: 1 }]);
    expect(toMake(state, { lanes: 7 }).create).toEqual([]);
  });

  test('the place of one that is being retired in this pass is filled', () => {
    const runners = [idleRunner('old', { revision: 'r0' }), idleRunner('kept')];
    expect(names(toMake(aState({ set: { replicas: 2 }, runners })))).toEqual(['demo-runner-00001']);
  });

  test('while no lane is free, no name is drawn and nothing waited for: a lane that ends is news', () => {
    const newName = () => {
      throw new Error('A name was drawn.');
    };
    const failures = { ...NO_FAILURES, inARow: 1, lastAt: NOW, holds: [NOW + 5_000] };
    const state = aState({ set: { replicas: 1000 }, failures });
    expect(toMake(state, { lanes: 10, newName })).toEqual({ create: [], wakes: [] });
  });

  test('a name that comes up twice is used once', () => {
    const drawn = ['x', 'x', 'y'];
    const made = toMake(aState({ set: { replicas: 2 } }), { newName: () => drawn.shift() ?? 'z' });
    expect(names(made)).toEqual(['x', 'y']);
  });
});

describe('when none is created', () => {
  const runners = [idleRunner('a'), idleRunner('b')];
  const half = unfinished('half', { begun: true });

  test.each<[string, RunnerSetState]>([
    ['paused', aState({ set: { replicas: 3, paused: true }, runners })],
    ['outdated', aState({ set: { replicas: 3 }, outdatedRevision: 'r1', runners })],
    ['deleting', aState({ set: { replicas: 3, deleting: true }, runners })],
    ['gone', { ...aState({ set: { replicas: 3 }, runners }), runnerSet: null }],
  ])('the set is %s; what was begun is not taken up either', (_what, state) => {
    expect(names(toMake(state))).toEqual([]);
    state.runners.put({ ...half });
    expect(toMake(state)).toEqual({ create: [], wakes: [] });
  });

  test('another revision than the outdated one is created', () => {
    expect(names(toMake(aState({ set: { replicas: 1 }, outdatedRevision: 'r0' })))).toHaveLength(1);
  });
});

describe('while creation is blocked', () => {
  test('one runner is tried when its time has come, and Kubernetes is asked first', () => {
    const state = aState({ set: { replicas: 100 }, creationBlock: block });
    expect(toMake(state)).toEqual({ create: [], wakes: [NOW + 1000] });
    expect(toMake(state, { now: NOW + 1000 }).create).toEqual([
      { names: ['demo-runner-00001'], lanes: 1, probe: true },
    ]);
  });

  test('the runner that a try takes up again is one that was begun', () => {
    const state = aState({
      set: { replicas: 5 },
      creationBlock: { ...block, nextTryAt: NOW },
      runners: [unfinished('half', { begun: true })],
    });
    expect(names(toMake(state))).toEqual(['half']);
  });

  test('no try is made, nor waited for, when nothing is missing', () => {
    expect(toMake(aState({ creationBlock: { ...block, nextTryAt: NOW } }))).toEqual({
      create: [],
      wakes: [],
    });
  });
});

describe('after failures', () => {
  test('the places of failed runners stay empty; runners that were begun are no new ones', () => {
    const failures = { ...NO_FAILURES, inARow: 2, lastAt: NOW, holds: [NOW + 5_000, NOW + 10_000] };
    const state = aState({ set: { replicas: 3 }, failures });
    expect(toMake(state)).toMatchObject({ create: [{ names: ['demo-runner-00001'] }], wakes: [NOW + 5_000] });
    state.runners.put(unfinished('half', { begun: true }));
    expect(toMake(state)).toMatchObject({ create: [{ names: ['half'] }], wakes: [NOW + 5_000] });
  });
});

describe('runners without a pod', () => {
  test('are taken up again: our own at once, others when nobody can be at them any more', () => {
    const runners = [unfinished('own', { begun: true }), unfinished('young', { foundAt: NOW })];
    const state = aState({ set: { replicas: 2 }, runners });
    expect(toMake(state)).toMatchObject({ create: [{ names: ['own'] }], wakes: [NOW + 20_000] });
    expect(names(toMake(state, { now: NOW + 20_000 }))).toEqual(['own', 'young']);
  });

  test('count as there: no other is made in their place', () => {
    const waiting = unfinished('waiting', { begun: true, notBefore: NOW + 700 });
    const state = aState({ set: { replicas: 1 }, runners: [waiting] });
    expect(toMake(state)).toEqual({ create: [], wakes: [NOW + 700] });
  });

  test('of no set are made, as many as there are, and no new ones', () => {
    const runners = ['a', 'b'].map((name) => unfinished(name, { seen: seen({ name, standalone: true }) }));
    const { runnerSet: _none, ...standalone } = aState({ runners });
    const order = { id: 0, replicas: 9, exact: true, completed: [] };
    expect(names(toMake({ ...standalone, order }))).toEqual(['a', 'b']);
    const failures = { ...NO_FAILURES, inARow: 5, lastAt: NOW };
    const [first] = toMake({ ...standalone, order, failures }).create;
    expect([first?.names, toMake({ ...standalone, failures }).wakes]).toEqual([['a', 'b'], []]);
  });
});

test('names are made for what begins now, however many are missing', () => {
  let made = 0;
  const newName = () => `r${(made += 1)}`;
  const { create } = toMake(aState({ set: { replicas: 5_000 } }), { newName });
  expect(names({ create })).toHaveLength(made);
  expect(made).toBe(100);
});
