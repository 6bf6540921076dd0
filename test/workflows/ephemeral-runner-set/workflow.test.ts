import { jest } from '@jest/globals';
import type { RunnerSetObservation } from '../../../src/messages/observations.ts';
import type { RunnerSetView } from '../../../src/messages/ephemeral-runner-set.ts';
import { unpackState } from '../../../src/workflows/ephemeral-runner-set/continue-as-new.ts';
import type { CarriedState } from '../../../src/workflows/ephemeral-runner-set/continue-as-new.ts';
import {
  ContinuedAsNew,
  failureOf,
  forget,
  lastOf,
  noted,
  turn,
  workflow,
  workflowModule,
} from '../workflow-stand-in.ts';
import { aPod, aSet, namesIn, NOW, seen } from './builders.ts';

jest.unstable_mockModule('@temporalio/workflow', workflowModule);
const { ephemeralRunnerSet } = await import('../../../src/workflows/ephemeral-runner-set/workflow.ts');

const input = { namespace: 'team', name: 'demo' };
const snapshot = { id: 1, part: 1, parts: 1 };
const handle = (name: string, ...args: unknown[]): unknown => noted.handlers.get(name)!(...(args as never[]));

async function observe(observation: Partial<RunnerSetObservation>): Promise<void> {
  handle('signal observe', { at: NOW, ...observation });
  await turn();
}

async function answerStatuses(): Promise<void> {
  lastOf('publishStatus').resolve();
  await turn();
}

const begun = (activity: string) => noted.scheduled.filter((each) => each.activity === activity);

beforeEach(() => {
  forget();
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
});

test('observes, decides, has it done, and ends when set and runners are gone', async () => {
  const run = ephemeralRunnerSet(input);
  await turn();
  expect(noted.scheduled).toEqual([]);
  await observe({ runnerSet: aSet({ replicas: 1 }), runners: [], snapshot });
  const [creation] = begun('createRunners');
  const { names } = creation!.input as { names: string[] };
  expect(names).toEqual([expect.stringMatching(/^demo-runner-.{5}$/)]);
  creation!.resolve({ created: [{ name: names[0], runnerId: 1 }], rejected: [], begun: [] });
  await answerStatuses();
  expect(handle('query state')).toMatchObject({
    desired: 1,
    runners: [{ name: names[0], stage: 'pending' }],
  });
  expect(begun('createRunners')).toHaveLength(1);
  await observe({ runnerSet: null, gone: names });
  await expect(run).resolves.toBeUndefined();
});

test.each([-3_600_000, -60_000, 0, 60_000, 3_600_000])(
  'a watch whose clock is off by %i ms neither fails a runner early nor late',
  async (off) => {
    let now = NOW;
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    void ephemeralRunnerSet(input);
    const waiting = aPod({ phase: 'Pending', stuck: true, reason: 'ErrImagePull' });
    const runner = seen({ name: 'demo-r1', runnerId: 1, pod: waiting });
    await observe({ at: now + off, runnerSet: aSet({ replicas: 1 }), runners: [runner], snapshot });
    const ends = () => (handle('query state') as RunnerSetView).runners.map(({ end }) => end);
    now += 59_000;
    await observe({ at: now + off });
    expect(ends()).toEqual([undefined]);
    now += 2_000;
    await observe({ at: now + off });
    expect(ends()).toEqual(['failed']);
  },
);

test('waits for what is in flight before it ends', async () => {
  let ended = false;
  const run = ephemeralRunnerSet(input).then(() => (ended = true));
  await observe({ runnerSet: aSet(), runners: [], snapshot });
  await observe({ runnerSet: null });
  expect(ended).toBe(false);
  await answerStatuses();
  await run;
  expect(ended).toBe(true);
});

