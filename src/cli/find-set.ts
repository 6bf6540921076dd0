import type { EphemeralRunnerSet } from '../api/v1alpha1/ephemeral-runner-set.ts';
import { isNotFound } from '../kubernetes/client/errors.ts';
import { ephemeralRunnerSets } from '../kubernetes/client/resources.ts';
import { currentOf, ownerOf } from '../kubernetes/objects/scale-set.ts';
import type { SetKey } from './set-key.ts';
import type { Cluster } from './surroundings.ts';

/**
 * The EphemeralRunnerSet of this name, or that of the AutoscalingRunnerSet of this name: those that ARC made bear a suffix.
 *
 * @throws KubernetesError (`isNotFound`) when there is neither
 */
export async function findSet(cluster: Cluster, key: SetKey): Promise<EphemeralRunnerSet> {
  try {
    return await cluster.get(ephemeralRunnerSets, key);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const { items } = await cluster.list(ephemeralRunnerSets, { namespace: key.namespace });
    const found = currentOf(items.filter((set) => ownerOf(set) === key.name));
    if (!found) throw error;
    return found;
  }
}
