import type { RunnerSetObservation } from '../../../src/messages/observations.ts';
import { observe } from '../../../src/workflows/ephemeral-runner-set/observe.ts';
import { stageOf } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import { settle } from '../../../src/workflows/ephemeral-runner-set/settle.ts';
import { NO_FAILURES, emptyState } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { runnerStatus } from '../../../src/workflows/ephemeral-runner-set/status.ts';
import { NOW, aPod, aSet, aState, idleRow, seen } from './builders.ts';

const batch = (over: Partial<RunnerSetObservation>): RunnerSetObservation => ({ at: NOW, ...over });

describe('observe', () => {
  test('nothing is complete before a whole picture came in', () => {
    const state = emptyState();
    observe(state, batch({ set: aSet(), runners: [seen()] }));
    expect(state.complete).toBe(false);
    observe(state, batch({ runners: [seen()], snapshot: { part: 1, parts: 2 } }));
    expect(state.complete).toBe(false);
    observe(state, batch({ runners: [seen({ name: 'b' })], snapshot: { part: 2, parts: 2 } }));
    expect(state.complete).toBe(true);
    expect([...state.rows.keys()]).toEqual(['demo-runner-aaaaa', 'b']);
  });

  test('the same batch twice changes nothing', () => {
    const state = aState();
    const change = batch({ set: aSet({ replicas: 3 }), runners: [seen({ pod: aPod() })], gone: ['x'] });
    observe(state, change);
    const once = structuredClone(state);
    observe(state, change);
    expect(state).toEqual(once);
  });

  test('after a picture, runners that are not in it are gone; one that is being created is not', () => {
    const state = aState({ rows: [idleRow('stays'), idleRow('went'), { name: 'new', doing: 'create' }] });
    observe(state, batch({ runners: [seen({ name: 'stays' })], snapshot: { part: 1, parts: 1 } }));
    expect([...state.rows.keys()]).toEqual(['stays', 'new']);
  });

  test('one that is not in a picture while it is being retired is gone with its retirement', () => {
    const { seen: _seen, ...unseen } = idleRow('unseen');
    const rows = [
      { ...idleRow('r'), doing: 'retire' as const },
      { ...unseen, doing: 'retire' as const },
      { ...unseen, name: 'retired', retired: true },
      { ...idleRow('lane'), doing: 'create' as const },
    ];
    const state = aState({ rows });
    observe(state, batch({ runners: [], snapshot: { part: 1, parts: 1 } }));
    expect([...state.rows.keys()]).toEqual(['r', 'unseen', 'lane']);
    const names = ['r', 'unseen'];
    const result = { retired: names, kept: [], busy: [] };
    settle(state, [{ of: 'retire', names, result }], NOW);
    const created = [{ name: 'lane', runnerId: 1 }];
    const made = { created, rejected: [], begun: [] };
    settle(state, [{ of: 'create', names: ['lane'], probe: false, result: made }], NOW);
    expect([...state.rows.keys()]).toEqual([]);
  });

  test('one that comes back into sight is there', () => {
    const state = aState({ rows: [{ ...idleRow('r'), doing: 'retire' as const, absent: true }] });
    observe(state, batch({ runners: [seen({ name: 'r' })] }));
    settle(state, [{ of: 'retire', names: ['r'], result: { retired: ['r'], kept: [], busy: [] } }], NOW);
    expect(state.rows.get('r')).toMatchObject({ retired: true });
  });

  test('a picture shows what stands in the cluster: a status that was written over is written again', () => {
    const state = aState({ rows: [{ ...idleRow('r'), published: 'Running/true/1' }] });
    const runner = seen({ name: 'r', phase: 'Pending', pod: aPod({ ready: true }) });
    observe(state, batch({ runners: [runner] }));
    expect(runnerStatus(state.rows.get('r')!, NOW)).toBeUndefined();
    observe(state, batch({ runners: [runner], snapshot: { part: 1, parts: 1 } }));
    expect(runnerStatus(state.rows.get('r')!, NOW)).toMatchObject({ phase: 'Running', ready: true });
  });

  test('the id of the latest registration is told, not the one that still stands in the cluster', () => {
    const state = aState({ rows: [{ ...idleRow('r', { runnerId: 1 }), runnerId: 2 }] });
    expect(runnerStatus(state.rows.get('r')!, NOW)).toMatchObject({ runnerId: 2 });
  });

  test('a runner whose pod is seen is made, although its lane is still busy with others', () => {
    const state = aState({ rows: [{ name: 'r', doing: 'create' }] });
    observe(state, batch({ runners: [seen({ name: 'r', pod: aPod({ phase: 'Pending' }) })] }));
    const row = state.rows.get('r')!;
    expect(row).toMatchObject({ madeAt: NOW, podSeen: true, doing: 'create' });
    expect(stageOf(row)).toBe('pending');
    expect(runnerStatus(row, NOW)).toBeUndefined();
  });

  test('what an old pod does no longer counts, once it was replaced under the same name', () => {
    const state = aState({ rows: [{ name: 'r', spentPod: 'old' }] });
    observe(state, batch({ runners: [seen({ name: 'r', pod: aPod({ uid: 'old', phase: 'Failed' }) })] }));
    expect(state.rows.get('r')?.seen?.pod).toBeUndefined();
    observe(state, batch({ runners: [seen({ name: 'r', pod: aPod({ uid: 'new' }) })] }));
    expect(state.rows.get('r')?.seen?.pod?.uid).toBe('new');
  });

  test('a new revision is a repair: failures are forgotten and the next try is due', () => {
    const trouble = { reason: 'r', message: 'm', since: NOW, tries: 5, nextTryAt: NOW + 5000 };
    const failures = { ...NO_FAILURES, inARow: 9 };
    const state = aState({ trouble, failures });
    observe(state, batch({ set: aSet({ generation: 2, replicas: 3 }) }));
    expect(state.failures.inARow).toBe(9);
    observe(state, batch({ set: aSet({ generation: 3, revision: 'r2' }) }));
    expect(state.failures).toEqual(NO_FAILURES);
    expect(state.trouble?.nextTryAt).toBe(0);
  });

  test('GitHub’s word that a job runs is kept until the cluster shows the job', () => {
    const state = aState({ rows: [{ ...idleRow('r'), heldByJob: true, notBefore: NOW + 30_000 }] });
    observe(state, batch({ runners: [seen({ name: 'r' })] }));
    expect(state.rows.get('r')?.heldByJob).toBe(true);
    observe(state, batch({ runners: [seen({ name: 'r', hasJob: true })] }));
    expect(state.rows.get('r')?.heldByJob).toBeUndefined();
    expect(state.rows.get('r')?.notBefore).toBeUndefined();
  });
});
