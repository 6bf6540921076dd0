import type { DecidedCondition } from '../api/conditions.ts';
import { conditionsWith } from '../api/conditions.ts';
import { kstatusConditions } from '../api/kstatus.ts';
import type { KubernetesClient, ObjectKey } from './client/client.ts';
import { ignoreNotFound } from './client/errors.ts';
import type { KubernetesObject, Resource } from './client/resources.ts';

type WithConditions = Parameters<typeof conditionsWith>[0];

type WithStatus = KubernetesObject & { status?: { conditions?: WithConditions } | undefined };

/** Whose status is written: the object of this name, as long as it is the same one. */
export interface StatusTarget<T extends KubernetesObject> extends ObjectKey {
  resource: Resource<T>;
  uid: string;
  /** The object, if it was read just now. */
  known?: T;
}

/** A status as it was decided. */
export interface DecidedStatus {
  /** Its conditions, and other members that are replaced. */
  status: { conditions: readonly DecidedCondition[] };
  /** The generation that was judged. */
  generation: number;
}

/**
 * Writes an object's status, and brings its conditions up to date: since when each holds stays where it still does. Which
 * generation it is about, and whether it goes on or needs a person, is added. An object that is gone, or was made anew under
 * the same name, needs no status.
 */
export async function writeStatus<T extends WithStatus>(
  kubernetes: Pick<KubernetesClient, 'get' | 'mergePatch'>,
  { resource, uid, known, ...key }: StatusTarget<T>,
  { status, generation }: DecidedStatus,
): Promise<void> {
  const current = known ?? (await ignoreNotFound(kubernetes.get(resource, key)));
  if (current?.metadata?.uid !== uid) return;
  const decided = [...status.conditions, ...kstatusConditions(status.conditions)];
  const conditions = conditionsWith(current.status?.conditions, decided, generation);
  const patch = { status: { ...status, conditions, observedGeneration: generation } };
  await ignoreNotFound(kubernetes.mergePatch(resource, key, patch, { subresource: 'status' }));
}
