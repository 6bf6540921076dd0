import { GIVEN_LABELS_ANNOTATION } from '../api/annotations.ts';
import { canonicalJson } from '../api/hash.ts';
import type { StringMap } from './objects/metadata.ts';

/**
 * How a live object differs from what was computed for it. Labels and annotations are added and corrected, and none is
 * taken away but a label that the object was given: whatever else writes some onto our objects is no reason to do anything.
 */

interface WithMetadata {
  metadata: { labels?: StringMap | undefined; annotations?: StringMap | undefined };
}

/** Whether two values mean the same to the API server. */
export const isSame = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);

/** Whether all labels or annotations that are wanted are there. Others may stand beside them. */
export const contains = (live: StringMap = {}, wanted: StringMap = {}): boolean =>
  missing(live, wanted) === undefined;

/** A merge patch for the labels and annotations that are missing or wrong; `undefined` when there are none. */
export function metadataPatch(live: WithMetadata, wanted: WithMetadata): object | undefined {
  const added = missing(live.metadata.labels, wanted.metadata.labels);
  const dropped = noLongerGiven(live, wanted);
  const labels = added || dropped ? { ...added, ...dropped } : undefined;
  const annotations = missing(live.metadata.annotations, wanted.metadata.annotations);
  if (!labels && !annotations) return undefined;
  return { ...(labels && { labels }), ...(annotations && { annotations }) };
}

/** Labels that it bears because it was given them, and that are no longer among those it is to have. */
function noLongerGiven(live: WithMetadata, wanted: WithMetadata): Record<string, null> | undefined {
  const { labels = {}, annotations = {} } = live.metadata;
  const given = annotations[GIVEN_LABELS_ANNOTATION]?.split(',') ?? [];
  const kept = wanted.metadata.labels ?? {};
  const gone = given.filter((key) => key in labels && !(key in kept));
  return gone.length > 0 ? Object.fromEntries(gone.map((key) => [key, null])) : undefined;
}

function missing(live: StringMap = {}, wanted: StringMap = {}): StringMap | undefined {
  const entries = Object.entries(wanted).filter(([key, value]) => live[key] !== value);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/**
 * The merge patch (RFC 7386) that makes `to` of `from`: lists as a whole, null for what goes. `undefined` when they are
 * the same.
 */
export function patchBetween(from: unknown, to: unknown): unknown {
  if (isSame(from, to)) return undefined;
  if (!isRecord(from) || !isRecord(to)) return to;
  const entries = [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((key) => {
    if (to[key] === undefined) return [[key, null] as const];
    const patch = from[key] === undefined ? to[key] : patchBetween(from[key], to[key]);
    return patch === undefined ? [] : [[key, patch] as const];
  });
  return Object.fromEntries(entries);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
