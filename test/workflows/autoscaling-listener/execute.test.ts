import { jest } from '@jest/globals';
import { CancelledFailure, TimeoutFailure } from '@temporalio/common';
import type { ListenerPlan } from '../../../src/workflows/autoscaling-listener/plan.ts';
import { conditionKey } from '../../../src/workflows/autoscaling-listener/plan.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';
import {
  activityFailure,
  failureOf,
  forget,
  lastOf,
  noted,
  turn,
  workflowModule,
} from '../workflow-stand-in.ts';
import { observeListener } from '../../../src/workflows/autoscaling-listener/observe.ts';
import { observation, progress, seen, stateOf } from './builders.ts';

jest.unstable_mockModule('@temporalio/workflow', workflowModule);
const { Executor } = await import('../../../src/workflows/autoscaling-listener/execute.ts');

const KEY = { namespace: 'team', name: 'demo' };
const report = { ready: true, reason: 'Listening', message: 'Waits.' };

function acting(state = stateOf()) {
  const executor = new Executor(KEY, state);
  const carryOut = async (plan: Partial<ListenerPlan>, observedAt?: number) => {
    executor.carryOut({ finished: false, ...plan }, observedAt);
    await turn();
  };
  return { executor, state, carryOut };
}

beforeEach(() => {
  forget();
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
});

describe('listening', () => {
  test('is one activity, begun where the last one left off, on the queue of all sessions', async () => {
    const { executor, state, carryOut } = acting(stateOf({ capacity: 5 }, { progress }));
    await carryOut({ listen: 'start' });
    expect(lastOf('listen')).toMatchObject({
      input: { ...KEY, capacity: 5, progress },
      options: { taskQueue: 'temporal-arc/kind/listeners', summary: 'scale set 7, capacity 5' },
    });
    expect(executor).toMatchObject({
      listening: { listener: state.listener, since: NOW },
      inFlight: true,
      hasNews: false,
    });
  });

  test('in a pod is begun on that pod’s queue', async () => {
    const { carryOut } = acting(stateOf({ mode: 'pod' }));
    await carryOut({ listen: 'start' });
    expect(lastOf('listen').options).toMatchObject({ taskQueue: 'temporal-arc/kind/listener/team/demo' });
    expect(lastOf('listen').input).not.toHaveProperty('progress');
  });

  test('is not begun for one that is gone', async () => {
    const { executor, carryOut } = acting(stateOf(null));
    await carryOut({ listen: 'start', pod: 'apply', publish: {}, close: true });
    expect(noted.scheduled).toEqual([]);
    expect(executor.inFlight).toBe(false);
  });

  test('that is told to end is cancelled, and goes on with another activity', async () => {
    const { executor, state, carryOut } = acting();
    await carryOut({ listen: 'start' });
    executor.carryOut({ listen: 'stop', finished: false }, undefined);
    expect(executor.stopping).toBe(true);
    await turn();
    expect(executor).toMatchObject({ stopping: false, hasNews: true, inFlight: false });
    expect(state).toMatchObject({ failures: 0, events: [] });
    await carryOut({ listen: 'start' });
    expect(noted.scheduled).toHaveLength(2);
    expect(executor.inFlight).toBe(true);
  });

  const heartbeat = (details: unknown): Error =>
    activityFailure(new TimeoutFailure('timed out', details, 'HEARTBEAT'));

  test.each<[string, Error, object]>([
    ['its worker was lost', heartbeat(progress), { failures: 0, progress, events: [] }],
    ['its worker was lost before a heartbeat', heartbeat(undefined), { failures: 0, events: [] }],
    ['its worker ends', failureOf('WorkerStopping', '', [progress]), { failures: 0, progress, events: [] }],
    ['it was cancelled', activityFailure(new CancelledFailure('c')), { failures: 0, events: [] }],
    [
      'GitHub refused it',
      failureOf('GitHubRefused', '401', [progress]),
      { failures: 1, progress, nextTryAt: NOW + 2_000, report: { ready: false, reason: 'GitHubRefused' } },
    ],
    ['it failed without a word', failureOf('Bug'), { failures: 1, report: { reason: 'Bug' } }],
  ])('that ended is taken in: %s', async (_what, error, expected) => {
    const { executor, state, carryOut } = acting();
    await carryOut({ listen: 'start' });
    lastOf('listen').reject(error);
    await turn();
    expect(state).toMatchObject(expected);
    if (!('progress' in expected)) expect(state).not.toHaveProperty('progress');
    expect(executor).toMatchObject({ listening: undefined, hasNews: true });
  });

  test('that ended of itself left off somewhere', async () => {
    const { executor, state, carryOut } = acting();
    await carryOut({ listen: 'start' });
    lastOf('listen').resolve(progress);
    await turn();
    expect(state).toMatchObject({ progress, failures: 0 });
    expect(executor.listening).toBeUndefined();
  });
});

