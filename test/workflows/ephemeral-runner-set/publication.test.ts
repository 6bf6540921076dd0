import { observe } from '../../../src/workflows/ephemeral-runner-set/observe.ts';
import { decide } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import { toPublish } from '../../../src/workflows/ephemeral-runner-set/publication.ts';
import type { RunnerSetState } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import {
  runnerSetStatus,
  runnerStatusKey,
  statusKey,
} from '../../../src/workflows/ephemeral-runner-set/status.ts';
import { aState, busyRunner, circumstances, idleRunner, NOW } from './builders.ts';

const publishing = (state: RunnerSetState, over: Parameters<typeof circumstances>[0] = {}) => {
  const wakes: number[] = [];
  return { publish: toPublish(state, circumstances(over), wakes), wakes };
};

/** The set's status stands in the cluster. */
const quiet = (state: RunnerSetState): RunnerSetState => ({
  ...state,
  published: statusKey(runnerSetStatus(state), 1),
});

describe('what is published', () => {
  test('nothing if the cluster shows it all', () => {
    const state = quiet(aState({ set: { replicas: 1 }, runners: [idleRunner('a')] }));
    expect(publishing(state)).toEqual({ publish: undefined, wakes: [] });
    expect(publishing(state, { mayPublishAt: NOW + 300 }).wakes).toEqual([]);
  });

  test('the set’s status when it changed', () => {
    const { publish } = publishing(aState({ set: { replicas: 1 }, runners: [idleRunner('a')] }));
    expect(publish?.status).toMatchObject({
      currentReplicas: 1,
      runningEphemeralRunners: 1,
      phase: 'Running',
    });
  });

  test('the set’s status again when it is about a new generation: kubectl wait asks for that', () => {
    const state = quiet(aState({ set: { replicas: 1 }, runners: [idleRunner('a')] }));
    const edited = { ...state, runnerSet: { ...state.runnerSet!, generation: 2 } };
    expect(publishing(edited).publish?.status).toEqual(runnerSetStatus(state));
  });

  test('a runner whose pod became ready, once', () => {
    const runner = idleRunner('a', { phase: 'Pending', ready: false as never });
    const state = quiet(aState({ set: { replicas: 1 }, runners: [runner] }));
    const { publish } = publishing(state);
    expect(publish?.runners).toEqual([{ name: 'a', phase: 'Running', ready: true, runnerId: 1 }]);
    expect(publish).not.toHaveProperty('status');
    runner.published = 'Running/true/1';
    expect(publishing(state).publish).toBeUndefined();
  });

  test('few runners at a time while others are being created, and everything else at once', () => {
    const runners = Array.from({ length: 30 }, (_, i) => idleRunner(`r${i}`, { phase: 'Pending' }));
    const state = aState({ set: { replicas: 50 }, runners });
    const busy = publishing(state, { lanes: 10 }).publish;
    expect(busy).toMatchObject({ oneAtATime: true, status: runnerSetStatus(state) });
    expect(busy?.runners.map(({ name }) => name)).toEqual(runners.slice(0, 20).map(({ name }) => name));
    const calm = publishing(state, { lanes: 0 }).publish;
    expect(calm?.runners).toHaveLength(30);
    expect(calm).not.toHaveProperty('oneAtATime');
  });

  test('nothing while a status is being written, nor before the next may be', () => {
    expect(publishing(aState({ set: { replicas: 1 } }), { publishing: true }).publish).toBeUndefined();
    const soon = aState({ set: { replicas: 0 } });
    expect(publishing(soon, { mayPublishAt: NOW + 300 })).toEqual({ publish: undefined, wakes: [NOW + 300] });
    expect(publishing(soon, { mayPublishAt: NOW }).publish).toBeDefined();
  });

  test('Events, even when nothing else changed, and of runners without a set too', () => {
    const events = [{ type: 'Warning' as const, reason: 'RunnerFailed', message: 'm', runner: 'r' }];
    expect(publishing(quiet(aState({ events }))).publish).toEqual({ runners: [], events, protect: [] });
    const { runnerSet: _none, ...standalone } = aState({ events });
    expect(publishing(standalone).publish).toEqual({ runners: [], events, protect: [] });
    expect(publishing({ ...standalone, events: [] }).publish).toBeUndefined();
  });

  test('the finalizer: set at once, taken off when the last runner is gone', () => {
    expect(publishing(aState({ set: { hasFinalizer: undefined as never } })).publish?.addFinalizer).toBe(
      true,
    );
    const going = aState({ set: { deleting: true }, runners: [{ ...idleRunner('a'), retired: true }] });
    expect(publishing(going).publish?.removeFinalizer).toBeUndefined();
    going.runners.delete('a');
    expect(publishing(going).publish?.removeFinalizer).toBe(true);
    delete going.runnerSet!.hasFinalizer;
    expect(publishing(going).publish).not.toHaveProperty('addFinalizer');
    expect(publishing(going).publish).not.toHaveProperty('removeFinalizer');
  });
});

describe('how a job ended is written onto its runner if that outlives it by two seconds', () => {
  const told = (over: object = {}) => {
    const state = aState({ runners: [{ ...busyRunner('r'), protected: true, ...over }] });
    observe(state, { at: NOW, jobResults: { r: 'failed', unknown: 'succeeded' } });
    return state;
  };

  test('not at once: as a rule the runner goes with its job', () => {
    const plan = decide(told(), circumstances({ now: NOW + 1_999 }));
    expect(plan.publish?.runners.filter(({ jobResult }) => jobResult !== undefined) ?? []).toEqual([]);
    expect(plan.wakeAt).toBe(NOW + 2_000);
  });

  test('once it is still there, once', () => {
    const state = told();
    const [update] = decide(state, circumstances({ now: NOW + 2_000 })).publish?.runners ?? [];
    expect(update).toMatchObject({ name: 'r', phase: 'Running', jobResult: 'failed' });
    state.runners.edit('r')!.published = runnerStatusKey(update!);
    const after = decide(state, circumstances({ now: NOW + 2_000 }));
    expect(after.publish?.runners ?? []).toEqual([]);
    // It is given its grace.
    expect(after.wakeAt).toBe(NOW + 60_000);
  });

  test('a runner that has ended needs none', () => {
    const plan = decide(told({ end: 'completed' }), circumstances({ now: NOW + 5_000 }));
    expect(plan.publish?.runners ?? []).toEqual([]);
  });
});

test('pods of jobs are to be protected even when nothing else is to be told', () => {
  expect(publishing(quiet(aState({ runners: [busyRunner('a')] }))).publish).toMatchObject({ protect: ['a'] });
});
