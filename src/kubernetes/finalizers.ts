import type { KubernetesClient, ObjectKey } from './client/client.ts';
import { ignoreNotFound } from './client/errors.ts';
import type { KubernetesObject, ObjectMeta, Resource } from './client/resources.ts';

/**
 * Adds a finalizer to an object, or takes it off. Tied to the version that is read, so that no finalizer of somebody
 * else's gets lost: rejects with a conflict when the object changes meanwhile. One that is gone needs none.
 */
export async function setFinalizer<T extends KubernetesObject>(
  kubernetes: Pick<KubernetesClient, 'get' | 'mergePatch'>,
  { resource, ...key }: ObjectKey & { resource: Resource<T> },
  { finalizer, present }: { finalizer: string; present: boolean },
): Promise<void> {
  const object = await ignoreNotFound(kubernetes.get(resource, key));
  if (!object) return;
  const { finalizers = [], resourceVersion } = (object.metadata ?? {}) as Pick<
    ObjectMeta,
    'finalizers' | 'resourceVersion'
  >;
  if (finalizers.includes(finalizer) === present) return;
  const others = finalizers.filter((each) => each !== finalizer);
  const changed = present ? [...others, finalizer] : others;
  await ignoreNotFound(
    kubernetes.mergePatch(resource, key, { metadata: { finalizers: changed, resourceVersion } }),
  );
}
