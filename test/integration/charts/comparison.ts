import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ArcVersion, ChartName, Rendered } from './cases.ts';

/** A copy without members that hold nothing: `annotations:` with nothing behind it is no annotation. */
export function withoutNothing<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutNothing) as T;
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value)
    .filter(([, member]) => member !== null && member !== undefined)
    .map(([key, member]) => [key, withoutNothing(member as unknown)]);
  return Object.fromEntries(members) as T;
}

/** What an object is called in a report. */
const titleOf = ({ kind, metadata: { name, namespace = '' } }: Rendered): string =>
  [kind, namespace, name].filter((part) => part !== '').join(' ');

/** A place at which two renderings differ. */
export interface Difference {
  kind: string;
  /** Of the object. */
  name: string;
  /** Members and positions, with dots between; empty where the whole object is meant. */
  path: string;
  arc: unknown;
  ours: unknown;
}

/** All places at which ours differs from ARC's; where a whole member is new or gone, its place alone. */
export function differencesOf(arc: readonly Rendered[], ours: readonly Rendered[]): Difference[] {
  const both = [arc, ours].map(
    (objects) => new Map(objects.map((one) => [titleOf(one), withoutNothing(one)])),
  );
  const [theirs, mine] = both as [Map<string, Rendered>, Map<string, Rendered>];
  const titles = [...new Set([...theirs.keys(), ...mine.keys()])];
  return titles.flatMap((title) => {
    const [one, other] = [theirs.get(title), mine.get(title)].map((object) => object && withRights(object));
    const { kind, metadata } = (one ?? other) as Rendered;
    return placesOf(one, other, []).map((place) => ({ kind, name: metadata.name, ...place }));
  });
}

/** Rules as what they allow: how it is spread over rules, and in what order, means nothing. */
function withRights(object: Rendered): Rendered {
  const { rules } = object as { rules?: Rule[] };
  if (!rules) return object;
  const allowed = new Map<string, Set<string>>();
  for (const { apiGroups, resources, verbs } of rules) {
    for (const group of apiGroups)
      for (const resource of resources) {
        const verbsSoFar = allowed.get(`${group}/${resource}`) ?? new Set();
        allowed.set(`${group}/${resource}`, new Set([...verbsSoFar, ...verbs]));
      }
  }
  const rights = [...allowed].map(([resource, verbs]) => [resource, [...verbs].sort().join(' ')]);
  return { ...object, rules: Object.fromEntries(rights) as Record<string, string> };
}

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

type Place = Pick<Difference, 'path' | 'arc' | 'ours'>;

function placesOf(arc: unknown, ours: unknown, path: readonly string[]): Place[] {
  if (isObject(arc) && isObject(ours) && Array.isArray(arc) === Array.isArray(ours)) {
    const keys = [...new Set([...Object.keys(arc), ...Object.keys(ours)])];
    return keys.flatMap((key) => placesOf(arc[key], ours[key], [...path, key]));
  }
  return arc === ours ? [] : [{ path: path.join('.'), arc, ours }];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** A difference that is meant, as charts/differences-from-arc.yaml lists it. */
export interface MeantDifference {
  chart: ChartName;
  kind: string;
  name?: string;
  path?: string;
  /** Where only one version of ARC differs so. */
  arc?: ArcVersion;
  why?: string;
}

/** All differences that are meant. */
export const meantDifferences = (): MeantDifference[] =>
  parse(
    readFileSync(join(import.meta.dirname, '../../../charts/differences-from-arc.yaml'), 'utf8'),
  ) as MeantDifference[];

/** Whether this is one of them. */
export const isMeant = (meant: MeantDifference, found: Difference, arc: ArcVersion): boolean =>
  new RegExp(`^(${meant.kind})$`).test(found.kind) &&
  new RegExp(meant.name ?? '').test(found.name) &&
  new RegExp(meant.path ?? '^$').test(found.path) &&
  (meant.arc ?? arc) === arc;
