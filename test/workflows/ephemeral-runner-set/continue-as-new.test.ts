import { defaultPayloadConverter } from '@temporalio/common';
import {
  canBeCarried,
  packState,
  unpackState,
} from '../../../src/workflows/ephemeral-runner-set/continue-as-new.ts';
import type { ListenerState } from '../../../src/workflows/autoscaling-listener/state.ts';
import type { RunnerState } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import type { AutoscalingRunnerSetState } from '../../../src/workflows/autoscaling-runner-set/state.ts';
import { Runners } from '../../../src/workflows/ephemeral-runner-set/runners.ts';
import type { RunnerSetState } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { aPod, aSet, aState, idleRunner, NOW, plain, seen } from './builders.ts';

/** Every field set: the type says so, so that a new field fails to compile here until it is carried. */
const full: { [K in keyof Required<RunnerState>]: Required<RunnerState>[K] } = {
  name: 'demo-runner-aaaaa',
  seen: seen({
    runnerId: 9_007_199_254_740_991,
    phase: 'Running',
    ready: true,
    hasJob: true,
    jobResult: 'failed',
    goneUid: 'uid',
    standalone: true,
    deleting: true,
    uid: 'runner-1',
    orphaning: true,
    pod: aPod({
      ready: true,
      ended: true,
      exitCode: 0,
      disrupted: true,
      going: true,
      stuck: true,
      waitsForNode: true,
      reason: 'Evicted',
      message: 'a|b "c"\n',
    }),
  }),
  doing: 'retire',
  replaced: true,
  foundAt: NOW,
  madeAt: NOW,
  runnerId: 1,
  begun: true,
  podSeen: true,
  spentPod: 'uid',
  runningSince: NOW,
  pendingSince: NOW,
  stuckSince: NOW,
  onlineAt: NOW,
  missing: 'offline',
  missingSince: NOW,
  missed: true,
  protected: true,
  end: 'lost',
  reason: 'PodGone',
  message: 'The pod | is gone.',
  heldByJob: true,
  notBefore: NOW,
  settled: true,
  retired: true,
  absent: true,
  published: 'Running/true',
  failures: 3,
  jobResult: 'failed',
  jobEndedAt: NOW,
  outlived: true,
  endedAt: NOW,
  settledIn: true,
  used: true,
  unused: true,
  failedAt: NOW,
};

const roundTrip = (state: ReturnType<typeof aState>) =>
  unpackState(JSON.parse(JSON.stringify(packState(state, 'demo-runner-'))) as ReturnType<typeof packState>);

const withFewerValues = (packed: string): string => {
  const bars = (_all: string, count: string): string => '|'.repeat(parseInt(count, 36));
  const values = packed.replaceAll(/\|\*([0-9a-z]+)\*/g, bars).split('|');
  const [own, seenToo] = packState(aState(), '').widths ?? [0, 0];
  return [...values.slice(0, 25), ...values.slice(own, own + 9), ...values.slice(own + seenToo)].join('|');
};

/** A runner with nothing that came later. */
const before: RunnerState = (() => {
  const { jobResult: _a, jobEndedAt: _b, outlived: _c, endedAt: _d, settledIn: _e, ...rest } = full;
  const { used: _f, unused: _g, failedAt: _j, replaced: _k, foundAt: _n, ...kept } = rest;
  const { jobResult: _h, goneUid: _i, uid: _l, orphaning: _m, ...seenBefore } = full.seen;
  return { ...kept, seen: seenBefore };
})();

