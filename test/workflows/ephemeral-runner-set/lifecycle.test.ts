import { followRunners } from '../../../src/workflows/ephemeral-runner-set/lifecycle.ts';
import { decide } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import { aPod, aState, busyRunner, circumstances, idleRunner, NOW, pendingRunner, seen } from './builders.ts';
import type { RunnerState } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import { stageOf } from '../../../src/workflows/ephemeral-runner-set/runner.ts';

const ended = (exitCode: number, name = 'r', over: Parameters<typeof idleRunner>[1] = {}): RunnerState =>
  idleRunner(name, {
    pod: aPod({ phase: exitCode === 0 ? 'Succeeded' : 'Failed', ended: true, exitCode }),
    ...over,
  });

describe('followRunners', () => {
  test('a runner that completed has done its part of the order', () => {
    const state = aState({ set: { patchId: 3, replicas: 2 }, runners: [ended(0, 'r', { hasJob: true })] });
    followRunners(state, NOW);
    expect(state.runners.get('r')?.end).toBe('completed');
    expect(state.order.completed).toMatchObject([{ runner: 'r' }]);
    expect(state.pastFailures).toEqual([]);
    expect(state.events).toEqual([]);
  });

  test('an end is recorded once', () => {
    const state = aState({ runners: [ended(1)] });
    followRunners(state, NOW);
    followRunners(state, NOW);
    expect(state.failures.inARow).toBe(1);
    expect(state.events).toHaveLength(1);
  });

  test('a failure without a job is held against the set, one with a job is a lost runner', () => {
    const state = aState({ runners: [ended(1, 'idle'), ended(1, 'busy', { hasJob: true })] });
    followRunners(state, NOW);
    expect(state.failures.inARow).toBe(1);
    expect(state.events.map(({ reason, runner }) => [reason, runner])).toEqual([
      ['RunnerFailed', 'idle'],
      ['RunnerLost', 'busy'],
    ]);
    expect(state.pastFailures.map(({ runner }) => runner)).toEqual(['idle', 'busy']);
  });

  test('exit 7 taints the revision of that runner, once', () => {
    const state = aState({ runners: [ended(7, 'a'), ended(7, 'b')] });
    followRunners(state, NOW);
    expect(state.outdatedRevision).toBe('r1');
    expect(state.events.filter(({ reason }) => reason === 'Outdated')).toHaveLength(1);
  });

  test('a runner that is up again after failures ends them', () => {
    const runner = { ...idleRunner('r'), madeAt: NOW - 30_000, runningSince: NOW - 20_000 };
    const state = aState({
      runners: [runner],
      failures: { inARow: 7, lastAt: NOW - 60_000, reason: '', message: '', holds: [] },
    });
    followRunners(state, NOW);
    expect(state.failures.inARow).toBe(0);
  });

  test('a runner that someone deletes did not fail', () => {
    const state = aState({ runners: [ended(1, 'r', { deleting: true })] });
    followRunners(state, NOW);
    expect(state.failures.inARow).toBe(0);
  });

  test('a runner that GitHub held back for its job is asked for again once it has ended, deleted or not', () => {
    const held = { heldByJob: true, notBefore: NOW + 30_000 };
    const runners = [
      { ...ended(0, 'done', { hasJob: true }), ...held },
      { ...ended(0, 'deleted', { deleting: true }), ...held },
    ];
    const state = aState({ set: { patchId: 3, replicas: 2 }, runners });
    followRunners(state, NOW);
    for (const runner of state.runners.values()) {
      expect(runner).toMatchObject({ end: 'completed' });
      expect(runner).not.toHaveProperty('heldByJob');
      expect(runner).not.toHaveProperty('notBefore');
    }
    expect(state.order.completed).toMatchObject([{ runner: 'done' }]);
  });

  test('runners that are well, and those without a pod yet, are left alone', () => {
    const state = aState({
      runners: [
        idleRunner('a'),
        busyRunner('b'),
        pendingRunner('c'),
        { name: 'd', seen: seen({ name: 'd' }) },
      ],
    });
    followRunners(state, NOW);
    expect([...state.runners.values()].every((runner) => runner.end === undefined)).toBe(true);
  });

  test('a runner in the hands of a lane is left to it, even when its pod goes: the lane may be making another', () => {
    const runner = { ...idleRunner('r'), doing: 'create' as const };
    delete runner.seen?.pod;
    const state = aState({ set: { replicas: 0 }, runners: [runner] });
    followRunners(state, NOW);
    expect(runner.end).toBeUndefined();
    expect(decide(state, circumstances()).retire).toEqual([]);
  });

  test('a runner of no set gets another pod under its name, after its backoff, a few times', () => {
    const { runnerSet: _none, ...loose } = aState({ runners: [ended(1, 'r', { standalone: true })] });
    followRunners(loose, NOW);
    const runner = loose.runners.get('r');
    expect(runner).toMatchObject({ begun: true, spentPod: 'pod-1', failures: 1, notBefore: NOW + 5000 });
    expect(runner && stageOf(runner)).toBe('unfinished');

    const tired = { ...ended(1, 'r', { standalone: true }), failures: 5 };
    const { runnerSet: _noneEither, ...later } = aState({ runners: [tired] });
    followRunners(later, NOW);
    expect(later.runners.get('r')?.end).toBe('failed');
  });

  test('what the platform ended is no failure: told, replaced at once, all of them', () => {
    const runners = ['a', 'b', 'c'].map((name) => idleRunner(name, { pod: aPod({ going: true }) }));
    const state = aState({ set: { replicas: 3 }, runners });
    followRunners(state, NOW);
    expect(state.failures).toMatchObject({ inARow: 0, holds: [] });
    expect(state.events.map(({ reason, runner }) => [reason, runner])).toEqual(
      ['a', 'b', 'c'].map((name) => ['RunnerDisrupted', name]),
    );
    expect(decide(state, circumstances()).create[0]?.names).toHaveLength(3);
  });

  test('a runner that outlives its job is told of when GitHub has let it go, not before', () => {
    const runner: RunnerState = { ...busyRunner('r'), jobEndedAt: NOW - 60_000 };
    const state = aState({ runners: [runner] });
    followRunners(state, NOW);
    expect(runner.end).toBe('outlived');
    expect(state.events).toEqual([]);
    expect(decide(state, circumstances()).retire).toMatchObject([{ name: 'r' }]);
  });

  test('one that outlived its job and then ended by itself has completed, unless it is being retired', () => {
    const outlived = {
      ...ended(0, 'r', { hasJob: true }),
      end: 'outlived',
      reason: 'RunnerOutlivedJob',
    } as const;
    for (const [doing, end] of [
      [undefined, 'completed'],
      ['retire', 'outlived'],
    ] as const) {
      const runner: RunnerState = { ...outlived, ...(doing && { doing }) };
      followRunners(aState({ runners: [runner] }), NOW);
      expect(runner.end).toBe(end);
    }
  });

  test('the place of one whose pod has ended is free while its lane is still at others', () => {
    const runner: RunnerState = { ...ended(0, 'r', { hasJob: true }), doing: 'create' };
    const state = aState({ set: { replicas: 1 }, runners: [runner] });
    followRunners(state, NOW);
    expect(runner.end).toBe('completed');
    const plan = decide(state, circumstances());
    expect(plan.retire).toEqual([]);
    expect(plan.create[0]?.names).toHaveLength(1);
  });

  test('one that ended well, and nobody told of a job, holds its place until GitHub has answered', () => {
    const runner: RunnerState = { ...ended(0, 'r'), endedAt: NOW - 1_000 };
    const state = aState({ set: { replicas: 1 }, runners: [runner] });
    followRunners(state, NOW);
    expect(stageOf(runner)).toBe('unclear');
    const plan = decide(state, circumstances());
    expect(plan.create).toEqual([]);
    expect(plan.check).toMatchObject({ suspects: [], unclear: [{ name: 'r', runnerId: 1 }] });
  });
});
