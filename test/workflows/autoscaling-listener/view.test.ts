import type { ListenerState } from '../../../src/workflows/autoscaling-listener/state.ts';
import { emptyListenerState } from '../../../src/workflows/autoscaling-listener/state.ts';
import {
  describeListener,
  listenerPhase,
  viewListener,
} from '../../../src/workflows/autoscaling-listener/view.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';
import { progress, stateOf } from './builders.ts';

const report = { ready: true, reason: 'Listening', message: 'Waits.', sessionId: 'session-2' };
const conflict = { ready: false, reason: 'SessionConflict', message: 'another one' };

describe('the answer of the query', () => {
  test('before it is known how it fares: it starts, and what is unknown is left out', () => {
    expect(viewListener(emptyListenerState())).toStrictEqual({
      ready: false,
      reason: 'Starting',
      message: '',
      failures: 0,
      nextTryAt: 0,
    });
  });

  test('says how it fares, with which session, and what it ordered last', () => {
    expect(
      viewListener(stateOf({ capacity: 5 }, { progress, report, failures: 2, nextTryAt: NOW })),
    ).toStrictEqual({
      ...report,
      capacity: 5,
      lastMessageId: 11,
      replicas: 2,
      failures: 2,
      nextTryAt: NOW,
    });
  });

  test('the session is the one that was told of last, or else the one of the last heartbeat', () => {
    expect(viewListener(stateOf({}, { progress, report: conflict })).sessionId).toBe('session-1');
    expect(viewListener(stateOf({}, { progress, report })).sessionId).toBe('session-2');
  });

  test('one that is gone has no capacity', () => {
    expect(viewListener(stateOf(null, { report }))).not.toHaveProperty('capacity');
  });
});

describe('the first page', () => {
  test.each<[string, ListenerState, string, string]>([
    ['starts', emptyListenerState(), '| false | open | worker |', 'Starts.'],
    ['listens', stateOf({ capacity: 5 }, { report }), '| true | 5 | worker |', '**Listening** Waits.'],
    [
      'in a pod, in trouble',
      stateOf({ mode: 'pod', capacity: 'closed' }, { report: conflict }),
      '| false | closed | pod |',
      '**SessionConflict** another one',
    ],
  ])('one that %s', (_what, state, row, told) => {
    expect(describeListener(state)).toBe(
      ['| ready | capacity | runs in |', '|---|---|---|', row, '', told].join('\n'),
    );
  });
});

test.each<[string, ListenerState]>([
  ['Deleting', stateOf({ deleting: true, capacity: 'closed' }, { report: conflict })],
  ['Starting', stateOf({ capacity: 'closed' })],
  ['Blocked', stateOf({ capacity: 'closed' }, { report: conflict })],
  ['Paused', stateOf({ capacity: 'closed' }, { report })],
  ['Running', stateOf({ capacity: 0 }, { report })],
  ['Running', stateOf(null, { report })],
])('the phase is the first that is true: %s', (phase, state) => {
  expect(listenerPhase(state)).toBe(phase);
});