describe('carried state', () => {
  test('of a version that knew fewer fields of a runner is still understood', () => {
    const { widths: _widths, ...carried } = packState(aState({ runners: [before] }), 'demo-runner-');
    // Its runners had 25 values of their own, and 9 of what was seen.
    const older = { ...carried, runners: carried.runners.map(withFewerValues) };
    expect(unpackState(older).runners.get(before.name)).toEqual(before);
  });

  test('is whole: every field of the state and of a runner survives', () => {
    const runners: RunnerState[] = [
      full,
      { name: 'other-name' },
      idleRunner(),
      { name: 'demo-runner-bbbbb', seen: seen({ name: 'demo-runner-bbbbb' }) },
    ];
    const state: Required<Omit<RunnerSetState, 'placedBy'>> = {
      runnerSet: aSet({ deleting: true, orphaning: true, paused: true }),
      runners: new Runners(runners),
      complete: true,
      repairs: 3,
      sequence: { epoch: 7, seq: 3 },
      incoming: { id: 4, parts: 1, names: ['half', 'a picture'] },
      order: {
        ...{ id: 7, replicas: 3, exact: false },
        completed: [{ runner: 'r', at: NOW, until: NOW + 1, countedOut: 8 }],
      },
      failures: { inARow: 3, lastAt: NOW, reason: 'r', message: 'm', holds: [NOW + 5] },
      disruptions: { wave: 2, since: NOW },
      pastFailures: [{ at: NOW, runner: 'x', reason: 'r', message: 'm' }],
      creationBlock: { reason: 'r', message: 'm', since: NOW, tries: 2, nextTryAt: NOW },
      retirementBlock: { reason: 'GitHubRefused', message: 'm', since: NOW, tries: 2, nextTryAt: NOW },
      deletingSince: NOW,
      orphaned: true,
      outdatedRevision: 'r0',
      settings: { runnerCreationConcurrency: 1, failureBackoffSeconds: [1], maxConsecutiveFailures: 2 },
      events: [{ type: 'Normal', reason: 'r', message: 'm', runner: 'x' }],
      published: '{}',
    };
    expect(plain(roundTrip(state))).toEqual(plain(state));
  });

  test.each([
    crypto.randomUUID(),
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    'Uid-1',
  ])('a uid comes back as it was: %s', (uid) => {
    const state = aState({ runners: [idleRunner('r', { uid, pod: aPod({ uid }) })] });
    expect(roundTrip(state).runners.get('r')?.seen).toMatchObject({ uid, pod: { uid } });
  });

  test('a set that is gone stays gone, one that was never seen stays unseen', () => {
    expect(roundTrip({ ...aState(), runnerSet: null }).runnerSet).toBeNull();
    const { runnerSet: _set, ...unseen } = aState();
    expect(roundTrip(unseen).runnerSet).toBeUndefined();
  });

  test('10,000 runners fit into one message', () => {
    const runners = Array.from({ length: 10_000 }, (_, i) => ({
      ...idleRunner(`demo-runner-${String(i).padStart(5, '0')}`, {
        uid: crypto.randomUUID(),
        pod: aPod({ uid: crypto.randomUUID(), ready: true }),
      }),
      ...{ runnerId: 1_000_000 + i, runningSince: NOW + i, onlineAt: NOW + i, published: 'Running/true/1' },
    }));
    const size = JSON.stringify(packState(aState({ runners }), 'demo-runner-')).length;
    expect(size / runners.length).toBeLessThan(145);
    expect(size).toBeLessThan(1.4 * 1024 * 1024);
    // With as many Events as may wait, each as long as may be, most of them have no room.
    const events = Array.from({ length: 1_000 }, () => ({
      ...{ type: 'Warning' as const, reason: 'RunnerFailed', message: '語'.repeat(340) },
    }));
    const carried = packState({ ...aState({ runners }), events }, 'demo-runner-');
    expect(canBeCarried(carried)).toBe(true);
    expect(carried.events).toHaveLength(50);
    expect(Buffer.byteLength(JSON.stringify(carried))).toBeLessThan(1.7 * 1024 * 1024);
  });
});

/** Nothing left out, however deep: a new field fails to compile here until it is looked at. */
type Full<T> = T extends (infer Item)[]
  ? Full<Item>[]
  : T extends object
    ? { [K in keyof T]-?: Full<T[K]> }
    : Exclude<T, undefined>;

