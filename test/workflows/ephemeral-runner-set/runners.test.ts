import { STAGES } from '../../../src/messages/ephemeral-runner-set.ts';
import { placeRunners } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import type { RunnerState } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import { stageOf } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import type { Place } from '../../../src/workflows/ephemeral-runner-set/runners.ts';
import { Runners } from '../../../src/workflows/ephemeral-runner-set/runners.ts';
import type { RunnerSetState } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import type { Counts } from '../../../src/workflows/ephemeral-runner-set/status.ts';
import { countRunners } from '../../../src/workflows/ephemeral-runner-set/status.ts';
import { aPod, aState, idleRunner, NOW, seen } from './builders.ts';

const place = (over: Partial<Place> = {}): Place => ({ stage: 'idle', needs: [], dueAt: Infinity, ...over });
const namesOf = (runners: Iterable<Readonly<RunnerState>>): string[] => [...runners].map(({ name }) => name);

describe('a pass', () => {
  test('looks at what changed, however many runners there are', () => {
    const runners = new Runners(Array.from({ length: 5_000 }, (_, i) => ({ name: `r${i}` })));
    const looked: string[] = [];
    const look = ({ name }: Readonly<RunnerState>): Place => {
      looked.push(name);
      return place();
    };
    runners.place(look);
    expect(looked).toHaveLength(5_000);
    looked.length = 0;
    runners.edit('r7');
    runners.put({ name: 'new' });
    runners.get('r8');
    runners.delete('r9');
    runners.edit('unknown');
    runners.place(look);
    expect(looked).toEqual(['r7', 'new']);
    expect(runners.count('idle')).toBe(5_000);
  });

  test('looks at those whose time has come, once', () => {
    const runners = new Runners([{ name: 'soon' }, { name: 'late' }, { name: 'never' }]);
    const due: Record<string, number> = { soon: NOW + 10, late: NOW + 20, never: Infinity };
    runners.place(({ name }) => place({ dueAt: due[name]! }));
    expect([runners.nextDueAt(), runners.unplaced(NOW + 9)]).toEqual([NOW + 10, []]);
    expect(namesOf(runners.unplaced(NOW + 10))).toEqual(['soon']);
    due['soon'] = Infinity;
    runners.place(({ name }) => place({ dueAt: due[name]! }));
    expect([runners.nextDueAt(), runners.unplaced(NOW + 10)]).toEqual([NOW + 20, []]);
  });

  test('is not called for times that were overtaken, and does not keep them', () => {
    const runners = new Runners([{ name: 'r' }]);
    for (let i = 0; i < 10_000; i += 1) {
      runners.edit('r');
      runners.place(() => place({ dueAt: NOW + 10_000 - i }));
      runners.edit('r');
      runners.place(() => place());
    }
    expect(runners.nextDueAt()).toBe(Infinity);
    expect(JSON.stringify(runners).length).toBeLessThan(10_000);
    runners.edit('r');
    runners.place(() => place({ dueAt: NOW }));
    runners.delete('r');
    expect(runners.nextDueAt()).toBe(Infinity);
  });
});

test('a runner that stays where it was keeps its turn; one that comes back is the last', () => {
  const runners = new Runners([{ name: 'a' }, { name: 'b' }]);
  runners.place(() => place({ needs: ['tell'] }));
  runners.edit('a');
  runners.place(() => place({ needs: ['tell', 'leave'] }));
  expect(namesOf(runners.needing('tell'))).toEqual(['a', 'b']);
  runners.edit('a');
  runners.place(() => place({ stage: 'ended' }));
  runners.edit('a');
  runners.place(() => place({ needs: ['tell'] }));
  expect(namesOf(runners.needing('tell'))).toEqual(['b', 'a']);
  expect(namesOf(runners.inStage('idle'))).toEqual(['b', 'a']);
  expect(runners.needing('leave').size).toBe(0);
});

test('another runner of the same name takes the place of the one before', () => {
  const runners = new Runners([{ name: 'a', runnerId: 1 }]);
  runners.place(() => place({ needs: ['leave'] }));
  runners.put({ name: 'a', runnerId: 2 });
  runners.place(() => place({ needs: ['leave'] }));
  expect([...runners.inStage('idle'), ...runners.needing('leave')].map(({ runnerId }) => runnerId)).toEqual([
    2, 2,
  ]);
  expect(runners.size).toBe(1);
});

