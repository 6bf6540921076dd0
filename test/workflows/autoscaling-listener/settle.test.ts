import { observeListener } from '../../../src/workflows/autoscaling-listener/observe.ts';
import { decideListener } from '../../../src/workflows/autoscaling-listener/plan.ts';
import {
  settleListening,
  settlePod,
  takeReport,
} from '../../../src/workflows/autoscaling-listener/settle.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';
import { idle, observation, progress, seen, stateOf } from './builders.ts';

const refused = { failed: { reason: 'GitHubRefused', message: 'no' }, progress };
const report = { ready: true, reason: 'Listening', message: 'Waits.', sessionId: 'session-1' };
const conflict = { ready: false, reason: 'SessionConflict', message: 'another one' };

describe('when listening ended', () => {
  test('it goes on elsewhere at once when its worker was lost, from the last heartbeat', () => {
    const state = stateOf();
    settleListening(state, { lost: true, progress }, { repairs: 0, now: NOW });
    expect(decideListener(state, idle)).toMatchObject({ listen: 'start' });
    expect(state.progress).toEqual(progress);
    expect(state).toMatchObject({ failures: 0, events: [] });
  });

  test('of itself, its progress is kept and nothing failed', () => {
    const state = stateOf();
    settleListening(state, { progress }, { repairs: 0, now: NOW });
    expect(state).toMatchObject({ progress, failures: 0, nextTryAt: 0 });
    expect(state.report).toBeUndefined();
  });

  test('it goes on with a session that was told of and got into no heartbeat', () => {
    const state = stateOf();
    takeReport(state, {
      ready: true,
      reason: 'Listening',
      message: '',
      scaleSetId: 7,
      sessionId: 'session-9',
    });
    settleListening(state, { lost: true, progress: undefined }, { repairs: 0, now: NOW });
    expect(state.progress).toMatchObject({ scaleSetId: 7, sessionId: 'session-9', lastMessageId: 0 });
  });

  test('a session that is known from a heartbeat counts more than one that was told of', () => {
    const state = stateOf({}, { progress });
    takeReport(state, { ...report, scaleSetId: 7, sessionId: 'session-9' });
    settleListening(state, { lost: true, progress: undefined }, { repairs: 0, now: NOW });
    expect(state.progress).toEqual(progress);
  });

  test('a progress that knows no scale set replaces nothing', () => {
    const state = stateOf({}, { progress });
    settleListening(
      state,
      { lost: true, progress: { ...progress, scaleSetId: 0 } },
      { repairs: 0, now: NOW },
    );
    expect(state.progress).toEqual(progress);
  });

  test('it waits after a failure, longer each time, and is tried at once after an edit', () => {
    const state = stateOf();
    settleListening(state, refused, { repairs: 0, now: NOW });
    expect(decideListener(state, idle)).toMatchObject({ wakeAt: NOW + 2_000 });
    expect(decideListener(state, idle)).not.toHaveProperty('listen');
    settleListening(state, refused, { repairs: 0, now: NOW });
    expect(state.nextTryAt).toBe(NOW + 4_000);
    for (let i = 0; i < 20; i += 1) settleListening(state, refused, { repairs: 0, now: NOW });
    expect(state.nextTryAt).toBe(NOW + 60_000);
    observeListener(state, observation(seen({ specHash: 'spec-2' })));
    expect(decideListener(state, idle)).toMatchObject({ listen: 'start' });
  });

  test('a failure of a try that began before something was repaired tells nothing of now', () => {
    const state = stateOf({}, { repairs: 1 });
    settleListening(state, refused, { repairs: 0, now: NOW });
    settlePod(
      state,
      { key: 'spec-1', failed: { reason: 'Forbidden', message: 'm' } },
      { repairs: 0, now: NOW },
    );
    expect(state).toMatchObject({ failures: 0, nextTryAt: 0, applyTries: 0, applyAt: 0, events: [] });
    expect(decideListener(state, idle)).toMatchObject({ listen: 'start' });
  });

  test('why it failed is its report', () => {
    const state = stateOf();
    settleListening(state, refused, { repairs: 0, now: NOW });
    expect(state).toMatchObject({
      report: { ready: false, reason: 'GitHubRefused', message: 'no' },
      progress,
    });
  });

  test('it forgets the session of a scale set that is gone', () => {
    const state = stateOf({}, { progress });
    settleListening(
      state,
      { failed: { reason: 'ScaleSetNotFound', message: '' }, progress },
      { repairs: 0, now: NOW },
    );
    expect(state.progress).toBeUndefined();
  });
});

describe('how it fares', () => {
  test('a failure is an Event once, and its end is one', () => {
    const state = stateOf();
    takeReport(state, conflict);
    takeReport(state, { ...conflict, message: 'still another one' });
    takeReport(state, report);
    expect(state.events.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Warning SessionConflict',
      'Normal Listening',
    ]);
    expect(state.events[1]?.message).toBe('It listens again (it was: SessionConflict).');
  });

  test('another reason is another Event; to listen for the first time, or still, is none', () => {
    const state = stateOf();
    takeReport(state, report);
    takeReport(state, report);
    expect(state.events).toEqual([]);
    takeReport(state, conflict);
    takeReport(state, { ...conflict, reason: 'GitHubRefused' });
    expect(state.events.map(({ reason }) => reason)).toEqual(['SessionConflict', 'GitHubRefused']);
  });

  test('once it listens, the failures before are over; a failure does not end them', () => {
    const state = stateOf({}, { failures: 3, applyTries: 2 });
    takeReport(state, conflict);
    expect(state).toMatchObject({ failures: 3, applyTries: 2 });
    takeReport(state, report);
    expect(state).toMatchObject({ failures: 0, applyTries: 0 });
  });
});

describe('when the pod’s objects were made', () => {
  test('what they were made from is known', () => {
    const state = stateOf({ mode: 'pod' });
    settlePod(state, { key: 'spec-1' }, { repairs: 0, now: NOW });
    expect(state).toMatchObject({ applied: 'spec-1', applyTries: 1, applyAt: NOW + 2_000 });
    expect(state.report).toBeUndefined();
  });

  test('or could not be, people are told, and nothing is known of them', () => {
    const state = stateOf({ mode: 'pod' });
    settlePod(
      state,
      { key: 'spec-1', failed: { reason: 'Forbidden', message: 'm' } },
      { repairs: 0, now: NOW },
    );
    expect(state).not.toHaveProperty('applied');
    expect(state.report).toEqual({ ready: false, reason: 'Forbidden', message: 'm' });
    expect(state.events).toEqual([{ type: 'Warning', reason: 'Forbidden', message: 'm' }]);
  });

  test('they are made anew at growing intervals, up to a minute', () => {
    const state = stateOf({ mode: 'pod' });
    const waits = Array.from({ length: 7 }, () => {
      settlePod(state, { key: 'spec-1' }, { repairs: 0, now: NOW });
      return (state.applyAt - NOW) / 1_000;
    });
    expect(waits).toEqual([2, 4, 8, 16, 32, 60, 60]);
  });
});
