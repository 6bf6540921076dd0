import {
  CLEANUP_GITHUB_SECRET_ANNOTATION,
  CLEANUP_KUBERNETES_MODE_ROLE_ANNOTATION,
  CLEANUP_KUBERNETES_MODE_ROLE_BINDING_ANNOTATION,
  CLEANUP_KUBERNETES_MODE_SERVICE_ACCOUNT_ANNOTATION,
  CLEANUP_MANAGER_ROLE_ANNOTATION,
  CLEANUP_MANAGER_ROLE_BINDING_ANNOTATION,
  CLEANUP_NO_PERMISSION_SERVICE_ACCOUNT_ANNOTATION,
} from '../../api/annotations.ts';
import { AUTOSCALING_RUNNER_SET_FINALIZER, CLEANUP_PROTECTION_FINALIZER } from '../../api/finalizers.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreNotFound, isForbidden } from '../../kubernetes/client/errors.ts';
import type { Resource } from '../../kubernetes/client/resources.ts';
import {
  autoscalingRunnerSets,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
} from '../../kubernetes/client/resources.ts';
import { setFinalizer } from '../../kubernetes/finalizers.ts';
import { judged } from '../failures.ts';
import type { ScaleSetTarget } from './read-scale-set.ts';
import { readScaleSet } from './read-scale-set.ts';

interface Protected {
  annotation: string;
  resource: Resource;
  /** The manager may lack the right to touch it: then it is somebody else's. */
  mayBeForbidden?: true;
}

/**
 * What the chart protects until the scale set is gone, in the order of release: the manager's own rights go last. Once its
 * RoleBinding is gone, it may still patch the Role, and not read it.
 */
const PROTECTED: readonly Protected[] = [
  { annotation: CLEANUP_KUBERNETES_MODE_ROLE_BINDING_ANNOTATION, resource: roleBindings },
  { annotation: CLEANUP_KUBERNETES_MODE_ROLE_ANNOTATION, resource: roles },
  { annotation: CLEANUP_KUBERNETES_MODE_SERVICE_ACCOUNT_ANNOTATION, resource: serviceAccounts },
  { annotation: CLEANUP_NO_PERMISSION_SERVICE_ACCOUNT_ANNOTATION, resource: serviceAccounts },
  { annotation: CLEANUP_GITHUB_SECRET_ANNOTATION, resource: secrets, mayBeForbidden: true },
  { annotation: CLEANUP_MANAGER_ROLE_BINDING_ANNOTATION, resource: roleBindings },
  { annotation: CLEANUP_MANAGER_ROLE_ANNOTATION, resource: roles },
];

/**
 * The end of a deletion: the chart's objects lose their protection, one after the other, and then the
 * AutoscalingRunnerSet its finalizer. The first failure stops it; safe to repeat.
 */
export const releaseScaleSetActivity =
  ({ kubernetes }: { kubernetes: KubernetesClient }) =>
  (target: ScaleSetTarget): Promise<void> =>
    judged(async () => {
      const scaleSet = await readScaleSet(kubernetes, target);
      if (!scaleSet) return;
      const { namespace } = target;
      for (const each of PROTECTED) {
        const named = scaleSet.metadata.annotations?.[each.annotation];
        if (named) await unprotect(kubernetes, each, { namespace, name: named });
      }
      const change = { finalizer: AUTOSCALING_RUNNER_SET_FINALIZER, present: false };
      await setFinalizer(kubernetes, { resource: autoscalingRunnerSets, ...target }, change);
    });

async function unprotect(
  kubernetes: KubernetesClient,
  { resource, mayBeForbidden }: Protected,
  key: { namespace: string; name: string },
): Promise<void> {
  try {
    await ignoreNotFound(kubernetes.dropFinalizer(resource, key, CLEANUP_PROTECTION_FINALIZER));
  } catch (error) {
    if (!mayBeForbidden || !isForbidden(error)) throw error;
  }
}
