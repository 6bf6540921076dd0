import type { KubernetesClient, ObjectKey } from './client/client.ts';
import { ignoreNotFound } from './client/errors.ts';
import type { KubernetesObject, Resource } from './client/resources.ts';

interface Finalizable {
  metadata?: { finalizers?: string[] | undefined; resourceVersion?: string | undefined } | undefined;
}

interface FinalizerChange {
  finalizers: readonly string[];
  present: boolean;
}

/** The finalizers of an object with some added, or taken off; `undefined` if it is so already. */
export function changedFinalizers(
  { metadata: { finalizers = [] } = {} }: Finalizable,
  { finalizers: ours, present }: FinalizerChange,
): string[] | undefined {
  if (ours.every((each) => finalizers.includes(each) === present)) return undefined;
  const others = finalizers.filter((each) => !ours.includes(each));
  return present ? [...others, ...ours] : others;
}

/**
 * The patch that adds finalizers, or takes them off, `undefined` if none is needed. Tied to the version that was read,
 * so that no finalizer of somebody else's gets lost: it is refused when the object changed meanwhile.
 */
export function finalizersPatch(
  object: Finalizable,
  change: FinalizerChange,
): { metadata: { finalizers: string[]; resourceVersion: string | undefined } } | undefined {
  const finalizers = changedFinalizers(object, change);
  return finalizers && { metadata: { finalizers, resourceVersion: object.metadata?.resourceVersion } };
}

/**
 * Adds a finalizer to an object, or takes it off. Rejects with a conflict when the object changes meanwhile. One that is
 * gone needs none, nor does another one of the same name, where a uid is given.
 */
export async function setFinalizer<T extends KubernetesObject>(
  kubernetes: Pick<KubernetesClient, 'get' | 'mergePatch'>,
  { resource, uid, ...key }: ObjectKey & { resource: Resource<T>; uid?: string },
  { finalizer, present }: { finalizer: string; present: boolean },
): Promise<void> {
  const object = await ignoreNotFound(kubernetes.get(resource, key));
  if (uid !== undefined && object?.metadata?.uid !== uid) return;
  const patch = object && finalizersPatch(object, { finalizers: [finalizer], present });
  if (patch) await ignoreNotFound(kubernetes.mergePatch(resource, key, patch));
}
