import type { AutoscalingRunnerSet } from '../../api/v1alpha1/autoscaling-runner-set.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreNotFound } from '../../kubernetes/client/errors.ts';
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
