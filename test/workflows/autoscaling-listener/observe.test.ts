import { observeListener } from '../../../src/workflows/autoscaling-listener/observe.ts';
import { decideListener } from '../../../src/workflows/autoscaling-listener/plan.ts';
import { settleListening } from '../../../src/workflows/autoscaling-listener/settle.ts';
import { emptyListenerState } from '../../../src/workflows/autoscaling-listener/state.ts';
import { NOW } from '../ephemeral-runner-set/builders.ts';
import { idle, observation, progress, seen, stateOf } from './builders.ts';

const waiting = { failures: 3, nextTryAt: NOW + 9, applyTries: 2, applyAt: NOW + 9 };
const none = { failures: 0, nextTryAt: 0, applyTries: 0, applyAt: 0 };

test('what was seen replaces what was known', () => {
  const state = stateOf({ generation: 1, capacity: 5 }, { progress });
  observeListener(state, observation(seen({ generation: 2 })));
  expect(state).toMatchObject({ listener: seen({ generation: 2 }), progress });
  observeListener(state, observation(null));
  expect(state.listener).toBeNull();
});

test.each([
  ['another spec', seen({ specHash: 'spec-2' }), none],
  ['another generation alone', seen({ generation: 2 }), waiting],
  ['another capacity', seen({ capacity: 'closed' }), waiting],
  ['it is gone', null, waiting],
] as const)('whoever edits the spec has repaired something: %s', (_what, listener, expected) => {
  const state = { ...stateOf(), ...waiting };
  observeListener(state, observation(listener));
  expect(state).toMatchObject(expected);
});

test('after an edit it is tried at once', () => {
  const state = stateOf();
  settleListening(
    state,
    { failed: { reason: 'GitHubRefused', message: 'no' }, progress },
    { repairs: 0, now: NOW },
  );
  expect(decideListener(state, idle)).not.toHaveProperty('listen');
  observeListener(state, observation(seen({ specHash: 'spec-2' })));
  expect(decideListener(state, idle)).toMatchObject({ listen: 'start' });
});

test('a snapshot has the pod’s objects compared with their Secrets; a change does not', () => {
  const state = stateOf({ mode: 'pod' }, { applied: 'spec-1' });
  expect(state.applied).toBe('spec-1');
  observeListener(state, { ...observation(seen({ mode: 'pod' })), snapshot: true });
  expect(state).not.toHaveProperty('applied');
});

test('the first sight of a listener begins with nothing in its way', () => {
  const state = emptyListenerState();
  observeListener(state, observation(seen()));
  expect(state).toEqual({ ...emptyListenerState(), listener: seen() });
});

test('a watch that another one replaced overwrites nothing', () => {
  const state = stateOf();
  observeListener(state, { ...observation(seen({ generation: 2 })), sequence: { epoch: 2, seq: 1 } });
  const before = structuredClone(state);
  observeListener(state, { ...observation(null), snapshot: true, sequence: { epoch: 1, seq: 50 } });
  observeListener(state, { ...observation(null), sequence: { epoch: 2, seq: 1 } });
  expect(state).toEqual(before);
  observeListener(state, { ...observation(null), sequence: { epoch: 2, seq: 2 } });
  expect(state.listener).toBeNull();
});

test('another one of the same name has nothing yet of what the first had, but its session', () => {
  const state = { ...stateOf({}, { progress, applied: 'spec-1', published: 'p' }), ...waiting };
  observeListener(state, observation(seen({ uid: 'uid-2' })));
  expect(state).toMatchObject({ ...none, progress });
  expect(state).not.toHaveProperty('applied');
  expect(state).not.toHaveProperty('published');
});

test('another one begins to listen when the first has been closed', () => {
  const state = stateOf({ uid: 'uid-2' });
  expect(decideListener(state, { ...idle, closing: true })).not.toHaveProperty('listen');
  expect(decideListener(state, idle)).toMatchObject({ listen: 'start' });
});
