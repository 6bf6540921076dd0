import { JOB_OF_SET_LABEL } from '../../api/labels.ts';
import { jobBudgetName } from '../../api/names.ts';
import { controlledBy } from './metadata.ts';
import type { PodDisruptionBudget } from '../client/resources.ts';
import { ephemeralRunnerSets } from '../client/resources.ts';

/** More than any set has: with an absolute number, the disruption controller asks for no owner that can be scaled. */
const ALL = 1_000_000;

/** The budget that allows no eviction of the pods of a set that have a job. It goes with its set. */
export function buildPodDisruptionBudget(set: { name: string; uid: string }): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: {
      name: jobBudgetName(set.name),
      ownerReferences: [controlledBy({ metadata: set }, ephemeralRunnerSets)],
    },
    spec: { minAvailable: ALL, selector: { matchLabels: { [JOB_OF_SET_LABEL]: set.uid } } },
  };
}
