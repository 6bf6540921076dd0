import { spacingAfter } from '../../../../src/activities/cluster-watch/policies/signal-spacing.ts';

const runnerSet = { namespace: 'team', runnerSet: 'demo' };

test.each([
  [0, 100],
  [10, 140],
  [100, 500],
  [10_000, 500],
])(
  'after a message about %d runners: %d ms, because each message makes its workflow run',
  (runners, expected) => {
    expect(spacingAfter(runnerSet, runners)).toBe(expected);
  },
);

test('a scale set’s counters are in no hurry; a listener is', () => {
  expect(spacingAfter({ namespace: 'team', autoscalingRunnerSet: 'demo' }, 0)).toBe(500);
  expect(spacingAfter({ namespace: 'team', listener: 'demo' }, 0)).toBe(100);
});