describe('state that is carried as it is: every field survives the way through Temporal', () => {
  const sent = <T>(state: T): T =>
    defaultPayloadConverter.fromPayload(defaultPayloadConverter.toPayload(state));

  const told = { reason: 'r', message: 'm' };
  const events: Full<ListenerState['events']> = [{ type: 'Warning', ...told }];

  test('of a listener', () => {
    const state: Full<ListenerState> = {
      sequence: { epoch: 7, seq: 3 },
      listener: {
        uid: 'uid-1',
        generation: 2,
        specHash: 'spec-1',
        mode: 'pod',
        configUrl: 'https://github.com/octo/app',
        autoscalingRunnerSet: { namespace: 'ns', name: 'demo' },
        scaleSetId: 7,
        hasFinalizer: true,
        deleting: true,
        capacity: 5,
        surroundings: 'hash',
        unused: told,
        pod: {
          ...{ uid: 'pod-1', phase: 'Failed', ready: true, exitCode: 1, ended: true, stuck: true },
          ...{ disrupted: true, going: true, waitsForNode: true, ...told, deleting: true },
        },
      },
      progress: {
        scaleSetId: 7,
        sessionId: 'session-1',
        lastMessageId: 9_007_199_254_740_991,
        handledMessageId: 12,
        scaling: { targetRunners: -1, patchSeq: 0, dirty: false },
        demand: { assignedJobs: 0, uncounted: { job: { until: NOW, counts: true } } },
      },
      report: { ready: false, ...told, scaleSetId: 7, sessionId: 'session-1' },
      failures: 3,
      nextTryAt: NOW,
      repairs: 3,
      applied: 'spec-1',
      applyTries: 2,
      applyAt: NOW,
      published: '{}',
      events: events,
    };
    expect(sent(state)).toStrictEqual(state);
    expect(sent({ ...state, listener: null }).listener).toBeNull();
  });

  test('of a scale set', () => {
    const state: Full<AutoscalingRunnerSetState> = {
      repairs: 3,
      sequence: { epoch: 7, seq: 3 },
      seen: {
        autoscalingRunnerSet: {
          uid: 'ars-1',
          generation: 2,
          configUrl: 'https://github.com/octo/repo',
          specHash: 'asked-1',
          gitHubAnnotations: '7/Default/demo',
          scaleSetId: 7,
          problem: { reason: 'InvalidSpec', message: 'spec.minRunners is no number of runners' },
          left: true,
          eventual: true,
          hasFinalizer: true,
          deleting: true,
          orphaning: true,
          paused: true,
          surroundings: 'hash',
        },
        wanted: 'wanted-1',
        runnerSets: [
          {
            ...{ name: 'demo', uid: 'ers-1', current: true, stale: 'template', busy: true, draining: true },
            ...{ paused: true, deleting: true, replicas: 3, scaleSetId: 7, phase: 'Running' },
            ...{ pending: 1, running: 2, failed: 0, blocked: told },
          },
        ],
        listeners: [
          {
            ...{ namespace: 'ns', name: 'demo-listener', uid: 'al-1', current: true, stale: true },
            ...{ deleting: true, scaleSetId: 7, ready: { status: 'False', ...told } },
          },
        ],
      },
      prepared: {
        ...{
          specHash: 'asked-1',
          gitHubAnnotations: '7/Default/demo',
          previousAnnotations: '',
          scaleSetId: 7,
        },
        ...{ group: 'Default', scaleSetName: 'demo', missingLabels: ['gpu'], refused: told },
      },
      stepBackoffs: { apply: { key: 'k', tries: 2, notBefore: NOW } },
      stepFailures: { prepare: told, apply: told, drop: told, remove: told, release: told },
      deletingSince: NOW,
      removed: true,
      released: true,
      outdated: true,
      deadlineSeconds: 20,
      events: events,
      published: { key: '2 {}', words: '2 {}', at: NOW },
    };
    expect(sent(state)).toStrictEqual(state);
  });
});

describe('what is carried has an upper bound', () => {
  const many = (count: number, message: string): RunnerSetState =>
    aState({
      runners: Array.from({ length: count }, (_, i) => {
        const name = `demo-runner-${i.toString(36).padStart(5, '0')}`;
        const uid = `1d866df0-9222-4831-b54a-${String(i).padStart(12, '0')}`;
        return {
          ...idleRunner(name, { pod: aPod({ uid, message: `${i}${message}` }) }),
          message: `${i}${message}`,
        };
      }),
    });

  test('messages are left out where they are too long together: the cluster tells them again', () => {
    const carried = packState(many(10_000, 'm'.repeat(200)), 'demo-runner-');
    expect(canBeCarried(carried)).toBe(true);
    expect(JSON.stringify(carried).length).toBeLessThan(1.7 * 1024 * 1024);
    const runner = unpackState(carried).runners.get('demo-runner-00000');
    expect(runner).not.toHaveProperty('message');
    expect(runner?.seen?.pod).toMatchObject({ phase: 'Running' });
    expect(runner?.seen?.pod).not.toHaveProperty('message');
    const few = unpackState(packState(many(10, 'm'), 'demo-runner-'));
    expect(few.runners.get('demo-runner-00000')).toMatchObject({ message: '0m' });
  });

  test('of far too many runners nothing can be carried, and that is known', () => {
    expect(canBeCarried(packState(many(50_000, ''), 'demo-runner-'))).toBe(false);
  });
});
