import { takeReport } from '../../../src/workflows/autoscaling-listener/settle.ts';
import { emptyListenerState } from '../../../src/workflows/autoscaling-listener/state.ts';
import { progress, stateOf } from './builders.ts';

test('the whole state survives continue-as-new', () => {
  const state = stateOf({}, { progress, applied: 'x', published: 'y' });
  takeReport(state, { ready: false, reason: 'SessionConflict', message: '' });
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});

test('a listener that nothing is known of may begin at once, and shares nothing with another one', () => {
  emptyListenerState().events.push({ type: 'Normal', reason: 'r', message: 'm' });
  expect(emptyListenerState()).toEqual({
    failures: 0,
    nextTryAt: 0,
    repairs: 0,
    applyTries: 0,
    applyAt: 0,
    events: [],
  });
});
