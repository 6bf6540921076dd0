import { INT32_MAX } from '../api/int32.ts';

/**
 * What a message must look like to be read. Anybody may signal a workflow by hand, and a message that throws where it is
 * taken in would end the workflow, or let it repeat the same task for ever.
 */

/** Says what is wrong with a value, at its path; `undefined` when nothing is. */
export type Shape = (value: unknown, path: string) => string | undefined;

const of =
  (type: 'string' | 'number' | 'boolean', words: string): Shape =>
  (value, path) =>
    typeof value === type ? undefined : `${path}: ${words} is needed`;

/** Any text. */
export const text = of('string', 'text');
/** Any number. */
export const number = of('number', 'a number');
/** A whole number from 0 to the largest that Kubernetes counts with. */
export const count: Shape = (value, path) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= INT32_MAX
    ? undefined
    : `${path}: a whole number from 0 to ${INT32_MAX} is needed`;

/** True or false; where it is only ever told when true, as well. */
export const flag = of('boolean', 'true or false');

/** One of these, and nothing else. */
export const oneOf =
  (...values: readonly (string | number | null)[]): Shape =>
  (value, path) =>
    values.includes(value as string)
      ? undefined
      : `${path}: one of ${values.map(String).join(', ')} is needed`;

/** Either `null` or of this shape. */
export const nullOr =
  (shape: Shape): Shape =>
  (value, path) =>
    value === null ? undefined : shape(value, path);

/** Of one of these shapes. What is wrong is told by the last. */
export const either =
  (...shapes: readonly Shape[]): Shape =>
  (value, path) =>
    shapes.reduce<string | undefined>(
      (problem, shape) => (problem === undefined ? undefined : shape(value, path)),
      '',
    );

/** A list, each of this shape, of so many at least. */
export const listOf =
  (shape: Shape, atLeast = 0): Shape =>
  (value, path) =>
    Array.isArray(value) && value.length >= atLeast
      ? firstOf(value.entries(), (index, each) => shape(each, `${path}[${index}]`))
      : `${path}: a list is needed`;

/** An object of any members, each of this shape. */
export const recordOf =
  (shape: Shape): Shape =>
  (value, path) =>
    isRecord(value)
      ? firstOf(Object.entries(value), (name, each) => shape(each, `${path}.${name}`))
      : `${path}: an object is needed`;

type Optional<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T];

/** The shapes of all members of `T`: a member that is added to a message and not checked does not compile. */
export interface Members<T> {
  needed: Record<Exclude<keyof T, Optional<T>>, Shape>;
  optional: Record<Optional<T>, Shape>;
}

/** An object with these members; others may stand beside them. */
export const objectOf =
  <T>({ needed, optional }: Members<T>): Shape =>
  (value, path) => {
    if (!isRecord(value)) return `${path}: an object is needed`;
    const mustBe = firstOf(Object.entries<Shape>(needed), (name, shape) =>
      shape(value[name], `${path}.${name}`),
    );
    if (mustBe !== undefined) return mustBe;
    return firstOf(Object.entries<Shape>(optional), (name, shape) =>
      value[name] === undefined ? undefined : shape(value[name], `${path}.${name}`),
    );
  };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function firstOf<K, V>(
  entries: Iterable<[K, V]>,
  problemOf: (key: K, value: V) => string | undefined,
): string | undefined {
  for (const [key, value] of entries) {
    const problem = problemOf(key, value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
