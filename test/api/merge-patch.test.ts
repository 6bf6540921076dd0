import type { AutoscalingRunnerSet } from '../../src/api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunner } from '../../src/api/v1alpha1/ephemeral-runner.ts';
import type { MergePatch } from '../../src/api/merge-patch.ts';

test('a patch may hold any part, and null to remove one', () => {
  const patch: MergePatch<AutoscalingRunnerSet> = {
    metadata: { annotations: { 'runner-scale-set-id': null } },
    spec: { maxRunners: null, listenerMetrics: { counters: { one: { labels: ['a'] } } } },
    status: { phase: 'Running', failedEphemeralRunners: undefined },
  };
  expect(JSON.parse(JSON.stringify(patch))).toEqual({
    metadata: { annotations: { 'runner-scale-set-id': null } },
    spec: { maxRunners: null, listenerMetrics: { counters: { one: { labels: ['a'] } } } },
    status: { phase: 'Running' },
  });
});

test('what a patch replaces as a whole must be whole', () => {
  const patch: MergePatch<EphemeralRunner> = {
    // @ts-expect-error a condition has a status and more
    status: { conditions: [{ type: 'Ready' }] },
  };
  expect(patch).toBeDefined();
});
