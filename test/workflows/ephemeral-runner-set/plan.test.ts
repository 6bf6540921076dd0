import { decide } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import type { Plan } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import type { RunnerState } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import { runnerSetStatus, statusKey } from '../../../src/workflows/ephemeral-runner-set/status.ts';
import type { RunnerSetState } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { aPod, aState, busyRunner, circumstances, idleRunner, NOW, pendingRunner, seen } from './builders.ts';

const names = ({ create }: Plan): string[] => create.flatMap((creation) => creation.names);
const retired = ({ retire }: Plan): string[] => retire.map(({ name }) => name);
const plan = (state: RunnerSetState, over: Parameters<typeof circumstances>[0] = {}): Plan =>
  decide(state, circumstances(over));
const unfinished = (name: string, over: Partial<RunnerState> = {}): RunnerState => ({
  name,
  seen: seen({ name }),
  ...over,
});

describe('what is created', () => {
  test('before the whole snapshot is known: nothing', () => {
    expect(plan(aState({ set: { replicas: 3 }, complete: false }))).toEqual({
      create: [],
      retire: [],
      finished: false,
    });
  });

  test('all that are missing, by one activity while they are few', () => {
    const few = ['demo-runner-00001', 'demo-runner-00002', 'demo-runner-00003'];
    const state = aState({ set: { replicas: 3 } });
    expect(plan(state).create).toEqual([{ names: few, lanes: 3, probe: false }]);
  });

  test('never more lanes than the limit leaves', () => {
    expect(plan(aState({ set: { replicas: 1000 } })).create).toHaveLength(10);
    expect(plan(aState({ set: { replicas: 1000 } }), { lanes: 7 }).create).toHaveLength(3);
    expect(plan(aState({ set: { replicas: 1000 } }), { lanes: 10 }).create).toEqual([]);
  });

  test('a name that comes up twice is used once', () => {
    const drawn = ['x', 'x', 'y'];
    expect(names(plan(aState({ set: { replicas: 2 } }), { newName: () => drawn.shift() ?? 'z' }))).toEqual([
      'x',
      'y',
    ]);
  });

  test('nothing while paused, outdated, or deleting; scaling down goes on', () => {
    const runners = [idleRunner('a'), idleRunner('b')];
    expect(names(plan(aState({ set: { replicas: 3, paused: true }, runners })))).toEqual([]);
    expect(names(plan(aState({ set: { replicas: 3 }, outdatedRevision: 'r1', runners })))).toEqual([]);
    expect(names(plan(aState({ set: { replicas: 3, deleting: true }, runners })))).toEqual([]);
    expect(retired(plan(aState({ set: { replicas: 1, paused: true }, runners })))).toEqual(['a']);
  });

  test('another revision than the outdated one is created', () => {
    expect(names(plan(aState({ set: { replicas: 1 }, outdatedRevision: 'r0' })))).toHaveLength(1);
  });

  test('in trouble: one runner, as a try, when its time has come', () => {
    const trouble = { reason: 'r', message: 'm', since: NOW, tries: 1, nextTryAt: NOW + 1000 };
    const state = aState({ set: { replicas: 100 }, creationBlock: trouble });
    expect(plan(state)).toMatchObject({ create: [], wakeAt: NOW + 1000 });
    expect(plan(state, { now: NOW + 1000 }).create).toEqual([
      { names: ['demo-runner-00001'], lanes: 1, probe: true },
    ]);
  });

  test('the runner that a try takes up again is one that was begun', () => {
    const trouble = { reason: 'r', message: 'm', since: NOW, tries: 1, nextTryAt: NOW };
    const state = aState({
      set: { replicas: 5 },
      creationBlock: trouble,
      runners: [unfinished('half', { begun: true })],
    });
    expect(names(plan(state))).toEqual(['half']);
  });

  test('runners without a pod are taken up again: our own at once, others when nobody can be at them any more', () => {
    const runners = [
      unfinished('own', { begun: true }),
      unfinished('young', { seen: seen({ name: 'young', createdAt: NOW / 1000 }) }),
    ];
    const state = aState({ set: { replicas: 2 }, runners });
    expect(plan(state)).toMatchObject({ create: [{ names: ['own'] }], wakeAt: NOW + 20_000 });
    expect(names(plan(state, { now: NOW + 20_000 }))).toEqual(['own', 'young']);
  });
});

