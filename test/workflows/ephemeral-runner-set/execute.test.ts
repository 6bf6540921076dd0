import { jest } from '@jest/globals';
import type { Plan } from '../../../src/workflows/ephemeral-runner-set/plan.ts';
import type { Publication } from '../../../src/workflows/ephemeral-runner-set/publication.ts';
import { runnerSetStatus, statusKey } from '../../../src/workflows/ephemeral-runner-set/status.ts';
import type { RunnerSetState } from '../../../src/workflows/ephemeral-runner-set/state.ts';
import { failureOf, forget, lastOf, noted, turn, workflowModule } from '../workflow-stand-in.ts';
import { aState, idleRunner, NOW } from './builders.ts';

jest.unstable_mockModule('@temporalio/workflow', workflowModule);
const { Executor } = await import('../../../src/workflows/ephemeral-runner-set/execute.ts');

const NAMED = { namespace: 'team', name: 'demo' };
const aPlan = (over: Partial<Plan> = {}): Plan => ({ create: [], retire: [], finished: false, ...over });
const aPublication = (over: Partial<Publication> = {}): Publication => ({
  runners: [],
  events: [],
  protect: [],
  ...over,
});
const begun = () => noted.scheduled.map(({ activity }) => activity);

function acting(state: RunnerSetState = aState(), served: { namespace: string; name?: string } = NAMED) {
  const executor = new Executor(served, state);
  const carryOut = async (plan: Partial<Plan>, observedAt?: number) => {
    executor.carryOut(aPlan(plan), observedAt);
    await turn();
  };
  return { executor, state, carryOut };
}

beforeEach(() => {
  forget();
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
});

describe('a creation', () => {
  const creation = { names: ['a', 'b'], lanes: 2, probe: true };

  test('is begun with what the set is, and its lanes count until it ends', async () => {
    const { executor, state, carryOut } = acting(aState({ set: { patchId: 7 } }));
    await carryOut({ create: [creation] });
    expect(lastOf('createRunners')).toMatchObject({
      input: { namespace: 'team', runnerSet: 'demo', names: ['a', 'b'], atOnce: 2, patchId: 7, probe: true },
      options: { summary: 'a and 1 more' },
    });
    expect(state.runners.get('a')).toEqual({ name: 'a', doing: 'create' });
    expect(executor).toMatchObject({ lanes: 2, inFlight: 1, hasNews: false });
    const result = { created: [{ name: 'a', runnerId: 1 }], rejected: [], begun: [] };
    lastOf('createRunners').resolve(result);
    await turn();
    expect(executor).toMatchObject({ lanes: 0, inFlight: 0, hasNews: true });
    expect(executor.takeOutcomes()).toEqual([
      { of: 'create', names: ['a', 'b'], probe: true, repairs: 0, result },
    ]);
    expect(executor).toMatchObject({ hasNews: false });
    expect(executor.takeOutcomes()).toEqual([]);
  });

  test('that fails as a whole has made nothing, and says why', async () => {
    const { executor, carryOut } = acting();
    await carryOut({ create: [creation] });
    lastOf('createRunners').reject(failureOf('SecretNotFound', 's'));
    await turn();
    expect(executor.takeOutcomes()).toMatchObject([
      {
        result: { created: [], rejected: [], begun: [], stopped: { reason: 'SecretNotFound', message: 's' } },
      },
    ]);
  });

  test('that is cut short, because the workflow continues as new, alarms nobody', async () => {
    const { executor, carryOut } = acting();
    await carryOut({ create: [creation], wakeAt: NOW + 5_000 });
    executor.drain();
    executor.drain();
    await turn();
    const result = { created: [], rejected: [], begun: [] };
    expect(executor.takeOutcomes()).toEqual([
      { of: 'create', names: ['a', 'b'], probe: true, repairs: 0, result },
    ]);
    expect(executor.inFlight).toBe(0);
    expect(noted.timers).toMatchObject([{ ms: 5_000, cancelled: true }]);
  });

  test.each<[string, RunnerSetState, { namespace: string; name?: string }]>([
    ['of runners without a set', aState(), { namespace: 'team' }],
    ['of a set that is gone', { ...aState(), runnerSet: null }, NAMED],
  ])('%s names none', async (_what, state, served) => {
    const { carryOut } = acting(state, served);
    await carryOut({ create: [creation] });
    expect(lastOf('createRunners').input).not.toHaveProperty('runnerSet');
  });
});