test('continues as new with all it knows, and begins nothing before', async () => {
  const run = ephemeralRunnerSet(input).catch((error: unknown) => error);
  await observe({ runnerSet: aSet({ replicas: 1 }), runners: [seen({ name: 'demo-r1' })], snapshot });
  workflow.continueAsNewSuggested = true;
  await observe({ runnerSet: aSet({ replicas: 5, generation: 2 }) });
  const before = noted.scheduled.length;
  // What can be cancelled is; what comes of it is taken in before the end. No signal comes for a while.
  await turn();
  noted.timers.find(({ ms }) => ms === 500)?.ring();
  const end = await run;
  expect(noted.scheduled).toHaveLength(before);
  expect(end).toBeInstanceOf(ContinuedAsNew);
  const next = (end as ContinuedAsNew).input as { carried: CarriedState; inbox: unknown[] };
  expect(next).toMatchObject({ ...input, inbox: [] });
  const state = unpackState(next.carried);
  expect(state).toMatchObject({ complete: true, order: { replicas: 5 }, runnerSet: { generation: 2 } });
  expect(namesIn(state)).toEqual(['demo-r1']);

  forget();
  void ephemeralRunnerSet({ ...input, ...(next as object) });
  await turn();
  const view = handle('query state') as RunnerSetView;
  expect(view).toMatchObject({ desired: 5 });
  expect(begun('createRunners')).not.toEqual([]);
});

test('a run ends with a signal that it takes in, because after one no other comes for a moment', async () => {
  const run = ephemeralRunnerSet(input).catch((error: unknown) => error);
  await observe({ runnerSet: aSet({ replicas: 1 }), runners: [seen({ name: 'demo-r1' })], snapshot });
  workflow.continueAsNewSuggested = true;
  await observe({ runnerSet: aSet({ replicas: 5, generation: 2 }) });
  await turn();
  await observe({ runnerSet: aSet({ replicas: 7, generation: 3 }) });
  const { carried, inbox } = ((await run) as ContinuedAsNew).input as {
    carried: CarriedState;
    inbox: unknown[];
  };
  expect([unpackState(carried).order.replicas, inbox]).toEqual([7, []]);
});

test('before it continues as new, handlers are waited for, and what comes meanwhile is handed on', async () => {
  const run = ephemeralRunnerSet(input).catch((error: unknown) => error);
  await observe({ runnerSet: aSet(), runners: [], snapshot });
  await answerStatuses();
  Object.assign(workflow, { continueAsNewSuggested: true, allHandlersFinished: false });
  await observe({ runnerSet: aSet({ generation: 2 }) });
  await observe({ runnerSet: aSet({ generation: 3 }) });
  workflow.allHandlersFinished = true;
  await turn();
  expect(await run).toMatchObject({
    input: { carried: { runnerSet: { generation: 2 } }, inbox: [{ runnerSet: { generation: 3 } }] },
  });
});

describe('scaling', () => {
  test('by update is checked first, carried out, and answered', async () => {
    void ephemeralRunnerSet(input);
    const validate = noted.validators.get('update scale')!;
    expect(() => validate({ replicas: -1 } as never)).toThrow(TypeError);
    expect(() => validate({ replicas: 3 } as never)).not.toThrow();
    const answer = handle('update scale', { replicas: 3 });
    lastOf('scaleRunnerSet').resolve({ replicas: 3, previous: 0 });
    await expect(answer).resolves.toEqual({ replicas: 3, previous: 0 });
  });

  test('by signal is carried out; one that asks for nonsense is ignored and logged', async () => {
    void ephemeralRunnerSet(input);
    await handle('signal scale', { replicas: 'many' });
    expect(begun('scaleRunnerSet')).toEqual([]);
    expect(noted.warnings).toEqual([
      ['A scale signal was ignored', { problem: expect.stringMatching(/^replicas: /) }],
    ]);
    const signalled = handle('signal scale', { replicas: 3 });
    lastOf('scaleRunnerSet').reject(failureOf('Forbidden', 'm'));
    await expect(signalled).resolves.toBeUndefined();
    expect(noted.warnings[1]?.[1]).toEqual({ order: 'scale', reason: 'Forbidden', message: 'm' });
  });

  test('a pause and its end are passed on', async () => {
    void ephemeralRunnerSet(input);
    const answer = handle('update resume');
    expect(lastOf('pauseRunnerSet').input).toEqual({ ...input, paused: false });
    lastOf('pauseRunnerSet').resolve();
    await expect(answer).resolves.toEqual({ paused: false });
  });
});