describe('what is retired', () => {
  test('runners that ended, were deleted, or are too many', () => {
    const runners = [
      { ...idleRunner('done'), end: 'completed' as const },
      idleRunner('deleted', { deleting: true }),
      idleRunner('surplus', { createdAt: 1 }),
      idleRunner('kept'),
      busyRunner('busy'),
    ];
    expect(retired(plan(aState({ set: { replicas: 2 }, runners }))).sort()).toEqual([
      'deleted',
      'done',
      'surplus',
    ]);
  });

  test('idle runners of another revision, and their places are filled in the same pass; busy ones finish', () => {
    const runners = [idleRunner('old', { revision: 'r0' }), busyRunner('busy'), idleRunner('new')];
    const busyOld = runners.map((runner) =>
      runner.name === 'busy' ? { ...runner, seen: { ...runner.seen!, revision: 'r0' } } : runner,
    );
    const result = plan(aState({ set: { replicas: 3 }, runners: busyOld }));
    expect(retired(result)).toEqual(['old']);
    expect(names(result)).toHaveLength(1);
  });

  test('of rejected ones a few stay as evidence, until the template is repaired', () => {
    const rejected = (name: string, at: number): RunnerState => ({
      name,
      end: 'rejected',
      seen: seen({ name, createdAt: at, phase: 'Failed' }),
    });
    const runners = [1, 2, 3, 4, 5].map((at) => rejected(`r${at}`, at));
    expect(retired(plan(aState({ runners })))).toEqual(['r2', 'r1']);
    expect(retired(plan(aState({ set: { revision: 'r2' }, runners }))).sort()).toEqual([
      'r1',
      'r2',
      'r3',
      'r4',
      'r5',
    ]);
  });

  test('one that could not be retired waits for its time', () => {
    const runner = { ...idleRunner('r'), end: 'completed' as const, notBefore: NOW + 30_000 };
    expect(plan(aState({ runners: [runner] }))).toMatchObject({ retire: [], wakeAt: NOW + 30_000 });
  });

  test('a set that goes takes its idle runners along and waits for its busy ones', () => {
    const runners = [idleRunner('idle'), busyRunner('busy'), unfinished('half')];
    expect(retired(plan(aState({ set: { replicas: 3, deleting: true }, runners })))).toEqual([
      'idle',
      'half',
    ]);
  });

  test('what completed before a new order is taken away, and replaced if the order counts it', () => {
    const runners: RunnerState[] = [{ ...idleRunner('done'), end: 'completed' }, idleRunner('up')];
    const order = { id: 2, replicas: 3, exact: false, completed: 0 };
    const result = plan(aState({ set: { replicas: 3, patchId: 2 }, runners, order }));
    expect(retired(result)).toEqual(['done']);
    expect(names(result)).toHaveLength(2);
  });

  test('a set that is gone without a word: likewise', () => {
    const state = { ...aState({ runners: [idleRunner('idle')] }), set: null };
    expect(retired(plan(state))).toEqual(['idle']);
  });
});

