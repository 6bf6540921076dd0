import type { ListenProgress } from '../../../src/activities/autoscaling-listener/message-loop.ts';
import type { ListenerObservation, ObservedListener } from '../../../src/messages/observations.ts';
import { observeListener } from '../../../src/workflows/autoscaling-listener/observe.ts';
import type { ListenerCircumstances } from '../../../src/workflows/autoscaling-listener/plan.ts';
import { conditionKey, decideListener, podKey } from '../../../src/workflows/autoscaling-listener/plan.ts';
import {
  settleListening,
  settlePod,
  takeReport,
} from '../../../src/workflows/autoscaling-listener/settle.ts';
import type { ListenerState } from '../../../src/workflows/autoscaling-listener/state.ts';
import { emptyListenerState } from '../../../src/workflows/autoscaling-listener/state.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';

const seen = (over: Partial<ObservedListener> = {}): ObservedListener => ({
  uid: 'uid-1',
  generation: 1,
  specHash: 'spec-1',
  mode: 'worker',
  configUrl: 'https://github.com/octo/app',
  autoscalingRunnerSet: { namespace: 'ns', name: 'demo' },
  scaleSetId: 7,
  hasFinalizer: true,
  capacity: 'open',
  ...over,
});

const observation = (listener: ObservedListener | null): ListenerObservation => ({ at: NOW, listener });

function stateOf(
  listener: Partial<ObservedListener> | null = {},
  over: Partial<ListenerState> = {},
): ListenerState {
  const state = { ...emptyListenerState(), ...over };
  observeListener(state, observation(listener && seen(listener)));
  return state;
}

const idle: ListenerCircumstances = {
  now: NOW,
  stopping: false,
  publishing: false,
  mayPublishAt: 0,
  closing: false,
  mayCloseAt: 0,
  applying: false,
  draining: false,
};

const listeningTo = (listener: ObservedListener): ListenerCircumstances => ({
  ...idle,
  listening: { listener, since: NOW - 1_000 },
});

const progress: ListenProgress = {
  scaleSetId: 7,
  sessionId: 'session-1',
  lastMessageId: 11,
  handledMessageId: 11,
  scaling: { targetRunners: 2, patchSeq: 3, dirty: false },
  demand: { assignedJobs: 2, uncounted: {} },
};

describe('listening', () => {
  test('begins as soon as the listener is seen', () => {
    expect(decideListener(stateOf(), idle)).toMatchObject({ listen: 'start', finished: false });
  });

  test('goes on as long as nothing changes', () => {
    expect(decideListener(stateOf(), listeningTo(seen()))).toEqual({ finished: false });
  });

  test.each([
    ['its spec', { specHash: 'spec-2' }],
    ['its capacity', { capacity: 'closed' }],
    ['where it runs', { mode: 'pod' }],
  ] as const)('is begun anew when %s changes: the one that runs ends first', (_what, change) => {
    const before = listeningTo(seen());
    expect(decideListener(stateOf(change), before)).toMatchObject({ listen: 'stop' });
    expect(decideListener(stateOf(change), { ...before, stopping: true })).not.toHaveProperty('listen');
    expect(decideListener(stateOf(change), idle)).toMatchObject({ listen: 'start' });
  });

  test.each([
    ['another number', 4, 5],
    ['a number', 'open', 5],
    ['no number', 4, 'open'],
  ] as const)('rests a while before %s is announced; to close it does not', (_what, before, capacity) => {
    const held = listeningTo(seen({ capacity: before }));
    const due = NOW + 4_000;
    const plan = decideListener(stateOf({ capacity }), held);
    expect(plan).toEqual({ wakeAt: due, finished: false });
    expect(decideListener(stateOf({ capacity }), { ...held, now: due })).toMatchObject({ listen: 'stop' });
    expect(decideListener(stateOf({ capacity: before }), { ...held, now: due })).toEqual({ finished: false });
    expect(decideListener(stateOf({ capacity: 'closed' }), held)).toMatchObject({ listen: 'stop' });
  });

  test('does not end for a change of labels, generation or finalizer', () => {
    expect(decideListener(stateOf({ generation: 2 }), listeningTo(seen()))).not.toHaveProperty('listen');
  });

  test('goes on elsewhere at once when its worker was lost, from the last heartbeat', () => {
    const state = stateOf();
    settleListening(state, { lost: true, progress }, NOW);
    expect(decideListener(state, idle)).toMatchObject({ listen: 'start' });
    expect(state.progress).toEqual(progress);
  });

  test('goes on with a session that was told of and got into no heartbeat', () => {
    const state = stateOf();
    const report = { ready: true, reason: 'Listening', message: '', scaleSetId: 7, sessionId: 'session-9' };
    takeReport(state, report);
    settleListening(state, { lost: true, progress: undefined }, NOW);
    expect(state.progress).toMatchObject({ scaleSetId: 7, sessionId: 'session-9', lastMessageId: 0 });
  });

  const refused = { failed: { reason: 'GitHubRefused', message: 'no' }, progress };

  test('waits after a failure, longer each time, and is tried at once after an edit', () => {
    const state = stateOf();
    settleListening(state, refused, NOW);
    expect(decideListener(state, idle)).toMatchObject({ wakeAt: NOW + 2_000 });
    expect(decideListener(state, idle)).not.toHaveProperty('listen');
    settleListening(state, refused, NOW);
    expect(state.nextTryAt).toBe(NOW + 4_000);
    for (let i = 0; i < 20; i += 1) settleListening(state, refused, NOW);
    expect(state.nextTryAt).toBe(NOW + 60_000);
    observeListener(state, observation(seen({ specHash: 'spec-2' })));
    expect(decideListener(state, idle)).toMatchObject({ listen: 'start' });
  });

  test('forgets the session of a scale set that is gone', () => {
    const state = stateOf({}, { progress });
    settleListening(state, { failed: { reason: 'ScaleSetNotFound', message: '' }, progress }, NOW);
    expect(state.progress).toBeUndefined();
  });
});

