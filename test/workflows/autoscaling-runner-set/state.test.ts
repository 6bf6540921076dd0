import { emptyAutoscalingRunnerSetState } from '../../../src/workflows/autoscaling-runner-set/state.ts';
import { aState } from './builders.ts';

test('the state is carried over as JSON, whole', () => {
  const state = aState({
    stepFailures: { apply: { reason: 'SecretNotFound', message: 's' } },
    stepBackoffs: { apply: { key: 'k', tries: 1, notBefore: 2 } },
  });
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});

test('a scale set that nothing is known of shares nothing with another one', () => {
  const one = emptyAutoscalingRunnerSetState();
  one.stepBackoffs['apply'] = { key: 'k', tries: 1, notBefore: 2 };
  one.stepFailures.apply = { reason: 'r', message: 'm' };
  one.events.push({ type: 'Normal', reason: 'r', message: 'm' });
  expect(emptyAutoscalingRunnerSetState()).toEqual({
    stepBackoffs: {},
    repairs: 0,
    stepFailures: {},
    deadlineSeconds: 300,
    events: [],
  });
});
