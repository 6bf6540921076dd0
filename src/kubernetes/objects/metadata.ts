import {
  DRAINING_ANNOTATION,
  GIVEN_LABELS_ANNOTATION,
  PAUSED_ANNOTATION,
  PAUSED_WITH_OWNER_ANNOTATION,
} from '../../api/annotations.ts';
import type { ObjectMeta, OwnerReference } from '../client/resources.ts';

/** Labels or annotations. */
export type StringMap = Record<string, string>;

/** A block of labels and annotations that a user gave for a kind of object; either may be missing. */
export interface MetadataBlock {
  labels?: StringMap | undefined;
  annotations?: StringMap | undefined;
}

/** Label keys that begin with one of these do not go down to what is made from an object. */
export type ExcludedPrefixes = readonly string[];

/** Labels for a child: the union, where what was computed wins over what a user gave. */
export function mergeLabels(
  given: StringMap | undefined,
  computed: StringMap | undefined,
  excluded: ExcludedPrefixes = [],
): StringMap {
  const all = Object.entries({ ...given, ...computed });
  return Object.fromEntries(
    all.filter(([key]) => !excluded.some((prefix) => prefix !== '' && key.startsWith(prefix))),
  );
}

/**
 * Annotations that mean their own object only. kubectl's copy of what was applied says nothing about a child, and can be
 * as long as its template.
 */
const PERSONAL = new Set([
  PAUSED_ANNOTATION,
  PAUSED_WITH_OWNER_ANNOTATION,
  DRAINING_ANNOTATION,
  GIVEN_LABELS_ANNOTATION,
  'kubectl.kubernetes.io/last-applied-configuration',
]);

/** Annotations for a child: the union, where what was computed wins. */
export const mergeAnnotations = (given: StringMap | undefined, computed: StringMap | undefined): StringMap =>
  Object.fromEntries(Object.entries({ ...given, ...computed }).filter(([key]) => !PERSONAL.has(key)));

/** The annotation that remembers which labels an object was given. */
export const givenLabels = (labels: StringMap): StringMap => ({
  [GIVEN_LABELS_ANNOTATION]: Object.keys(labels).sort().join(','),
});

/** What an owner is, as far as a reference to it goes. */
export interface Owner {
  metadata: Pick<ObjectMeta, 'name' | 'uid'>;
}

/**
 * The reference of a child to its controller, which blocks the controller's deletion in the foreground.
 *
 * @throws TypeError when the owner was not read from the API server: without a uid nothing can refer to it
 */
export function controlledBy(
  owner: Owner,
  { apiVersion, kind }: { apiVersion: string; kind: string },
): OwnerReference {
  const { name, uid } = owner.metadata;
  if (!name || !uid)
    throw new TypeError(`${kind}: metadata.name or metadata.uid is missing; read it from the API first.`);
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}