describe('what is published', () => {
  const quiet = (state: RunnerSetState): RunnerSetState => ({
    ...state,
    published: statusKey(runnerSetStatus(state), 1),
  });

  test('nothing if the cluster shows it all', () => {
    expect(plan(quiet(aState({ set: { replicas: 1 }, runners: [idleRunner('a')] }))).publish).toBeUndefined();
  });

  test('the set’s status when it changed', () => {
    const { publish } = plan(aState({ set: { replicas: 1 }, runners: [idleRunner('a')] }));
    expect(publish?.status).toMatchObject({
      currentReplicas: 1,
      runningEphemeralRunners: 1,
      phase: 'Running',
    });
  });

  test('a runner that Kubernetes refused counts as failed, and as one that is there', () => {
    const rejected: RunnerState = { name: 'r', end: 'rejected', seen: seen({ name: 'r', phase: 'Failed' }) };
    const runners = [idleRunner('a'), busyRunner('b'), pendingRunner('c'), rejected];
    expect(plan(aState({ set: { replicas: 4 }, runners })).publish?.status).toMatchObject({
      currentReplicas: 4,
      pendingEphemeralRunners: 1,
      runningEphemeralRunners: 2,
      failedEphemeralRunners: 1,
    });
  });

  test('the set’s status again when it is about a new generation: kubectl wait asks for that', () => {
    const state = quiet(aState({ set: { replicas: 1 }, runners: [idleRunner('a')] }));
    const edited = { ...state, runnerSet: { ...state.runnerSet!, generation: 2 } };
    expect(plan(edited).publish?.status).toEqual(runnerSetStatus(state));
  });

  test('a runner whose pod became ready, once', () => {
    const runner = idleRunner('a', { phase: 'Pending', ready: false as never });
    const state = quiet(aState({ set: { replicas: 1 }, runners: [runner] }));
    expect(plan(state).publish?.runners).toEqual([{ name: 'a', phase: 'Running', ready: true, runnerId: 1 }]);
    runner.published = 'Running/true/1';
    expect(plan(state).publish).toBeUndefined();
  });

  test('few runners at a time while others are being created, and everything else at once', () => {
    const runners = Array.from({ length: 30 }, (_, i) => idleRunner(`r${i}`, { phase: 'Pending' }));
    const state = aState({ set: { replicas: 50 }, runners });
    const busy = plan(state, { lanes: 10 }).publish;
    expect(busy).toMatchObject({ oneAtATime: true, status: runnerSetStatus(state) });
    expect(busy?.runners.map(({ name }) => name)).toEqual(runners.slice(0, 20).map(({ name }) => name));
    expect(plan(state, { lanes: 0 }).publish?.runners).toHaveLength(30);
  });

  test('nothing while a status is being written', () => {
    expect(plan(aState({ set: { replicas: 1 } }), { publishing: true }).publish).toBeUndefined();
    const soon = plan(aState({ set: { replicas: 0 } }), { mayPublishAt: NOW + 300 });
    expect(soon).toMatchObject({ wakeAt: NOW + 300 });
    expect(soon.publish).toBeUndefined();
  });

  test('the finalizer: set at once, taken off when the last runner is gone', () => {
    expect(plan(aState({ set: { hasFinalizer: undefined as never } })).publish?.addFinalizer).toBe(true);
    const going = aState({ set: { deleting: true }, runners: [{ ...idleRunner('a'), retired: true }] });
    expect(plan(going).publish?.removeFinalizer).toBeUndefined();
    going.runners.clear();
    expect(plan(going).publish?.removeFinalizer).toBe(true);
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

  test('nothing is begun while preparing to continue as new', () => {
    expect(
      plan(aState({ set: { replicas: 5 }, runners: [{ ...idleRunner('a'), end: 'failed' }] }), {
        draining: true,
      }),
    ).toEqual({
      create: [],
      retire: [],
      finished: false,
    });
  });
});

describe('runners that belong to no set', () => {
  const loose = (runners: RunnerState[]): RunnerSetState => {
    const { runnerSet: _none, ...state } = aState({ runners });
    return state;
  };

  test('are made at once, whoever created them a moment ago', () => {
    const runner = unfinished('mine', {
      seen: seen({ name: 'mine', standalone: true, createdAt: NOW / 1000 }),
    });
    expect(names(plan(loose([runner])))).toEqual(['mine']);
  });

  test('go when they completed; one that is outdated stays for its owner to see', () => {
    const done = { ...idleRunner('done', { standalone: true }), end: 'completed' as const };
    const outdated = { ...idleRunner('old', { standalone: true }), end: 'outdated' as const };
    expect(plan(loose([done, outdated])).retire).toEqual([
      { name: 'done', runnerId: 1 },
      { name: 'old', runnerId: 1, keepAs: { phase: 'Outdated', reason: 'Outdated', message: '' } },
    ]);
  });

  test('a pod that is pending is not replaced', () => {
    const runner = idleRunner('r', { standalone: true, pod: aPod({ phase: 'Pending' }) });
    const result = plan(loose([runner]));
    expect([names(result), retired(result)]).toEqual([[], []]);
  });
});