describe('the pod', () => {
  test.each([
    ['apply', 'applyListenerPod', 'apply the pod'],
    ['remove', 'removeListenerPod', 'remove the pod'],
  ] as const)('%s: what it was made from is noted', async (pod, activity, summary) => {
    const { executor, state, carryOut } = acting(stateOf({ mode: 'pod' }));
    await carryOut({ pod });
    expect(lastOf(activity)).toMatchObject({ input: KEY, options: { summary } });
    expect(executor).toMatchObject({ applying: true, inFlight: true });
    state.listener = { ...state.listener!, specHash: 'spec-2' };
    lastOf(activity).resolve();
    await turn();
    expect(state.applied).toBe('spec-1');
    expect(executor).toMatchObject({ applying: false, hasNews: true });
  });

  test('that cannot be made is told of', async () => {
    const { state, carryOut } = acting(stateOf({ mode: 'pod' }));
    await carryOut({ pod: 'apply' });
    lastOf('applyListenerPod').reject(failureOf('Forbidden', 'm'));
    await turn();
    expect(state).not.toHaveProperty('applied');
    expect(state.report).toEqual({ ready: false, reason: 'Forbidden', message: 'm' });
  });
});

describe('a status', () => {
  const events = [{ type: 'Warning' as const, reason: 'SessionConflict', message: 'm' }];
  const publish = { condition: report, addFinalizer: true as const };
  const unfinalized = () => {
    const state = stateOf({}, { events });
    delete state.listener!.hasFinalizer;
    return acting(state);
  };

  test('that is written is remembered, for the generation it was decided for', async () => {
    const { executor, state, carryOut } = unfinalized();
    await carryOut({ publish });
    expect(lastOf('publishListener').input).toEqual({
      ...KEY,
      uid: 'uid-1',
      generation: 1,
      ...publish,
      events,
    });
    expect([executor.publishing, state.events]).toEqual([true, []]);
    state.listener!.generation = 2;
    lastOf('publishListener').resolve();
    await turn();
    expect(state).toMatchObject({ published: conditionKey(report, 1), listener: { hasFinalizer: true } });
    expect(executor).toMatchObject({ publishing: false, hasNews: true });
  });

  test('that cannot be written is written again after a while, its Events before those of meanwhile', async () => {
    const { executor, state, carryOut } = unfinalized();
    await carryOut({ publish });
    const later = { ...events[0]!, reason: 'Forbidden' };
    state.events.push(later);
    lastOf('publishListener').reject(failureOf('Forbidden'));
    await turn();
    expect(state.events).toEqual([...events, later]);
    expect(state.published).toBeUndefined();
    expect(state.listener).not.toHaveProperty('hasFinalizer');
    expect(executor).toMatchObject({ publishing: false, hasNews: true, mayPublishAt: NOW + 5_000 });
  });
});

describe('the end', () => {
  const going = () => acting(stateOf({ deleting: true }, { progress }));

  test('closes the session that is known, and lets the resource go', async () => {
    const { executor, state, carryOut } = going();
    await carryOut({ close: true });
    expect(lastOf('closeListener').input).toEqual({ ...KEY, uid: 'uid-1', progress });
    expect(executor).toMatchObject({ closing: true, inFlight: true });
    lastOf('closeListener').resolve();
    await turn();
    expect(state.listener).not.toHaveProperty('hasFinalizer');
    expect(executor).toMatchObject({ closing: false, hasNews: true });
  });

  test('of one whose name was taken over meanwhile says nothing of the other', async () => {
    const { state, carryOut } = going();
    await carryOut({ close: true, pod: 'apply' });
    observeListener(state, observation(seen({ uid: 'uid-2' })));
    lastOf('applyListenerPod').resolve();
    lastOf('closeListener').resolve();
    await turn();
    expect(lastOf('applyListenerPod').input).toEqual({ ...KEY, uid: 'uid-1' });
    expect(state).toMatchObject({ listener: { uid: 'uid-2', hasFinalizer: true }, applyTries: 0 });
    expect(state).not.toHaveProperty('applied');
  });

  test('that does not come is tried again after a while', async () => {
    const { executor, state, carryOut } = going();
    await carryOut({ close: true });
    lastOf('closeListener').reject(failureOf('GitHubUnavailable'));
    await turn();
    expect(executor).toMatchObject({ closing: false, hasNews: true, mayCloseAt: NOW + 5_000 });
    expect(state.listener).toMatchObject({ hasFinalizer: true });
  });
});

describe('what else a pass does', () => {
  test('the phase is shown when it changes', async () => {
    const { state, carryOut } = acting();
    await carryOut({});
    await carryOut({});
    state.report = report;
    await carryOut({});
    expect(noted.attributes).toEqual(['Starting', 'Running']);
  });

  test('the timer wakes it, once, unless the workflow is about to continue as new', async () => {
    const { executor, carryOut } = acting();
    await carryOut({ wakeAt: NOW + 5_000 });
    noted.timers[0]!.ring();
    await turn();
    expect(executor.hasNews).toBe(true);
    await carryOut({ wakeAt: NOW + 9_000 });
    expect(executor.hasNews).toBe(false);
    executor.drain();
    expect(noted.timers[1]).toMatchObject({ cancelled: true });
  });

  test('a pass is told if something was observed', async () => {
    const { carryOut } = acting();
    await carryOut({});
    await carryOut({}, NOW - 500);
    expect(noted.sinkCalls).toEqual([['metrics', 'reconciled', 'autoscalinglistener', 0.5]]);
  });
});
