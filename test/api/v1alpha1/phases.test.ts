import { EPHEMERAL_RUNNER_PHASES, isDone } from '../../../src/api/v1alpha1/phases.ts';

test('a runner is done when it has ended, however it ended', () => {
  expect(EPHEMERAL_RUNNER_PHASES.filter(isDone)).toEqual(['Succeeded', 'Failed', 'Outdated']);
  expect([undefined, ''].filter(isDone)).toEqual([]);
});
