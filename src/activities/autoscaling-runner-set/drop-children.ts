import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { isConflict, ignoreNotFound } from '../../kubernetes/client/errors.ts';
import { autoscalingListeners, ephemeralRunnerSets } from '../../kubernetes/client/resources.ts';
import { judged } from '../failures.ts';

/** Children that are no longer wanted. Each is deleted only as long as it has this uid. */
export interface DropChildrenInput {
  /** Of the AutoscalingRunnerSet and its EphemeralRunnerSets. */
  namespace: string;
  /** EphemeralRunnerSets that shall want no runner any more; those with a job go on. */
  empty: string[];
  /** EphemeralRunnerSets to delete; their own workflows see to their runners. */
  runnerSets: { name: string; uid: string }[];
  listeners: { namespace: string; name: string; uid: string }[];
}

/** Asks for the deletion of children, each only if it is still the one that was meant. Safe to repeat. */
export const dropChildrenActivity =
  ({ kubernetes }: { kubernetes: KubernetesClient }) =>
  ({ namespace, empty, runnerSets, listeners }: DropChildrenInput): Promise<void> =>
    judged(async () => {
      await Promise.all([
        ...empty.map((name) =>
          ignoreNotFound(
            kubernetes.mergePatch(
              ephemeralRunnerSets,
              { namespace, name },
              { spec: { replicas: 0, patchID: 0 } },
            ),
          ),
        ),
        ...runnerSets.map(({ name, uid }) =>
          unlessAnother(kubernetes.delete(ephemeralRunnerSets, { namespace, name }, { uid })),
        ),
        ...listeners.map(({ uid, ...key }) =>
          unlessAnother(kubernetes.delete(autoscalingListeners, key, { uid })),
        ),
      ]);
    });

/** Another object of that name is none of ours to delete. */
async function unlessAnother(deletion: Promise<unknown>): Promise<void> {
  try {
    await ignoreNotFound(deletion);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}
