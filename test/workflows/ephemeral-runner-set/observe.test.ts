import type { RunnerSetObservation } from '../../../src/messages/observations.ts';
import { observe } from '../../../src/workflows/ephemeral-runner-set/observe.ts';
import { stageOf } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import { settle } from '../../../src/workflows/ephemeral-runner-set/settle.ts';
import { NO_FAILURES, emptyRunnerSetState } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { runnerStatus } from '../../../src/workflows/ephemeral-runner-set/status.ts';
import { aPod, aSet, aState, idleRunner, namesIn, NOW, plain, seen } from './builders.ts';

const batch = (over: Partial<RunnerSetObservation>): RunnerSetObservation => ({ at: NOW, ...over });

const part = (id: number, number: number, parts: number, ...names: string[]): RunnerSetObservation =>
  batch({ runners: names.map((name) => seen({ name })), snapshot: { id, part: number, parts } });

describe('a snapshot in parts', () => {
  const stateOf = () => aState({ runners: ['a', 'b', 'c', 'd'].map((name) => idleRunner(name)) });
  const left = (...parts: RunnerSetObservation[]): string[] => {
    const state = stateOf();
    for (const each of parts) observe(state, each);
    return namesIn(state);
  };

  test.each([
    ['whole', [part(1, 1, 2, 'a'), part(1, 2, 2, 'b')], ['a', 'b']],
    ['its first part alone', [part(1, 1, 2, 'a')], ['a', 'b', 'c', 'd']],
    ['its first part is missing', [part(1, 2, 2, 'a')], ['a', 'b', 'c', 'd']],
    ['a part in the middle is missing', [part(1, 1, 3, 'a'), part(1, 3, 3, 'b')], ['a', 'b', 'c', 'd']],
    ['parts of two', [part(1, 1, 2, 'a'), part(2, 2, 2, 'b')], ['a', 'b', 'c', 'd']],
    ['begun anew', [part(1, 1, 2, 'a'), part(2, 1, 2, 'b'), part(2, 2, 2, 'c')], ['b', 'c']],
    [
      'the end of one that was given up for another',
      [part(1, 1, 2, 'a'), part(2, 1, 1, 'b'), part(1, 2, 2, 'c')],
      ['b', 'c'],
    ],
    [
      'one part twice',
      [part(1, 1, 3, 'a'), part(1, 1, 3, 'a'), part(1, 2, 3, 'b'), part(1, 3, 3)],
      ['a', 'b'],
    ],
  ])('%s', (_what, parts, expected) => {
    expect(left(...parts)).toEqual(expected);
  });

  test('one that another watch began is never finished', () => {
    const one = { ...part(1, 1, 2, 'a'), sequence: { epoch: 1, seq: 1 } };
    const other = { ...part(1, 2, 2, 'b'), sequence: { epoch: 2, seq: 9 } };
    expect(left(one, other)).toEqual(['a', 'b', 'c', 'd']);
  });
});

test('a watch that another one replaced overwrites nothing', () => {
  const state = aState({ runners: [idleRunner('a')] });
  observe(state, batch({ runnerSet: aSet({ replicas: 3 }), sequence: { epoch: 2, seq: 1 } }));
  const before = plain(state);
  observe(state, { ...part(9, 1, 1), runnerSet: null, sequence: { epoch: 1, seq: 50 } });
  observe(state, batch({ gone: ['a'], sequence: { epoch: 2, seq: 1 } }));
  expect(plain(state)).toEqual(before);
  observe(state, batch({ gone: ['a'], sequence: { epoch: 2, seq: 2 } }));
  expect(state.runners.size).toBe(0);
});

test('what listeners tell of jobs is in no sequence, and always counts', () => {
  const state = aState({ runners: [idleRunner('a')], sequence: { epoch: 2, seq: 9 } });
  observe(state, batch({ jobResults: { a: 'succeeded' } }));
  expect(state.runners.get('a')).toMatchObject({ jobResult: 'succeeded' });
  expect(state.sequence).toEqual({ epoch: 2, seq: 9 });
});