/** Numbers from 0 to below `below`, the same for each seed. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

const ENDS = ['completed', 'failed', 'lost', 'rejected', 'outdated', 'unregistered'] as const;

/** What may happen to a runner. */
const CHANGES: ((runner: RunnerState, roll: (below: number) => number, now: number) => void)[] = [
  (runner) => (runner.doing = 'create'),
  (runner) => (runner.doing = 'retire'),
  (runner) => delete runner.doing,
  (runner, _roll, now) => (runner.madeAt = now),
  (runner) => (runner.begun = true),
  (runner, roll, now) => (runner.notBefore = now + roll(30_000)),
  (runner, roll) => (runner.end = ENDS[roll(ENDS.length)]!),
  (runner) => delete runner.end,
  (runner) => (runner.retired = true),
  (runner, roll, now) => (runner.pendingSince = now - roll(900_000)),
  (runner, roll, now) => Object.assign(runner, { jobResult: 'failed', jobEndedAt: now - roll(3_000) }),
  (runner, roll, now) => (runner.runningSince = now - roll(600_000)),
  (runner, _roll, now) => (runner.onlineAt = now),
  (runner) => (runner.protected = true),
  (runner) => (runner.heldByJob = true),
  (runner, roll, now) => {
    const phase = (['Pending', 'Running', 'Succeeded', 'Failed'] as const)[roll(4)]!;
    runner.seen = seen({
      name: runner.name,
      createdAt: Math.floor(now / 1000),
      revision: `r${roll(2)}`,
      runnerId: roll(2),
      ...(roll(3) === 0 && { hasJob: true }),
      ...(roll(6) === 0 && { deleting: true }),
      ...(roll(3) > 0 && { pod: aPod({ phase }) }),
    });
  },
];

/** What people are told of the runners, counted one by one. */
function countOneByOne(runners: Iterable<Readonly<RunnerState>>): Counts {
  const counts: Counts = { pending: 0, running: 0, busy: 0, failed: 0 };
  for (const runner of runners) {
    const stage = stageOf(runner);
    if (stage === 'busy') counts.busy += 1;
    if (stage === 'busy' || stage === 'idle' || stage === 'unclear') counts.running += 1;
    else if (runner.end === 'rejected') counts.failed += 1;
    else if (stage === 'creating' || stage === 'unfinished' || stage === 'pending') counts.pending += 1;
  }
  return counts;
}

/** What an index tells, without the order within. */
const toldBy = ({ runners }: RunnerSetState): object => ({
  stages: STAGES.map((stage) => namesOf(runners.inStage(stage)).sort()),
  needs: (['begin', 'leave', 'outgoing', 'tell', 'protect', 'check', 'rejected'] as const).map((need) =>
    namesOf(runners.needing(need)).sort(),
  ),
  dueAt: runners.nextDueAt(),
});

test.each([1, 2, 3, 4, 5])(
  'what is kept up to date is what a fresh count gives, over random changes (seed %d)',
  (seed) => {
    const roll = dice(seed);
    const state = aState({ runners: Array.from({ length: 20 }, (_, i) => idleRunner(`r${i}`)) });
    let now = NOW;
    for (let step = 0; step < 500; step += 1) {
      now += roll(20_000);
      for (let edits = roll(4); edits > 0; edits -= 1) {
        const name = `r${roll(30)}`;
        if (roll(10) === 0) state.runners.delete(name);
        else CHANGES[roll(CHANGES.length)]!(state.runners.editOrAdd(name), roll, now);
      }
      if (roll(50) === 0) state.runnerSet = { ...state.runnerSet!, revision: `r${roll(2)}` };
      if (roll(100) === 0) state.settings = { ...state.settings, pendingTimeoutSeconds: 60 + roll(900) };
      state.runners.unplaced(now);
      placeRunners(state, now);
      const { placedBy: _derived, ...rest } = state;
      const fresh = { ...rest, runners: new Runners(structuredClone([...state.runners.values()])) };
      placeRunners(fresh, now);
      expect(toldBy(state)).toEqual(toldBy(fresh));
      expect(countRunners(state.runners)).toEqual(countOneByOne(state.runners.values()));
    }
  },
);