describe('retirements', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `r${i}` }));

  test('go in batches of fifty', async () => {
    const { executor, state, carryOut } = acting();
    await carryOut({ retire: many(200) });
    const sizes = noted.scheduled.map(({ input }) => (input as { runners: unknown[] }).runners.length);
    expect(sizes).toEqual([50, 50, 50, 50]);
    expect([executor.inFlight, state.runners.size]).toEqual([4, 200]);
    expect(executor.retirements).toBe(4);
    noted.scheduled[0]!.resolve({ retired: [], kept: [], busy: [] });
    await turn();
    await carryOut({ retire: many(1) });
    expect(noted.scheduled).toHaveLength(5);
  });

  test('that fail have retired nobody, and say why', async () => {
    const { executor, carryOut } = acting(aState({ runners: [idleRunner('a')] }));
    await carryOut({ retire: [{ name: 'a', runnerId: 1 }] });
    expect(lastOf('retireRunners').options).toMatchObject({ summary: 'a' });
    lastOf('retireRunners').reject(failureOf('GitHubRefused', '401'));
    await turn();
    const stopped = { reason: 'GitHubRefused', message: '401' };
    expect(executor.takeOutcomes()).toEqual([
      { of: 'retire', names: ['a'], result: { retired: [], kept: [], busy: [], stopped } },
    ]);
  });
});

describe('a status', () => {
  const events = [{ type: 'Warning' as const, reason: 'RunnerFailed', message: 'm', runner: 'r' }];
  const update = { name: 'r', phase: 'Running' as const, ready: true, runnerId: 1 };
  const changed = () => {
    const state = aState({ events, set: { hasFinalizer: undefined as never }, runners: [idleRunner('r')] });
    const status = runnerSetStatus(state);
    const publish = aPublication({ status, addFinalizer: true, runners: [update], events, protect: ['r'] });
    return { ...acting(state), status, publish };
  };

  test('that is written is not written again', async () => {
    const { executor, state, carryOut, status, publish } = changed();
    await carryOut({ publish });
    expect(executor).toMatchObject({ publishing: true, inFlight: 1 });
    expect(state.events).toEqual([]);
    expect(lastOf('publishStatus').input).toEqual({
      namespace: 'team',
      runnerSet: { name: 'demo', uid: 'set-1', generation: 1 },
      status,
      addFinalizer: true,
      runners: [update],
      events,
      protect: { runners: ['r'], by: 'budget' },
    });
    lastOf('publishStatus').resolve();
    await turn();
    expect(state).toMatchObject({ published: statusKey(status, 1), runnerSet: { hasFinalizer: true } });
    expect(state.runners.get('r')).toMatchObject({ published: 'Running/true/1', protected: true });
    expect(executor).toMatchObject({ publishing: false, hasNews: true, mayPublishAt: NOW + 300 });
  });

  test('that was written for others of the same names is written for these', async () => {
    const { state, carryOut, publish } = changed();
    await carryOut({ publish });
    state.runnerSet!.uid = 'another';
    const runner = state.runners.editOrAdd('r');
    runner.seen = { ...runner.seen!, uid: 'another' };
    lastOf('publishStatus').resolve();
    await turn();
    expect(state.published).toBeUndefined();
    expect(state.runnerSet).not.toMatchObject({ hasFinalizer: true });
    expect(state.runners.get('r')).not.toHaveProperty('published');
  });

  test('that cannot be written is written again, and its Events come before those of meanwhile', async () => {
    const { executor, state, carryOut, publish } = changed();
    await carryOut({ publish });
    const later = { ...events[0]!, reason: 'RunnerLost' };
    state.events.push(later);
    lastOf('publishStatus').reject(failureOf('Forbidden'));
    await turn();
    expect(state.events).toEqual([...events, later]);
    expect(state.published).toBeUndefined();
    expect(state.runnerSet).not.toMatchObject({ hasFinalizer: true });
    expect(state.runners.get('r')).not.toHaveProperty('protected');
    expect(state.runners.get('r')).not.toHaveProperty('published');
    expect(executor).toMatchObject({ publishing: false, hasNews: true, mayPublishAt: NOW + 5_000 });
  });

  test('that is cut short, because the workflow continues as new, is left to the next run', async () => {
    const { executor, state, carryOut, publish } = changed();
    await carryOut({ publish });
    executor.drain();
    await turn();
    expect(state.events).toEqual(events);
    expect(state.published).toBeUndefined();
    expect(state.runners.get('r')).not.toHaveProperty('protected');
    expect(state.runners.get('r')).not.toHaveProperty('published');
    expect(state.runnerSet).not.toMatchObject({ hasFinalizer: true });
    expect(executor).toMatchObject({ publishing: false, inFlight: 0 });
  });

  test('is about the generation it was decided for, whatever comes meanwhile', async () => {
    const { state, carryOut, status, publish } = changed();
    await carryOut({ publish });
    state.runnerSet = { ...state.runnerSet!, generation: 2 };
    lastOf('publishStatus').resolve();
    await turn();
    expect(state.published).toBe(statusKey(status, 1));
  });

  test('of a set that goes takes the finalizer off', async () => {
    const { state, carryOut } = acting(aState({ set: { deleting: true } }));
    await carryOut({ publish: aPublication({ removeFinalizer: true }) });
    expect(state.runnerSet).toHaveProperty('hasFinalizer');
    lastOf('publishStatus').resolve();
    await turn();
    expect(state.runnerSet).not.toHaveProperty('hasFinalizer');
  });

  test.each([['budget'], ['annotations'], ['off']] as const)('protects jobs by %s', async (jobProtection) => {
    const { state, carryOut } = acting();
    state.settings = { ...state.settings, jobProtection };
    await carryOut({ publish: aPublication({ protect: ['r'] }) });
    expect(lastOf('publishStatus').input).toMatchObject({ protect: { runners: ['r'], by: jobProtection } });
  });

  test('of runners without a set is of no set', async () => {
    const { runnerSet: _none, ...standalone } = aState();
    const { carryOut } = acting(standalone, { namespace: 'team' });
    await carryOut({ publish: aPublication({ runners: [update] }) });
    expect(lastOf('publishStatus').input).toEqual({ namespace: 'team', runners: [update], events: [] });
  });
});

