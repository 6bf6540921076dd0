import type { WorkflowTarget } from '../../../src/activities/cluster-watch/workflow-target.ts';
import {
  isAutoscalingRunnerSetTarget,
  isListenerTarget,
  targetOf,
  workflowIdOf,
} from '../../../src/activities/cluster-watch/workflow-target.ts';

const namespace = 'team';

test.each<[string, WorkflowTarget, string, { isScaleSet: boolean; isListener: boolean }]>([
  [
    'an AutoscalingRunnerSet',
    { namespace, autoscalingRunnerSet: 'demo' },
    'c1/autoscalingrunnerset/team/demo',
    { isScaleSet: true, isListener: false },
  ],
  [
    'an AutoscalingListener',
    { namespace, listener: 'demo' },
    'c1/autoscalinglistener/team/demo',
    { isScaleSet: false, isListener: true },
  ],
  [
    'an EphemeralRunnerSet',
    { namespace, runnerSet: 'demo' },
    'c1/ephemeralrunnerset/team/demo',
    { isScaleSet: false, isListener: false },
  ],
  [
    'runners that belong to none',
    { namespace },
    'c1/ephemeralrunners/team',
    { isScaleSet: false, isListener: false },
  ],
])('%s is told under an id of its own', (_what, target, id, { isScaleSet, isListener }) => {
  expect(workflowIdOf('c1', target)).toBe(id);
  expect(isAutoscalingRunnerSetTarget(target)).toBe(isScaleSet);
  expect(isListenerTarget(target)).toBe(isListener);
  expect(targetOf('c1', id)).toEqual(target);
});

test('clusters that share a Temporal namespace do not meet', () => {
  const target = { namespace, runnerSet: 'demo' };
  expect(workflowIdOf('c2', target)).not.toBe(workflowIdOf('c1', target));
});

test.each([
  ['the watch', 'c1/clusterwatch'],
  ['another cluster', 'c2/ephemeralrunnerset/team/demo'],
  ['a cluster whose name begins alike', 'c11/ephemeralrunnerset/team/demo'],
  ['another kind', 'c1/somethingelse/team/demo'],
  ['no name', 'c1/ephemeralrunnerset/team'],
  ['an empty name', 'c1/ephemeralrunnerset/team/'],
  ['no namespace', 'c1/ephemeralrunners/'],
  ['more than a name', 'c1/ephemeralrunnerset/team/demo/x'],
  ['somebody else’s workflow', 'order-17'],
])('%s serves no resource of this cluster', (_what, id) => {
  expect(targetOf('c1', id)).toBeUndefined();
});
