import { pack, unpack } from '../../src/workflows/carry.ts';
import type { Row } from '../../src/workflows/runner.ts';
import { aPod, aState, idleRow, NOW, seen } from './builders.ts';

/** Every field set: the type says so, so that a new field fails to compile here until it is carried. */
const full: { [K in keyof Required<Row>]: Required<Row>[K] } = {
  name: 'demo-runner-aaaaa',
  seen: seen({
    runnerId: 9_007_199_254_740_991,
    phase: 'Running',
    ready: true,
    hasJob: true,
    loose: true,
    deleting: true,
    pod: aPod({
      ready: true,
      exitCode: 0,
      initFailed: true,
      imageError: true,
      waitsForNode: true,
      reason: 'Evicted',
      message: 'a|b "c"\n',
    }),
  }),
  doing: 'retire',
  madeAt: NOW,
  runnerId: 1,
  begun: true,
  podSeen: true,
  spentPod: 'uid',
  runningSince: NOW,
  pendingSince: NOW,
  imageErrorSince: NOW,
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
};

const roundTrip = (state: ReturnType<typeof aState>) =>
  unpack(JSON.parse(JSON.stringify(pack(state, 'demo-runner-'))) as ReturnType<typeof pack>);

describe('carried state', () => {
  test('is whole: every field of the state and of a row survives', () => {
    const state = aState({
      rows: [
        full,
        { name: 'other-name' },
        idleRow(),
        { name: 'demo-runner-bbbbb', seen: seen({ name: 'demo-runner-bbbbb' }) },
      ],
      complete: true,
      picture: ['half', 'a picture'],
      failures: { inARow: 3, lastAt: NOW, reason: 'r', message: 'm', holds: [NOW + 5] },
      pastFailures: [{ at: NOW, runner: 'x', reason: 'r', message: 'm' }],
      trouble: { reason: 'r', message: 'm', since: NOW, tries: 2, nextTryAt: NOW },
      outdatedRevision: 'r0',
      retirementBlockedBy: 'GitHubRefused',
      happenings: [{ type: 'Normal', reason: 'r', message: 'm', runner: 'x' }],
      published: '{}',
    });
    expect(roundTrip(state)).toEqual(state);
  });

  test('a set that is gone stays gone, one that was never seen stays unseen', () => {
    expect(roundTrip({ ...aState(), set: null }).set).toBeNull();
    const { set: _set, ...unseen } = aState();
    expect(roundTrip(unseen).set).toBeUndefined();
  });

  test('10,000 runners fit into one message', () => {
    const rows = Array.from({ length: 10_000 }, (_, i) =>
      idleRow(`demo-runner-${String(i).padStart(5, '0')}`, {
        pod: aPod({ uid: crypto.randomUUID(), ready: true }),
      }),
    );
    const size = JSON.stringify(pack(aState({ rows }), 'demo-runner-')).length;
    expect(size / rows.length).toBeLessThan(150);
    expect(size).toBeLessThan(2 * 1024 * 1024);
  });
});
