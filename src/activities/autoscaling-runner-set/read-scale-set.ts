import type { AutoscalingRunnerSet } from '../../api/v1alpha1/autoscaling-runner-set.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreNotFound, isForbidden } from '../../kubernetes/client/errors.ts';
import { autoscalingRunnerSets } from '../../kubernetes/client/resources.ts';

/** Which AutoscalingRunnerSet an activity is about: this very one, not another of the same name. */
export interface ScaleSetTarget {
  namespace: string;
  name: string;
  uid: string;
}

/** The AutoscalingRunnerSet as it is now; `undefined` when it is gone, or another one has its name. */
export async function readScaleSet(
  kubernetes: Pick<KubernetesClient, 'get'>,
  { namespace, name, uid }: ScaleSetTarget,
): Promise<AutoscalingRunnerSet | undefined> {
  const found = await ignoreNotFound(kubernetes.get(autoscalingRunnerSets, { namespace, name }));
  return found?.metadata.uid === uid ? found : undefined;
}

/**
 * Every AutoscalingRunnerSet there is, in a few namespaces where only those are served. One that we may not look into is
 * served by nobody of this cluster's name.
 *
 * @param namespaces empty: all
 */
export async function readAllScaleSets(
  kubernetes: Pick<KubernetesClient, 'list'>,
  namespaces: readonly string[],
): Promise<AutoscalingRunnerSet[]> {
  const places = namespaces.length === 0 ? [undefined] : namespaces;
  const lists = await Promise.all(
    places.map(async (namespace) => {
      try {
        return (await kubernetes.list(autoscalingRunnerSets, { namespace })).items;
      } catch (error) {
        if (isForbidden(error)) return [];
        throw error;
      }
    }),
  );
  return lists.flat();
}
