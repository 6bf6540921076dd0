import { followRunners } from '../../../src/workflows/ephemeral-runner-set/lifecycle.ts';
import { decide } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import { aPod, aState, busyRow, circumstances, idleRow, NOW, pendingRow, seen } from './builders.ts';
import type { RunnerState } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import { stageOf } from '../../../src/workflows/ephemeral-runner-set/runner.ts';

const ended = (exitCode: number, name = 'r', over: Parameters<typeof idleRow>[1] = {}): RunnerState =>
  idleRow(name, { pod: aPod({ phase: exitCode === 0 ? 'Succeeded' : 'Failed', exitCode }), ...over });

describe('follow', () => {
  test('a runner that completed has done its part of the order', () => {
    const state = aState({ set: { patchId: 3, replicas: 2 }, rows: [ended(0)] });
    followRunners(state, NOW);
    expect(state.rows.get('r')?.end).toBe('completed');
    expect(state.order.completed).toBe(1);
    expect(state.pastFailures).toEqual([]);
    expect(state.happenings).toEqual([]);
  });

  test('an end is recorded once', () => {
    const state = aState({ rows: [ended(1)] });
    followRunners(state, NOW);
    followRunners(state, NOW);
    expect(state.failures.inARow).toBe(1);
    expect(state.happenings).toHaveLength(1);
  });

  test('a failure without a job is held against the set, one with a job is a lost runner', () => {
    const state = aState({ rows: [ended(1, 'idle'), ended(1, 'busy', { hasJob: true })] });
    followRunners(state, NOW);
    expect(state.failures.inARow).toBe(1);
    expect(state.happenings.map(({ reason, runner }) => [reason, runner])).toEqual([
      ['RunnerFailed', 'idle'],
      ['RunnerLost', 'busy'],
    ]);
    expect(state.pastFailures.map(({ runner }) => runner)).toEqual(['idle', 'busy']);
  });

  test('exit 7 taints the revision of that runner, once', () => {
    const state = aState({ rows: [ended(7, 'a'), ended(7, 'b')] });
    followRunners(state, NOW);
    expect(state.outdatedRevision).toBe('r1');
    expect(state.happenings.filter(({ reason }) => reason === 'Outdated')).toHaveLength(1);
  });

  test('a runner that is up again after failures ends them', () => {
    const row = { ...idleRow('r'), madeAt: NOW - 30_000, runningSince: NOW - 20_000 };
    const state = aState({
      rows: [row],
      failures: { inARow: 7, lastAt: NOW - 60_000, reason: '', message: '', holds: [] },
    });
    followRunners(state, NOW);
    expect(state.failures.inARow).toBe(0);
  });

  test('a runner that someone deletes did not fail', () => {
    const state = aState({ rows: [ended(1, 'r', { deleting: true })] });
    followRunners(state, NOW);
    expect(state.failures.inARow).toBe(0);
  });

  test('a runner that GitHub held back for its job is asked for again once it has ended, deleted or not', () => {
    const held = { heldByJob: true, notBefore: NOW + 30_000 };
    const rows = [
      { ...ended(0, 'done'), ...held },
      { ...ended(0, 'deleted', { deleting: true }), ...held },
    ];
    const state = aState({ rows });
    followRunners(state, NOW);
    for (const row of state.rows.values()) {
      expect(row).toMatchObject({ end: 'completed' });
      expect(row).not.toHaveProperty('heldByJob');
      expect(row).not.toHaveProperty('notBefore');
    }
    expect(state.order.completed).toBe(1);
  });

  test('runners that are well, and those without a pod yet, are left alone', () => {
    const state = aState({
      rows: [idleRow('a'), busyRow('b'), pendingRow('c'), { name: 'd', seen: seen({ name: 'd' }) }],
    });
    followRunners(state, NOW);
    expect([...state.rows.values()].every((row) => row.end === undefined)).toBe(true);
  });

  test('a runner in the hands of a lane is left to it, even when its pod goes: the lane may be making another', () => {
    const row = { ...idleRow('r'), doing: 'create' as const };
    delete row.seen?.pod;
    const state = aState({ set: { replicas: 0 }, rows: [row] });
    followRunners(state, NOW);
    expect(row.end).toBeUndefined();
    expect(decide(state, circumstances()).retire).toEqual([]);
  });

  test('a runner of no set gets another pod under its name, after its backoff, a few times', () => {
    const { set: _none, ...loose } = aState({ rows: [ended(1, 'r', { loose: true })] });
    followRunners(loose, NOW);
    const row = loose.rows.get('r');
    expect(row).toMatchObject({ begun: true, spentPod: 'pod-1', failures: 1, notBefore: NOW + 5000 });
    expect(row && stageOf(row)).toBe('unfinished');

    const tired = { ...ended(1, 'r', { loose: true }), failures: 5 };
    const { set: _noneEither, ...later } = aState({ rows: [tired] });
    followRunners(later, NOW);
    expect(later.rows.get('r')?.end).toBe('failed');
  });
});
