import { jest } from '@jest/globals';
import type { AutoscalingRunnerSetPlan } from '../../../src/workflows/autoscaling-runner-set/plan.ts';
import type { Step } from '../../../src/workflows/autoscaling-runner-set/steps.ts';
import {
  autoscalingRunnerSetStatus,
  publicationKey,
  wordsKey,
} from '../../../src/workflows/autoscaling-runner-set/status.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';
import { failureOf, forget, lastOf, noted, turn, workflowModule } from '../workflow-stand-in.ts';
import { aChildSet, aListener, aState } from './builders.ts';

jest.unstable_mockModule('@temporalio/workflow', workflowModule);
const { Executor } = await import('../../../src/workflows/autoscaling-runner-set/execute.ts');

const TARGET = { namespace: 'team', name: 'demo', uid: 'ars-1' };

function acting(state = aState()) {
  const executor = new Executor({ namespace: 'team', name: 'demo' }, state);
  const carryOut = async (plan: Partial<AutoscalingRunnerSetPlan>, observedAt?: number) => {
    executor.carryOut({ finished: false, ...plan }, observedAt);
    await turn();
  };
  return { executor, state, carryOut };
}

beforeEach(() => {
  forget();
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
});

describe('a step', () => {
  const drop: Step = {
    name: 'drop',
    key: 'k',
    empty: ['old'],
    runnerSets: [aChildSet()],
    listeners: [aListener()],
  };

  test.each<[string, Step, string, object]>([
    ['prepare', { name: 'prepare', key: 'k' }, 'prepareScaleSet', TARGET],
    ['apply', { name: 'apply', key: 'k' }, 'applyChildren', TARGET],
    ['apply, held back', { name: 'apply', key: 'k', hold: true }, 'applyChildren', { ...TARGET, hold: true }],
    [
      'drop',
      drop,
      'dropChildren',
      {
        namespace: 'team',
        empty: ['old'],
        runnerSets: [{ name: 'demo', uid: 'ers-1' }],
        listeners: [{ namespace: 'team', name: 'demo-listener', uid: 'al-1' }],
      },
    ],
    ['remove', { name: 'remove', key: 'k' }, 'removeScaleSet', TARGET],
    [
      'remove, by force',
      { name: 'remove', key: 'k', force: true },
      'removeScaleSet',
      { ...TARGET, force: true },
    ],
    ['release', { name: 'release', key: 'k' }, 'releaseScaleSet', TARGET],
  ])('%s is one activity', async (_what, step, activity, input) => {
    const { executor, carryOut } = acting();
    await carryOut({ step });
    expect(noted.scheduled).toHaveLength(1);
    expect(lastOf(activity).input).toEqual(input);
    expect(executor).toMatchObject({ stepping: true, inFlight: true, hasNews: false });
    lastOf(activity).resolve(step.name === 'remove' ? {} : undefined);
    await turn();
    expect(executor).toMatchObject({ stepping: false, inFlight: false, hasNews: true });
    expect(executor.takeOutcomes()).toEqual([{ step, uid: TARGET.uid, repairs: 0 }]);
    expect(executor.takeOutcomes()).toEqual([]);
  });

  test.each<[Step, string, object]>([
    [{ name: 'prepare', key: 'k' }, 'prepareScaleSet', { prepared: { scaleSetId: 7 } }],
    [{ name: 'remove', key: 'k' }, 'removeScaleSet', { leaked: 'Scale set 7 was left.' }],
  ])('brings what it came to: %j', async (step, activity, result) => {
    const { executor, carryOut } = acting();
    await carryOut({ step });
    lastOf(activity).resolve('prepared' in result ? result.prepared : result);
    await turn();
    expect(executor.takeOutcomes()).toEqual([{ step, uid: TARGET.uid, repairs: 0, ...result }]);
  });

  test('that fails says why', async () => {
    const { executor, carryOut } = acting();
    const step: Step = { name: 'apply', key: 'k' };
    await carryOut({ step });
    lastOf('applyChildren').reject(failureOf('Forbidden', 'm'));
    await turn();
    expect(executor).toMatchObject({ stepping: false, hasNews: true });
    expect(executor.takeOutcomes()).toEqual([
      { step, uid: TARGET.uid, repairs: 0, stopped: { reason: 'Forbidden', message: 'm' } },
    ]);
  });
});