describe('observe', () => {
  test('nothing is complete before a whole snapshot came in', () => {
    const state = emptyRunnerSetState();
    observe(state, batch({ runnerSet: aSet(), runners: [seen()] }));
    expect(state.complete).toBe(false);
    observe(state, batch({ runners: [seen()], snapshot: { id: 1, part: 1, parts: 2 } }));
    expect(state.complete).toBe(false);
    observe(state, batch({ runners: [seen({ name: 'b' })], snapshot: { id: 1, part: 2, parts: 2 } }));
    expect(state.complete).toBe(true);
    expect(namesIn(state)).toEqual(['demo-runner-aaaaa', 'b']);
  });

  test('the same batch twice changes nothing', () => {
    const state = aState();
    const change = batch({ runnerSet: aSet({ replicas: 3 }), runners: [seen({ pod: aPod() })], gone: ['x'] });
    observe(state, change);
    const once = plain(state);
    observe(state, change);
    expect(plain(state)).toEqual(once);
  });

  test('after a picture, runners that are not in it are gone; one that is being created is not', () => {
    const state = aState({
      runners: [idleRunner('stays'), idleRunner('went'), { name: 'new', doing: 'create' }],
    });
    observe(state, batch({ runners: [seen({ name: 'stays' })], snapshot: { id: 1, part: 1, parts: 1 } }));
    expect(namesIn(state)).toEqual(['stays', 'new']);
  });

  test('one that is not in a picture while it is being retired is gone with its retirement', () => {
    const { seen: _seen, ...unseen } = idleRunner('unseen');
    const runners = [
      { ...idleRunner('r'), doing: 'retire' as const },
      { ...unseen, doing: 'retire' as const },
      { ...unseen, name: 'retired', retired: true },
      { ...idleRunner('lane'), doing: 'create' as const },
    ];
    const state = aState({ runners });
    observe(state, batch({ runners: [], snapshot: { id: 1, part: 1, parts: 1 } }));
    expect(namesIn(state)).toEqual(['r', 'unseen', 'lane']);
    const names = ['r', 'unseen'];
    const result = { retired: names, kept: [], busy: [] };
    settle(state, [{ of: 'retire', names, result }], NOW);
    const created = [{ name: 'lane', runnerId: 1 }];
    const made = { created, rejected: [], begun: [] };
    settle(state, [{ of: 'create', names: ['lane'], probe: false, result: made }], NOW);
    expect(namesIn(state)).toEqual([]);
  });

  test('one that comes back into sight is there', () => {
    const state = aState({ runners: [{ ...idleRunner('r'), doing: 'retire' as const, absent: true }] });
    observe(state, batch({ runners: [seen({ name: 'r' })] }));
    settle(state, [{ of: 'retire', names: ['r'], result: { retired: ['r'], kept: [], busy: [] } }], NOW);
    expect(state.runners.get('r')).toMatchObject({ retired: true });
  });

  test('a picture shows what stands in the cluster: a status that was written over is written again', () => {
    const state = aState({ runners: [{ ...idleRunner('r'), published: 'Running/true/1' }] });
    const runner = seen({ name: 'r', phase: 'Pending', pod: aPod({ ready: true }) });
    observe(state, batch({ runners: [runner] }));
    expect(runnerStatus(state.runners.get('r')!, NOW)).toBeUndefined();
    observe(state, batch({ runners: [runner], snapshot: { id: 1, part: 1, parts: 1 } }));
    expect(runnerStatus(state.runners.get('r')!, NOW)).toMatchObject({ phase: 'Running', ready: true });
  });

  test('the id of the latest registration is told, not the one that still stands in the cluster', () => {
    const state = aState({ runners: [{ ...idleRunner('r', { runnerId: 1 }), runnerId: 2 }] });
    expect(runnerStatus(state.runners.get('r')!, NOW)).toMatchObject({ runnerId: 2 });
  });

  test('a runner whose pod is seen is made, although its lane is still busy with others', () => {
    const state = aState({ runners: [{ name: 'r', doing: 'create' }] });
    observe(state, batch({ runners: [seen({ name: 'r', pod: aPod({ phase: 'Pending' }) })] }));
    const runner = state.runners.get('r')!;
    expect(runner).toMatchObject({ madeAt: NOW, podSeen: true, doing: 'create' });
    expect(stageOf(runner)).toBe('pending');
    expect(runnerStatus(runner, NOW)).toBeUndefined();
  });

  test('what an old pod does no longer counts, once it was replaced under the same name', () => {
    const state = aState({ runners: [{ name: 'r', spentPod: 'old' }] });
    observe(state, batch({ runners: [seen({ name: 'r', pod: aPod({ uid: 'old', phase: 'Failed' }) })] }));
    expect(state.runners.get('r')?.seen?.pod).toBeUndefined();
    observe(state, batch({ runners: [seen({ name: 'r', pod: aPod({ uid: 'new' }) })] }));
    expect(state.runners.get('r')?.seen?.pod?.uid).toBe('new');
  });

  test('a new revision is a repair: failures are forgotten and the next try is due', () => {
    const trouble = { reason: 'r', message: 'm', since: NOW, tries: 5, nextTryAt: NOW + 5000 };
    const failures = { ...NO_FAILURES, inARow: 9 };
    const state = aState({ creationBlock: trouble, failures });
    observe(state, batch({ runnerSet: aSet({ generation: 2, replicas: 3 }) }));
    expect(state.failures.inARow).toBe(9);
    observe(state, batch({ runnerSet: aSet({ generation: 3, revision: 'r2' }) }));
    expect(state.failures).toEqual(NO_FAILURES);
    expect(state.creationBlock?.nextTryAt).toBe(0);
  });

  test('GitHub’s word that a job runs is kept until the cluster shows the job', () => {
    const state = aState({ runners: [{ ...idleRunner('r'), heldByJob: true, notBefore: NOW + 30_000 }] });
    observe(state, batch({ runners: [seen({ name: 'r' })] }));
    expect(state.runners.get('r')?.heldByJob).toBe(true);
    observe(state, batch({ runners: [seen({ name: 'r', hasJob: true })] }));
    expect(state.runners.get('r')?.heldByJob).toBeUndefined();
    expect(state.runners.get('r')?.notBefore).toBeUndefined();
  });
});