describe('a question to GitHub', () => {
  const check = { idle: 3, suspects: [{ name: 'a', runnerId: 1 }], unclear: [] };

  test('brings an answer', async () => {
    const { executor, carryOut } = acting();
    await carryOut({ check });
    expect(executor).toMatchObject({ checking: true, inFlight: 1 });
    expect(lastOf('checkRegistrations').input).toEqual({ namespace: 'team', runnerSet: 'demo', ...check });
    const result = { online: ['a'], offline: [], gone: [] };
    lastOf('checkRegistrations').resolve(result);
    await turn();
    expect(executor).toMatchObject({ checking: false, mayCheckAt: 0 });
    expect(executor.takeOutcomes()).toEqual([{ of: 'check', result }]);
  });

  test('that fails is put again a minute later', async () => {
    const { executor, carryOut } = acting();
    await carryOut({ check });
    lastOf('checkRegistrations').reject(failureOf('GitHubUnavailable'));
    await turn();
    expect(executor).toMatchObject({ checking: false, mayCheckAt: NOW + 60_000, hasNews: true });
    expect(executor.takeOutcomes()).toEqual([]);
  });
});

describe('what else a pass does', () => {
  test('the phase is shown when it changes', async () => {
    const { state, carryOut } = acting();
    await carryOut({});
    await carryOut({});
    state.runnerSet = { ...state.runnerSet!, paused: true };
    await carryOut({});
    expect(noted.attributes).toEqual(['Running', 'Paused']);
  });

  test('the timer wakes it', async () => {
    const { executor, carryOut } = acting();
    await carryOut({ wakeAt: NOW + 5_000 });
    expect([executor.hasNews, executor.inFlight]).toEqual([false, 0]);
    noted.timers[0]!.ring();
    await turn();
    expect(executor.hasNews).toBe(true);
    executor.takeOutcomes();
    expect(executor.hasNews).toBe(false);
  });

  test.each([
    ['a set', NAMED, 'ephemeralrunnerset'],
    ['runners without a set', { namespace: 'team' }, 'ephemeralrunner'],
  ])(
    'a pass of %s is told when all of it is done, if something was observed',
    async (_what, served, name) => {
      const { carryOut } = acting(aState(), served);
      await carryOut({});
      expect(noted.sinkCalls).toEqual([]);
      await carryOut({ retire: [{ name: 'a' }], publish: aPublication() }, NOW - 500);
      lastOf('retireRunners').resolve({ retired: [], kept: [], busy: [] });
      await turn();
      expect(noted.sinkCalls).toEqual([]);
      lastOf('publishStatus').resolve();
      await turn();
      expect(noted.sinkCalls).toEqual([['metrics', 'reconciled', name, 0.5]]);
    },
  );
});

describe('what people ask for', () => {
  test('is done at once, under its name, and answered', async () => {
    const { executor } = acting();
    const scaled = executor.scale(20);
    expect(lastOf('scaleRunnerSet')).toMatchObject({
      input: { ...NAMED, replicas: 20 },
      options: { summary: 'demo: 20 replicas' },
    });
    lastOf('scaleRunnerSet').resolve({ replicas: 20, previous: 3 });
    await expect(scaled).resolves.toEqual({ replicas: 20, previous: 3 });
    const paused = executor.pause(true);
    expect(lastOf('pauseRunnerSet').input).toEqual({ ...NAMED, paused: true });
    lastOf('pauseRunnerSet').resolve();
    await expect(paused).resolves.toEqual({ paused: true });
  });

  test('of runners without a set is refused for good', async () => {
    const { executor } = acting(aState(), { namespace: 'team' });
    const refusal = { type: 'NoRunnerSet', nonRetryable: true };
    await expect(executor.scale(20)).rejects.toMatchObject(refusal);
    await expect(executor.pause(true)).rejects.toMatchObject(refusal);
    expect(begun()).toEqual([]);
  });
});