describe('a status', () => {
  const events = [{ type: 'Warning' as const, reason: 'SecretNotFound', message: 'm' }];

  test('that is written is remembered, for the generation it was decided for', async () => {
    const { executor, state, carryOut } = acting(aState({ events }));
    const status = autoscalingRunnerSetStatus(state);
    await carryOut({ publish: { status, events } });
    expect(lastOf('publishScaleSet').input).toEqual({ ...TARGET, generation: 1, status, events });
    expect([executor.publishing, state.events]).toEqual([true, []]);
    state.seen!.autoscalingRunnerSet!.generation = 2;
    lastOf('publishScaleSet').resolve();
    await turn();
    expect(state.published).toEqual({
      key: publicationKey(status, 1),
      words: wordsKey(status, 1),
      at: NOW,
    });
    expect(executor).toMatchObject({ publishing: false, hasNews: true, mayPublishAt: 0 });
  });

  test('that was written for another one of the same name is written for this one', async () => {
    const { state, carryOut } = acting(aState({ events }));
    await carryOut({ publish: { status: autoscalingRunnerSetStatus(state), events } });
    state.seen!.autoscalingRunnerSet!.uid = 'another';
    lastOf('publishScaleSet').resolve();
    await turn();
    expect(state.published).toBeUndefined();
  });

  test('Events alone leave what was written', async () => {
    const published = { key: 'k', words: 'w', at: 1 };
    const { state, carryOut } = acting(aState({ published }));
    await carryOut({ publish: { events } });
    expect(lastOf('publishScaleSet').input).not.toHaveProperty('status');
    lastOf('publishScaleSet').resolve();
    await turn();
    expect(state.published).toEqual(published);
  });

  test('that cannot be written is written again soon, and its Events come before those of meanwhile', async () => {
    const { executor, state, carryOut } = acting(aState({ events }));
    await carryOut({ publish: { status: autoscalingRunnerSetStatus(state), events } });
    const later = { ...events[0]!, reason: 'Forbidden' };
    state.events.push(later);
    lastOf('publishScaleSet').reject(failureOf('Forbidden'));
    await turn();
    expect(state.events).toEqual([...events, later]);
    expect(state.published).toBeUndefined();
    expect(executor).toMatchObject({ publishing: false, hasNews: true, mayPublishAt: NOW + 5_000 });
  });
});

describe('what else a pass does', () => {
  test('the phase is shown when it changes: what goes, and what is in the way, first', async () => {
    const { state, carryOut } = acting(aState({ listeners: [] }));
    await carryOut({});
    await carryOut({});
    state.seen!.listeners = [aListener()];
    await carryOut({});
    state.stepFailures = { apply: { reason: 'r', message: 'm' } };
    await carryOut({});
    state.seen!.autoscalingRunnerSet!.deleting = true;
    await carryOut({});
    expect(noted.attributes).toEqual(['Pending', 'Running', 'Blocked', 'Deleting']);
  });

  test('the timer wakes it, unless the workflow is about to continue as new', async () => {
    const { executor, carryOut } = acting();
    await carryOut({ wakeAt: NOW + 5_000 });
    noted.timers[0]!.ring();
    await turn();
    expect(executor.hasNews).toBe(true);
    executor.takeOutcomes();
    await carryOut({ wakeAt: NOW + 9_000 });
    executor.drain();
    await turn();
    expect(noted.timers[1]).toMatchObject({ cancelled: true });
    expect(executor.hasNews).toBe(false);
  });

  test('a pass is told when its step is done, if something was observed', async () => {
    const { carryOut } = acting();
    await carryOut({});
    await carryOut({ step: { name: 'release', key: 'k' } }, NOW - 500);
    expect(noted.sinkCalls).toEqual([]);
    lastOf('releaseScaleSet').resolve();
    await turn();
    expect(noted.sinkCalls).toEqual([['metrics', 'reconciled', 'autoscalingrunnerset', 0.5]]);
  });

  test.each([
    [true, 'demo: pause'],
    [false, 'demo: resume'],
  ])('a pause of %p is carried out and answered', async (paused, summary) => {
    const answer = acting().executor.pause(paused);
    expect(lastOf('pauseScaleSet')).toMatchObject({
      input: { namespace: 'team', name: 'demo', paused },
      options: { summary },
    });
    lastOf('pauseScaleSet').resolve();
    await expect(answer).resolves.toEqual({ paused });
  });
});
