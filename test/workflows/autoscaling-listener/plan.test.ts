import { observeListener } from '../../../src/workflows/autoscaling-listener/observe.ts';
import { conditionKey, decideListener, podKey } from '../../../src/workflows/autoscaling-listener/plan.ts';
import { settlePod, takeReport } from '../../../src/workflows/autoscaling-listener/settle.ts';
import { emptyListenerState } from '../../../src/workflows/autoscaling-listener/state.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';
import { idle, listeningTo, observation, seen, stateOf } from './builders.ts';

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

  test('waits until its time has come', () => {
    const state = stateOf({}, { nextTryAt: NOW + 2_000 });
    expect(decideListener(state, idle)).toEqual({ wakeAt: NOW + 2_000, finished: false });
    expect(decideListener(state, { ...idle, now: NOW + 2_000 })).toMatchObject({ listen: 'start' });
  });

  test('does not begin before the listener was seen', () => {
    expect(decideListener(emptyListenerState(), idle)).toEqual({ finished: false });
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

  test('a missing finalizer is added', () => {
    const { hasFinalizer: _none, ...fresh } = seen();
    const state = { ...emptyListenerState(), listener: fresh };
    expect(decideListener(state, idle)).toMatchObject({ publish: { addFinalizer: true } });
  });

  test('Events are written, with the condition only if that is new', () => {
    const state = stateOf({}, { report, events: [{ type: 'Normal', reason: 'Listening', message: 'm' }] });
    expect(decideListener(state, idle).publish).toEqual({ condition: report });
    state.published = conditionKey(report, 1);
    expect(decideListener(state, idle).publish).toEqual({});
    const soon = decideListener(state, { ...idle, mayPublishAt: NOW + 5_000 });
    expect(soon).toMatchObject({ wakeAt: NOW + 5_000 });
    expect(soon).not.toHaveProperty('publish');
    expect(decideListener(state, { ...idle, publishing: true })).not.toHaveProperty('publish');
  });

  test('the session is named where the one that listens does not read it', () => {
    const { sessionId: _session, ...shown } = report;
    expect(decideListener(stateOf({ mode: 'pod' }, { report }), idle).publish?.condition).toEqual(shown);
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

  test.each(['applying', 'publishing'] as const)('waits while it is %s', (doing) => {
    expect(decideListener(stateOf({ deleting: true }), { ...idle, [doing]: true })).toEqual({
      finished: false,
    });
    expect(decideListener(stateOf(null), { ...idle, [doing]: true })).toEqual({ finished: false });
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
    settlePod(state, { key: podKey(seen()) }, { repairs: 0, now: NOW });
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
    settlePod(state, { key: podKey(seen()) }, { repairs: 0, now: NOW });
    settlePod(state, { key: podKey(seen()) }, { repairs: 0, now: NOW });
    expect(decideListener(state, idle)).toMatchObject({ wakeAt: NOW + 4_000 });
    expect(decideListener(state, idle)).not.toHaveProperty('pod');
  });

  test('is compared with its Secrets now and then', () => {
    const state = stateOf({ mode: 'pod', pod }, { applied: podKey(seen()) });
    expect(decideListener(state, idle)).not.toHaveProperty('pod');
    observeListener(state, { ...observation(seen({ mode: 'pod', pod })), snapshot: true });
    expect(decideListener(state, idle)).toMatchObject({ pod: 'apply' });
  });

  test('is left alone while its objects are being made', () => {
    expect(decideListener(stateOf({ mode: 'pod' }), { ...idle, applying: true })).not.toHaveProperty('pod');
  });

  test('that leaves already is not removed again', () => {
    const state = stateOf({ pod: { ...pod, deleting: true } });
    expect(decideListener(state, idle)).not.toHaveProperty('pod');
  });

  test('goes when the listener moves into the workers', () => {
    expect(decideListener(stateOf({ pod }), idle)).toMatchObject({ pod: 'remove', listen: 'start' });
  });
});
