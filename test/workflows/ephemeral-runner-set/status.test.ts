import {
  countRunners,
  isOutdated,
  phaseOf,
  resultDueAt,
  runnerSetStatus,
  runnerStatus,
  runnerStatusKey,
  statusKey,
} from '../../../src/workflows/ephemeral-runner-set/status.ts';
import type { RunnerState } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import type { RunnerSetState } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { NO_FAILURES } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import {
  aBlock,
  completion,
  aPod,
  aState,
  busyRunner,
  idleRunner,
  NOW,
  pendingRunner,
  placed,
  seen,
} from './builders.ts';

const rejected: RunnerState = { name: 'r', end: 'rejected', seen: seen({ name: 'r', phase: 'Failed' }) };
const block = { reason: 'QuotaExceeded', message: 'pods: 10', since: NOW, tries: 1, nextTryAt: NOW };
const failing = { ...NO_FAILURES, inARow: 5, lastAt: NOW, reason: 'ExitCode1', message: 'broken' };
const wanting = (replicas: number, over: Parameters<typeof aState>[0] = {}): RunnerSetState =>
  aState({ ...over, set: { replicas, ...over.set } });

test('a set whose spec says nothing of its runners says so, whatever it wants', () => {
  const invalid = 'spec.ephemeralRunnerSpec is missing: say how a runner is made.';
  for (const replicas of [0, 3]) {
    const why = { reason: 'InvalidSpec', message: invalid };
    expect(runnerSetStatus(wanting(replicas, { set: { invalid } })).conditions).toMatchObject([
      { type: 'Ready', status: 'False', ...why },
      { type: 'CreationBlocked', status: 'True', ...why },
      {},
      {},
    ]);
  }
});

describe('the counters', () => {
  test('a runner that Kubernetes refused counts as failed, and as one that is there', () => {
    const runners = [idleRunner('a'), busyRunner('b'), pendingRunner('c'), rejected];
    expect(runnerSetStatus(wanting(4, { runners }))).toMatchObject({
      currentReplicas: 4,
      pendingEphemeralRunners: 1,
      runningEphemeralRunners: 2,
      failedEphemeralRunners: 1,
    });
  });

  const one = { pending: 0, running: 0, busy: 0, failed: 0 };
  test.each<[string, RunnerState, object]>([
    ['being created', { name: 'r', doing: 'create' }, { ...one, pending: 1 }],
    ['without a pod', { name: 'r', seen: seen() }, { ...one, pending: 1 }],
    ['pending', pendingRunner(), { ...one, pending: 1 }],
    ['idle', idleRunner(), { ...one, running: 1 }],
    ['busy', busyRunner(), { ...one, running: 1, busy: 1 }],
    ['rejected', rejected, { ...one, failed: 1 }],
    ['rejected, and leaving', { ...rejected, doing: 'retire' }, { ...one, failed: 1 }],
    ['failed', { ...idleRunner(), end: 'failed' }, one],
    ['completed', { ...busyRunner(), end: 'completed' }, one],
    ['leaving', { ...idleRunner(), doing: 'retire' }, one],
    ['deleted by someone', idleRunner('r', { deleting: true }), one],
  ])('one that is %s', (_what, runner, counts) => {
    expect(countRunners(placed([runner]))).toEqual(counts);
  });
});

describe('the conditions', () => {
  const condition = (state: RunnerSetState, type: string) =>
    runnerSetStatus(state).conditions.find((each) => each.type === type);
  const outdated = wanting(0, { outdatedRevision: 'r1', creationBlock: block, failures: failing });

  test.each<[string, string, RunnerSetState, string, string]>([
    ['Ready', 'all that are wanted run', wanting(1, { runners: [idleRunner()] }), 'True', 'ReplicasRunning'],
    ['Ready', 'none is wanted', wanting(0), 'True', 'ReplicasRunning'],
    ['Ready', 'one is pending', wanting(1, { runners: [pendingRunner()] }), 'False', 'Scaling'],
    ['Ready', 'the deepest cause is told: the version', outdated, 'False', 'Outdated'],
    [
      'Ready',
      'then the block',
      wanting(0, { creationBlock: block, failures: failing }),
      'False',
      'QuotaExceeded',
    ],
    [
      'Ready',
      'of one that is being deleted: why its runners cannot be',
      wanting(0, { set: { deleting: true }, retirementBlock: aBlock(NOW), creationBlock: block }),
      'False',
      'SecretNotFound',
    ],
    ['Ready', 'then the failures', wanting(0, { failures: failing }), 'False', 'RunnersFailing'],
    ['CreationBlocked', 'no', wanting(3), 'False', 'Unblocked'],
    [
      'CreationBlocked',
      'yes',
      wanting(0, { creationBlock: block, failures: failing }),
      'True',
      'QuotaExceeded',
    ],
    [
      'CreationBlocked',
      'one at a time is tried',
      wanting(0, { failures: failing }),
      'True',
      'RunnersFailing',
    ],
    [
      'CreationBlocked',
      'few failures do not',
      wanting(0, { failures: { ...failing, inARow: 4 } }),
      'False',
      'Unblocked',
    ],
    ['Outdated', 'no', wanting(0), 'False', 'Accepted'],
    ['Outdated', 'yes', outdated, 'True', 'RunnerVersionDeprecated'],
    ['Outdated', 'an older template was', wanting(0, { outdatedRevision: 'r0' }), 'False', 'Accepted'],
    ['Paused', 'no', wanting(0), 'False', 'NotPaused'],
    ['Paused', 'yes', wanting(0, { set: { paused: true } }), 'True', 'PausedByAnnotation'],
  ])('%s: %s', (type, _what, state, status, reason) => {
    expect(condition(state, type)).toMatchObject({ status, reason });
  });

  test('Ready counts what the order still asks for', () => {
    const order = { id: 3, replicas: 3, exact: false, completed: [completion('a'), completion('b')] };
    const state = wanting(3, { order, runners: [idleRunner()] });
    expect(condition(state, 'Ready')).toMatchObject({ status: 'True', message: '1 runners are wanted.' });
  });

  test('failures are told with their number and the last one', () => {
    expect(condition(wanting(0, { failures: failing }), 'Ready')?.message).toBe(
      '5 runners in a row failed; one at a time is tried. Last: ExitCode1 broken',
    );
  });
});

