import { JOB_OF_SET_LABEL } from '../../../src/api/labels.ts';
import { buildPodDisruptionBudget } from '../../../src/kubernetes/objects/pod-disruption-budget.ts';

test('the budget of a set selects the pods that say they have a job of it, and goes with the set', () => {
  const { metadata, spec } = buildPodDisruptionBudget({ name: 'demo', uid: 'u-1' });
  expect(metadata).toMatchObject({
    name: 'demo-jobs',
    ownerReferences: [{ kind: 'EphemeralRunnerSet', name: 'demo', uid: 'u-1' }],
  });
  expect(spec?.selector?.matchLabels).toEqual({ [JOB_OF_SET_LABEL]: 'u-1' });
  // A number: for a share, the disruption controller would look for an owner with a scale.
  expect(spec).toMatchObject({ minAvailable: expect.any(Number) as unknown });
});
