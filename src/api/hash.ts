/** Hashes that names and revisions are made from. Plain arithmetic, so that workflows may use it and replay it. */

const FNV_OFFSET_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** One letter or digit for each decimal digit: no vowels and nothing that reads as another. */
const DIGITS = '456789bcdf';

/** Looked up once: in the sandbox of workflows, and for a template of a mebibyte, a global costs more than the rest. */
const { imul } = Math;

/** FNV-1a, 32 bit, of the text's UTF-8 bytes: an unsigned integer. */
export const fnv1a32 = (text: string): number =>
  new TextEncoder().encode(text).reduce((hash, byte) => imul(hash ^ byte, FNV_PRIME), FNV_OFFSET_BASIS) >>> 0;

/** `fnv1a32` as a text of at most ten characters that may stand in a Kubernetes name. */
export const nameHash = (text: string): string =>
  String(fnv1a32(text)).replace(/\d/g, (digit) => DIGITS.charAt(Number(digit)));

/**
 * JSON that does not change over a round trip through the API server: keys are sorted, and members that are undefined,
 * null, an empty object or an empty array are left out. Elements of arrays keep their places.
 */
export const canonicalJson = (value: unknown): string => JSON.stringify(canonical(value ?? null));

/** `nameHash` of the value's canonical JSON: equal for values that mean the same to the API server. */
export const stableHash = (value: unknown): string => nameHash(canonicalJson(value));

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  const members = Object.entries(value).map(([key, member]) => [key, canonical(member)] as const);
  return Object.fromEntries(members.filter(([, member]) => !isEmpty(member)).sort(byKey));
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
