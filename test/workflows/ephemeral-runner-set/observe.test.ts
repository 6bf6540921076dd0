import type { ObservedRunner, RunnerSetObservation } from '../../../src/messages/observations.ts';
import { observe } from '../../../src/workflows/ephemeral-runner-set/observe.ts';
import { openReplicas } from '../../../src/workflows/ephemeral-runner-set/policies/patch-id.ts';
import { endingOf } from '../../../src/workflows/ephemeral-runner-set/policies/runner-ending.ts';
import type { RunnerState } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import { stageOf } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import { settle } from '../../../src/workflows/ephemeral-runner-set/settle.ts';
import { NO_FAILURES, emptyRunnerSetState } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { runnerStatus } from '../../../src/workflows/ephemeral-runner-set/status.ts';
import { aPod, aSet, aState, busyRunner, idleRunner, namesIn, NOW, plain, seen } from './builders.ts';

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
    settle(state, [{ of: 'create', names: ['lane'], probe: false, repairs: 0, result: made }], NOW);
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
    const runner = seen({
      name: 'r',
      phase: 'Running',
      ready: true,
      runnerId: 1,
      pod: aPod({ ready: true }),
    });
    state.runners.edit('r')!.published = 'Pending/false/1';
    observe(state, batch({ runners: [runner] }));
    expect(runnerStatus(state.runners.get('r')!, NOW)).toBeDefined();
    observe(state, batch({ runners: [runner], snapshot: { id: 1, part: 1, parts: 1 } }));
    expect(runnerStatus(state.runners.get('r')!, NOW)).toBeUndefined();
  });

  test.each<[string, Partial<ObservedRunner>]>([
    ['its phase', { phase: 'Failed' }],
    ['its readiness', { ready: undefined as never }],
    ['its id', { runnerId: 99 }],
    ['how its job ended', { jobResult: 'failed' }],
  ])('a status that somebody else wrote is written again as it is: %s', (_what, change) => {
    const well = {
      name: 'r',
      runnerId: 1,
      phase: 'Running',
      ready: true,
      pod: aPod({ ready: true }),
    } as const;
    const runner: RunnerState = { ...idleRunner('r', well), published: 'Running/true/1' };
    const state = aState({ runners: [runner] });
    observe(state, batch({ runners: [seen({ ...well, ...change })] }));
    const written = runnerStatus(runner, NOW);
    if (change.jobResult === undefined)
      expect(written).toMatchObject({ phase: 'Running', ready: true, runnerId: 1 });
    else expect(runner).toMatchObject({ jobResult: 'failed', jobEndedAt: expect.any(Number) });
    observe(state, batch({ runners: [seen({ ...well, ...change })] }));
    expect(runnerStatus(runner, NOW)).toEqual(written);
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

describe('a pod that came and went unseen', () => {
  test('is gone', () => {
    const runner: RunnerState = { name: 'r', madeAt: NOW };
    const state = aState({ set: { replicas: 1 }, runners: [runner] });
    observe(state, batch({ runners: [seen({ name: 'r', goneUid: 'pod-1' })] }));
    expect(endingOf(runner, NOW)).toMatchObject({ end: 'disrupted', reason: 'PodGone' });
  });

  test('but for one that was replaced under the same name', () => {
    const runner: RunnerState = { name: 'r', begun: true, spentPod: 'pod-1' };
    observe(aState({ runners: [runner] }), batch({ runners: [seen({ name: 'r', goneUid: 'pod-1' })] }));
    expect(endingOf(runner, NOW)).toBeUndefined();
  });
});

describe('a restartPolicy that is not used', () => {
  const told = (...policies: (string | undefined)[]) => {
    const state = emptyRunnerSetState();
    policies.forEach((restartPolicy, i) =>
      observe(
        state,
        batch({ runnerSet: aSet({ revision: `r${i}`, ...(restartPolicy && { restartPolicy }) }) }),
      ),
    );
    return state.events.map(({ reason, message }) => `${reason}: ${message}`);
  };

  test('is told once for each template', () => {
    expect(told('Always', undefined, 'OnFailure')).toEqual([
      expect.stringMatching(/^RestartPolicyIgnored: restartPolicy "Always" .* made with Never/),
      expect.stringContaining('"OnFailure"'),
    ]);
    const state = aState();
    const runnerSet = aSet({ restartPolicy: 'Always', replicas: 9 });
    observe(state, batch({ runnerSet }));
    expect(state.events).toEqual([]);
  });
});

describe('the end of a job', () => {
  const ordered = (over: Partial<RunnerState> = {}) =>
    aState({ set: { patchId: 7, replicas: 3 }, runners: [{ ...busyRunner('r'), ...over }] });

  test('frees its place: the order that counts it is taken as one less, once', () => {
    const state = ordered();
    const told = batch({ jobResults: { r: 'failed' }, countedOut: 8 });
    observe(state, told);
    observe(state, told);
    expect(stageOf(state.runners.get('r')!)).toBe('ending');
    expect(openReplicas(state.order)).toBe(2);
    observe(state, batch({ runnerSet: aSet({ patchId: 8, replicas: 3 }) }));
    expect(openReplicas(state.order)).toBe(3);
  });

  test('told when its runner has ended, and was counted out, changes nothing', () => {
    const state = ordered({ end: 'disrupted' });
    observe(state, batch({ jobResults: { r: '', unknown: 'failed' }, countedOut: 8 }));
    expect(openReplicas(state.order)).toBe(3);
    expect(state.runners.get('r')).not.toHaveProperty('jobResult');
  });

  test('is known from the runner itself, by a workflow that begins anew', () => {
    const state = aState();
    observe(state, batch({ runners: [seen({ name: 'r', hasJob: true, jobResult: 'failed', pod: aPod() })] }));
    expect(stageOf(state.runners.get('r')!)).toBe('ending');
  });
});

test('since when a half-made runner is there is measured by one clock, whatever the API server dates it', () => {
  const state = aState();
  const look = (at: number, over: Partial<ObservedRunner> = {}) => {
    observe(state, { at, runners: [seen({ name: 'r', createdAt: NOW / 1000 + 3_600, ...over })] });
    return state.runners.get('r')?.foundAt;
  };
  expect([look(NOW), look(NOW + 5, { pod: aPod() }), look(NOW + 9, { runnerId: 7, pod: aPod() })]).toEqual([
    NOW,
    NOW,
    undefined,
  ]);
});

describe('another object of the same name', () => {
  const one = { name: 'a', standalone: true, uid: 'uid-1', createdAt: 7 } as const;

  test.each([
    ['another uid', seen({ ...one, uid: 'uid-2' })],
    ['another time of creation', seen({ ...one, createdAt: 8 })],
  ])('a runner with %s has none of what the first had', (_what, another) => {
    const state = aState();
    observe(state, batch({ runners: [seen(one)] }));
    Object.assign(state.runners.editOrAdd('a'), { retired: true, runnerId: 1, end: 'completed' });
    observe(state, batch({ runners: [seen(one)] }));
    expect(state.runners.get('a')).toMatchObject({ retired: true });
    observe(state, batch({ runners: [another] }));
    expect(state.runners.get('a')).toEqual({ name: 'a', seen: another, foundAt: NOW });
  });

  test('what an activity comes to that was still at the first is not about the second', () => {
    const state = aState();
    observe(state, batch({ runners: [seen(one)] }));
    state.runners.editOrAdd('a').doing = 'retire';
    observe(state, batch({ runners: [seen({ ...one, uid: 'uid-2' })] }));
    const result = { retired: ['a'], kept: [], busy: [] };
    settle(state, [{ of: 'retire', names: ['a'], result }], NOW);
    expect(state.runners.get('a')).toEqual({ name: 'a', seen: seen({ ...one, uid: 'uid-2' }) });
  });

  test('runners that the first left alone are not its own; those that go are followed to their end', () => {
    const state = aState({ runners: [idleRunner('left'), idleRunner('going', { deleting: true })] });
    state.orphaned = true;
    observe(state, batch({ runnerSet: aSet({ uid: 'set-2' }) }));
    expect([...state.runners.values()].map(({ name }) => name)).toEqual(['going']);
  });

  test('a set begins with no order, no failures and no block of the first', () => {
    const creationBlock = { reason: 'r', message: 'm', since: NOW, tries: 9, nextTryAt: NOW + 9 };
    const order = { id: 3, replicas: 5, exact: false, completed: [{ runner: 'r', at: NOW, until: NOW + 1 }] };
    const state = aState({ set: { patchId: 3, replicas: 5 }, order, creationBlock, outdatedRevision: 'r1' });
    observe(state, batch({ runnerSet: null }));
    observe(state, batch({ runnerSet: aSet({ uid: 'set-2', patchId: 3, replicas: 5 }) }));
    expect(state).toMatchObject({ order: { ...order, completed: [] }, failures: NO_FAILURES });
    expect(state).not.toHaveProperty('creationBlock');
    expect(state).not.toHaveProperty('outdatedRevision');
  });
});

describe('a runner that went without us', () => {
  const busy = { ...idleRunner('a', { hasJob: true }), protected: true };

  test('and left the pod of its job, which no owner takes along, is retired all the same', () => {
    const state = aState({ runners: [busy] });
    observe(state, batch({ gone: ['a'] }));
    expect(state.runners.get('a')).toMatchObject({ absent: true, seen: { deleting: true } });
    settle(state, [{ of: 'retire', names: ['a'], result: { retired: ['a'], kept: [], busy: [] } }], NOW);
    expect(namesIn(state)).toEqual([]);
  });

  test.each([
    ['had no job', aState({ runners: [idleRunner('a')] })],
    ['was retired by us', aState({ runners: [{ ...busy, retired: true }] })],
    ['is of a set that is gone as well', { ...aState({ runners: [busy] }), runnerSet: null }],
    ['is to be left alone', aState({ runners: [busy], orphaned: true })],
  ])('is forgotten if it %s', (_what, state) => {
    observe(state, batch({ gone: ['a'] }));
    expect(namesIn(state)).toEqual([]);
  });
});