describe('what people are told', () => {
  const report = { ready: true, reason: 'Listening', message: 'Waits.', sessionId: 'session-1' };

  test('the condition is written when it changes, and for each generation', () => {
    const state = stateOf();
    expect(decideListener(state, listeningTo(seen()))).not.toHaveProperty('publish');
    takeReport(state, report);
    const { publish } = decideListener(state, listeningTo(seen()));
    expect(publish).toEqual({ condition: report });
    state.published = conditionKey(publish!.condition!, 1);
    expect(decideListener(state, listeningTo(seen()))).not.toHaveProperty('publish');
    observeListener(state, observation(seen({ generation: 2 })));
    expect(decideListener(state, listeningTo(seen()))).toHaveProperty('publish');
  });

  test('a failure is an Event once, and its end is one', () => {
    const state = stateOf();
    const conflict = { ready: false, reason: 'SessionConflict', message: 'another one' };
    takeReport(state, conflict);
    takeReport(state, { ...conflict, message: 'still another one' });
    takeReport(state, report);
    expect(state.events.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Warning SessionConflict',
      'Normal Listening',
    ]);
  });

  test('a missing finalizer is added', () => {
    const { hasFinalizer: _none, ...fresh } = seen();
    const state = { ...emptyListenerState(), listener: fresh };
    expect(decideListener(state, idle)).toMatchObject({ publish: { addFinalizer: true } });
  });
});

describe('the end', () => {
  test('first the polling ends, then the session is closed, then the resource may go', () => {
    const state = stateOf({ deleting: true });
    const held = listeningTo(seen());
    expect(decideListener(state, held)).toEqual({ listen: 'stop', finished: false });
    expect(decideListener(state, { ...held, stopping: true })).toEqual({ finished: false });
    expect(decideListener(state, idle)).toEqual({ close: true, finished: false });
    expect(decideListener(state, { ...idle, closing: true })).toEqual({ finished: false });
    delete state.listener!.hasFinalizer;
    expect(decideListener(state, idle)).toEqual({ finished: false });
    observeListener(state, observation(null));
    expect(decideListener(state, idle)).toEqual({ finished: true });
  });

  test('one that is gone without a word ends its polling', () => {
    expect(decideListener(stateOf(null), listeningTo(seen()))).toEqual({ listen: 'stop', finished: false });
  });

  test('before it continues as new, the polling ends and nothing begins', () => {
    const draining = { ...idle, draining: true };
    expect(decideListener(stateOf(), { ...draining, ...listeningTo(seen()), draining: true })).toEqual({
      listen: 'stop',
      finished: false,
    });
    expect(decideListener(stateOf(), draining)).toEqual({ finished: false });
    expect(decideListener(stateOf({ deleting: true }), draining)).toEqual({ finished: false });
  });
});

describe('a pod of its own', () => {
  const pod = { uid: 'pod-1', phase: 'Running' } as const;

  test('is made, and kept', () => {
    const state = stateOf({ mode: 'pod' });
    expect(decideListener(state, idle)).toMatchObject({ pod: 'apply', listen: 'start' });
    settlePod(state, { key: podKey(seen()) }, NOW);
    observeListener(state, observation(seen({ mode: 'pod', pod })));
    expect(decideListener(state, { ...idle, now: NOW + 60_000 })).not.toHaveProperty('pod');
  });

  test.each([
    ['is not there', {}],
    ['failed', { pod: { ...pod, phase: 'Failed' } }],
    ['ended', { pod: { ...pod, phase: 'Succeeded' } }],
    ['has an ended container', { pod: { ...pod, exitCode: 0 } }],
    ['was made from another spec', { pod, specHash: 'spec-2' }],
  ] as const)('is made anew when it %s', (_what, change) => {
    const state = stateOf({ mode: 'pod' }, { applied: podKey(seen()) });
    observeListener(state, observation(seen({ mode: 'pod', ...change })));
    expect(decideListener(state, idle)).toMatchObject({ pod: 'apply' });
  });

  test('is awaited while it leaves', () => {
    const state = stateOf({ mode: 'pod', pod: { ...pod, deleting: true } });
    expect(decideListener(state, idle)).not.toHaveProperty('pod');
  });

  test('that keeps ending is made anew at growing intervals', () => {
    const state = stateOf({ mode: 'pod' });
    settlePod(state, { key: podKey(seen()) }, NOW);
    settlePod(state, { key: podKey(seen()) }, NOW);
    expect(decideListener(state, idle)).toMatchObject({ wakeAt: NOW + 4_000 });
    expect(decideListener(state, idle)).not.toHaveProperty('pod');
  });

  test('is compared with its Secrets now and then', () => {
    const state = stateOf({ mode: 'pod', pod }, { applied: podKey(seen()) });
    expect(decideListener(state, idle)).not.toHaveProperty('pod');
    observeListener(state, { ...observation(seen({ mode: 'pod', pod })), snapshot: true });
    expect(decideListener(state, idle)).toMatchObject({ pod: 'apply' });
  });

  test('goes when the listener moves into the workers', () => {
    expect(decideListener(stateOf({ pod }), idle)).toMatchObject({ pod: 'remove', listen: 'start' });
  });
});

test('the whole state survives continue-as-new', () => {
  const state = stateOf({}, { progress, applied: 'x', published: 'y' });
  takeReport(state, { ready: false, reason: 'SessionConflict', message: '' });
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});
