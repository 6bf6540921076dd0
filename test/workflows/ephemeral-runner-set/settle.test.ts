import type { CreateRunnersResult } from '../../../src/activities/ephemeral-runner-set/create-runners.ts';
import type { RetireRunnersResult } from '../../../src/activities/ephemeral-runner-set/retire-runners.ts';
import { decide } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import { observe } from '../../../src/workflows/ephemeral-runner-set/observe.ts';
import { settle } from '../../../src/workflows/ephemeral-runner-set/settle.ts';
import { stageOf } from '../../../src/workflows/ephemeral-runner-set/runner.ts';
import { NOW, aPod, aState, circumstances, idleRunner, namesIn, seen } from './builders.ts';

const created = (result: Partial<CreateRunnersResult>, names: string[]) => ({
  of: 'create' as const,
  names,
  probe: true,
  repairs: 0,
  result: { created: [], rejected: [], begun: [], ...result },
});
const retired = (result: Partial<RetireRunnersResult>, names: string[]) => ({
  of: 'retire' as const,
  names,
  result: { retired: [], kept: [], busy: [], ...result },
});
const stopped = { reason: 'QuotaExceeded', message: 'pods: 10' };
const creating = (name: string) => ({ name, doing: 'create' as const });

describe('settle, creations', () => {
  test('created runners wait for their pod', () => {
    const state = aState({ runners: [creating('a')] });
    settle(state, [created({ created: [{ name: 'a', runnerId: 4 }] }, ['a'])], NOW);
    expect(state.runners.get('a')).toEqual({ name: 'a', runnerId: 4, madeAt: NOW });
  });

  test('those that were not begun never were; those cut short are taken up again', () => {
    const state = aState({ runners: [creating('a'), creating('b'), creating('c')] });
    settle(state, [created({ begun: ['b'], stopped }, ['a', 'b', 'c'])], NOW);
    expect([...state.runners.values()].map((runner) => [runner.name, stageOf(runner), runner.begun])).toEqual(
      [['b', 'unfinished', true]],
    );
  });

  test('a stop is trouble: told once, tried again later, over with the next success', () => {
    const state = aState({ runners: [creating('a')] });
    settle(state, [created({ stopped }, ['a'])], NOW);
    settle(state, [created({ stopped }, [])], NOW + 1000);
    expect(state.creationBlock).toMatchObject({ reason: 'QuotaExceeded', tries: 2, since: NOW });
    expect(state.events.map(({ reason }) => reason)).toEqual(['QuotaExceeded']);
    state.runners.put(creating('b'));
    settle(state, [created({ created: [{ name: 'b', runnerId: 1 }] }, ['b'])], NOW + 3000);
    expect(state.creationBlock).toBeUndefined();
    expect(state.events.at(-1)).toMatchObject({ type: 'Normal', reason: 'CreationResumed' });
  });

  test('a try that began before something was repaired tells nothing of now: neither that it is blocked, nor for how long', () => {
    const state = aState({ runners: [creating('a')] });
    observe(state, { at: NOW, runnerSet: { ...state.runnerSet!, revision: 'repaired' } });
    settle(state, [created({ stopped: { ...stopped, retryAfterMs: 60_000 } }, ['a'])], NOW);
    expect(state.creationBlock).toBeUndefined();
    settle(state, [{ ...created({ stopped }, []), repairs: 1 }], NOW);
    observe(state, { at: NOW, runnerSet: { ...state.runnerSet!, revision: 'repaired again' } });
    settle(state, [{ ...created({ stopped }, []), repairs: 1 }], NOW);
    expect(state.creationBlock).toMatchObject({ tries: 0, nextTryAt: 0 });
  });

  test('evidence of what was refused goes when it is taken', () => {
    const refused = { name: 'r', end: 'rejected', reason: 'InvalidPod' } as const;
    const state = aState({ runners: [refused, creating('b')] });
    settle(state, [created({ stopped }, [])], NOW);
    expect(state.runners.get('r')?.end).toBe('rejected');
    settle(state, [created({ created: [{ name: 'b', runnerId: 1 }] }, ['b'])], NOW + 1_000);
    expect(decide(state, circumstances({ now: NOW + 1_000 })).retire).toContainEqual({ name: 'r' });
  });

  test('a success that was under way when the trouble began does not end it', () => {
    const state = aState({ runners: [creating('a'), creating('b')] });
    settle(state, [created({ stopped }, ['a'])], NOW);
    const late = created({ created: [{ name: 'b', runnerId: 1 }] }, ['b']);
    settle(state, [{ ...late, probe: false }], NOW + 100);
    expect(state.creationBlock).toMatchObject({ tries: 1 });
    expect(state.runners.get('b')).toMatchObject({ runnerId: 1, madeAt: NOW + 100 });
  });

  test('a success beside a stop of the same pass does not hide it', () => {
    const state = aState({ runners: [creating('a'), creating('b')] });
    const success = created({ created: [{ name: 'a', runnerId: 1 }] }, ['a']);
    settle(state, [success, created({ stopped }, ['b'])], NOW);
    expect(state.creationBlock?.reason).toBe('QuotaExceeded');
  });

  test('a runner of no set that lacks something waits by itself, and its owner is told once for each reason', () => {
    const state = aState({ runners: [creating('a'), creating('b')] });
    const held = { name: 'a', reason: 'SecretNotFound', message: 'create it' };
    const outcome = { heldUp: [held], created: [{ name: 'b', runnerId: 4 }], begun: ['a'] };
    settle(state, [created(outcome, ['a', 'b'])], NOW);
    settle(state, [created({ heldUp: [held], begun: ['a'] }, ['a'])], NOW + 30_000);
    expect(state.creationBlock).toBeUndefined();
    expect(state.runners.get('a')).toMatchObject({ notBefore: NOW + 60_000, begun: true });
    expect(state.runners.get('b')).toMatchObject({ runnerId: 4 });
    const { name: runner, ...words } = held;
    expect(state.events).toEqual([{ type: 'Warning', ...words, runner }]);
  });

  test('a rejected runner stays, as evidence', () => {
    const state = aState({ runners: [creating('a')] });
    const rejected = [{ name: 'a', reason: 'InvalidPod', message: 'no PriorityClass' }];
    settle(state, [created({ rejected, stopped }, ['a'])], NOW);
    expect(state.runners.get('a')).toMatchObject({ end: 'rejected', message: 'no PriorityClass' });
  });

  test('an activity that ended without a word leaves what the cluster shows', () => {
    const state = aState({ runners: [creating('a'), { ...creating('b'), seen: seen({ name: 'b' }) }] });
    settle(state, [created({}, ['a', 'b'])], NOW);
    expect(namesIn(state)).toEqual(['b']);
  });
});