test('a template is outdated that GitHub refused, not the one after it, nor one that is not known', () => {
  expect(isOutdated(aState({ outdatedRevision: 'r1' }))).toBe(true);
  expect(isOutdated(aState({ outdatedRevision: 'r0' }))).toBe(false);
  expect(isOutdated({ ...aState(), runnerSet: null })).toBe(false);
});

test.each<[string, RunnerSetState]>([
  ['Deleting', aState({ set: { deleting: true, paused: true }, outdatedRevision: 'r1' })],
  ['Outdated', aState({ set: { paused: true }, outdatedRevision: 'r1', creationBlock: block })],
  ['Blocked', aState({ set: { paused: true }, creationBlock: block, failures: failing })],
  ['Failing', aState({ set: { paused: true }, failures: failing })],
  ['Paused', aState({ set: { paused: true } })],
  ['Running', aState()],
])('the phase is the first that is true: %s', (phase, state) => {
  expect(phaseOf(state)).toBe(phase);
});

test('a status differs by what it says and by the generation it is about', () => {
  const [one, two] = [runnerSetStatus(aState()), runnerSetStatus(aState({ runners: [idleRunner()] }))];
  expect(statusKey(one, 1)).toBe(statusKey(runnerSetStatus(aState()), 1));
  expect(statusKey(one, 1)).not.toBe(statusKey(two, 1));
  expect(statusKey(one, 1)).not.toBe(statusKey(one, 2));
});

describe('the status of one runner', () => {
  const pod = aPod({ phase: 'Pending', reason: 'Unschedulable', message: 'no node' });
  const stale = (over: Partial<RunnerState> = {}): RunnerState => ({
    ...idleRunner('r', { phase: 'Pending' }),
    ...over,
  });

  test.each<[string, RunnerState, object | undefined]>([
    ['is what its pod is', stale(), { name: 'r', phase: 'Running', ready: true, runnerId: 1 }],
    [
      'with the pod’s own reason',
      { name: 'r', seen: seen({ name: 'r', pod }) },
      { name: 'r', phase: 'Pending', ready: false, reason: 'Unschedulable', message: 'no node' },
    ],
    ['is not written again when the cluster shows it', idleRunner('r'), undefined],
    ['nor when it was written a moment ago', stale({ published: 'Running/true/1' }), undefined],
    ['nor before it has a pod', { name: 'r', seen: seen() }, undefined],
    ['nor when the pod ended', idleRunner('r', { pod: aPod({ phase: 'Succeeded' }) }), undefined],
    ['nor when the runner ended', stale({ end: 'completed' }), undefined],
    ['nor while an activity is at it', stale({ doing: 'create', madeAt: NOW }), undefined],
    ['nor when it leaves', idleRunner('r', { phase: 'Pending', deleting: true }), undefined],
  ])('%s', (_what, runner, expected) => {
    expect(runnerStatus(runner, NOW)).toEqual(expected);
  });

  test('tells the id of the latest registration', () => {
    expect(runnerStatus(stale({ runnerId: 2 }), NOW)).toMatchObject({ runnerId: 2 });
    const { runnerId: _none, ...unknown } = stale();
    expect(runnerStatus(unknown, NOW)).toMatchObject({ runnerId: 1 });
  });

  test('tells how its job ended, two seconds after that and no sooner', () => {
    const runner: RunnerState = { ...busyRunner('r'), jobResult: 'failed', jobEndedAt: NOW };
    expect(resultDueAt(runner)).toBe(NOW + 2_000);
    expect(resultDueAt({ ...runner, end: 'completed' })).toBe(Infinity);
    expect(resultDueAt(busyRunner())).toBe(Infinity);
    expect(runnerStatus(runner, NOW + 1_999)).toBeUndefined();
    expect(runnerStatus(runner, NOW + 2_000)).toMatchObject({ phase: 'Running', jobResult: 'failed' });
  });

  test.each([
    [{ phase: 'Running' as const, ready: true, runnerId: 7 }, 'Running/true/7'],
    [{ phase: 'Pending' as const, ready: false }, 'Pending/false/0'],
    [{ phase: 'Running' as const, ready: true, runnerId: 7, jobResult: 'failed' }, 'Running/true/7/failed'],
  ])('is told apart by phase, readiness, id and result', (update, key) => {
    expect(runnerStatusKey({ name: 'r', ...update })).toBe(key);
  });
});

test('the failed pod of a runner that got another one is told once', () => {
  const runner: RunnerState = {
    ...idleRunner('r', { phase: 'Running', ready: true }),
    spentPod: 'before',
    failedAt: NOW,
  };
  const update = runnerStatus(runner, NOW);
  expect(update).toMatchObject({ failed: { podUid: 'before', at: NOW } });
  expect(runnerStatus({ ...runner, published: runnerStatusKey(update!) }, NOW)).toBeUndefined();
});