describe('settle, retirements', () => {
  const retiring = (name: string) => ({ ...idleRunner(name), doing: 'retire' as const });

  test('a retired runner stays away, even if a late change mentions it', () => {
    const state = aState({ runners: [retiring('a')] });
    settle(state, [retired({ retired: ['a'] }, ['a'])], NOW);
    expect(state.runners.get('a')).toMatchObject({ retired: true });
  });

  test('one whose job still runs is busy for a while, and no candidate', () => {
    const state = aState({ runners: [retiring('a')] });
    settle(state, [retired({ busy: ['a'] }, ['a'])], NOW);
    const runner = state.runners.get('a');
    expect(runner && stageOf(runner)).toBe('busy');
    expect(runner?.notBefore).toBe(NOW + 30_000);
  });

  test('one whose pod goes on though it seemed over goes on as well, if GitHub says that it has a job', () => {
    const over = {
      end: 'disrupted',
      reason: 'PodTerminating',
      seen: seen({ name: 'a', pod: aPod({ going: true }) }),
    } as const;
    const state = aState({ runners: [{ ...retiring('a'), ...over }] });
    settle(state, [retired({ busy: ['a'] }, ['a'])], NOW);
    const runner = state.runners.get('a');
    expect(runner).not.toHaveProperty('end');
    expect(runner && stageOf(runner)).toBe('ending');
  });

  test('one that outlived its job is told of when GitHub has let it go; while GitHub says busy, it is left', () => {
    const outlived = {
      ...retiring('a'),
      end: 'outlived',
      reason: 'RunnerOutlivedJob',
      message: 'm',
    } as const;
    const state = aState({ runners: [outlived] });
    settle(state, [retired({ busy: ['a'] }, ['a'])], NOW);
    expect(state.events).toEqual([]);
    expect(stageOf(state.runners.get('a')!)).toBe('ended');
    settle(state, [retired({ retired: ['a'] }, ['a'])], NOW);
    expect(state.events).toMatchObject([{ reason: 'RunnerOutlivedJob', runner: 'a' }]);
  });

  test('one that outlived its job is told of, though its pod was seen to go before the word of it', () => {
    const { seen, ...others } = retiring('a');
    const { pod: _pod, ...withoutPod } = seen ?? {};
    const gone = { ...others, seen: withoutPod as typeof seen & {}, end: 'outlived' } as const;
    const state = aState({ runners: [{ ...gone, reason: 'RunnerOutlivedJob', message: 'm' }] });
    settle(state, [retired({ retired: ['a'] }, ['a'])], NOW);
    expect(state.events).toMatchObject([{ reason: 'RunnerOutlivedJob', runner: 'a' }]);
  });

  test('one that could not be retired is tried again, and people are told', () => {
    const state = aState({ runners: [retiring('a')] });
    settle(state, [retired({ stopped: { reason: 'GitHubRefused', message: '401' } }, ['a'])], NOW);
    expect(state.runners.get('a')?.notBefore).toBe(NOW + 5_000);
    expect(state.events).toEqual([
      { type: 'Warning', reason: 'GitHubRefused', message: 'Runners could not be retired: 401' },
    ]);
    expect(state.creationBlock).toBeUndefined();
  });

  test('one whose object was left in the cluster is settled', () => {
    const state = aState({ runners: [{ ...retiring('a'), end: 'outdated' as const }] });
    settle(state, [retired({ retired: ['a'], kept: ['a'] }, ['a'])], NOW);
    expect(state.runners.get('a')).toMatchObject({ settled: true, end: 'outdated' });
    expect(state.runners.get('a')?.retired).toBeUndefined();
  });
});

test('of many runners that leaked each is named: so many as fit into an Event at a time', () => {
  const names = Array.from({ length: 50 }, (_each, i) => `${'n'.repeat(58)}${10 + i}`);
  const state = aState({ runners: names.map((name) => idleRunner(name)) });
  settle(state, [retired({ retired: names, leaked: names }, names)], NOW);
  const messages = state.events.map(({ message }) => message);
  expect(messages.every((message) => message.length <= 1_024)).toBe(true);
  for (const name of names) expect(messages.join()).toContain(name);
});
