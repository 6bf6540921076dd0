import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { resourceSchemaOf } from '../crd.ts';
import { fieldPathOf, memberPath } from './field-path.ts';
import { API_VERSION } from '../v1alpha1/group.ts';
import type { Kind } from '../v1alpha1/group.ts';
import type { Problem } from './problem.ts';
import { contradictionsOf } from './contradictions.ts';

/**
 * Everything that is wrong with a resource of this kind: first what the API server would refuse too, then what it takes
 * but what can never work. An empty list means that the resource is good.
 */
export function validate(kind: Kind, resource: unknown): Problem[] {
  const given = withoutNulls(resource);
  const misfits = [...identityProblems(kind, given), ...schemaProblems(kind, given)];
  return misfits.length > 0 ? misfits : contradictionsOf(kind, (given as { spec?: object }).spec ?? {});
}

/** The API server drops members that are null before it looks at the rest; so a chart may leave values empty. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([key, member]) => [key, withoutNulls(member)]));
}

function identityProblems(kind: Kind, resource: unknown): Problem[] {
  const { apiVersion, kind: given } = (resource ?? {}) as { apiVersion?: unknown; kind?: unknown };
  const problems: Problem[] = [];
  if (apiVersion !== API_VERSION) problems.push({ path: 'apiVersion', message: `must be ${API_VERSION}` });
  if (given !== kind) problems.push({ path: 'kind', message: `must be ${kind}` });
  return problems;
}

function schemaProblems(kind: Kind, resource: unknown): Problem[] {
  const check = validatorOf(kind);
  if (check(resource)) return [];
  return (check.errors ?? []).filter((error) => !isBranch(error)).map(problemOf);
}

/** An integer-or-string is an `anyOf`; only the failure of the whole is told, not that of each branch. */
const isBranch = ({ schemaPath }: ErrorObject): boolean => schemaPath.includes('/anyOf/');

const validators = new Map<Kind, ValidateFunction>();

/** Compiled when it is first needed: the schema of a pod is large. */
function validatorOf(kind: Kind): ValidateFunction {
  const compiled = validators.get(kind) ?? compile(kind);
  validators.set(kind, compiled);
  return compiled;
}

/** As the API server checks: unknown members are ignored, formats such as int32 only inform. */
const compile = (kind: Kind): ValidateFunction =>
  new Ajv({ allErrors: true, strict: false, verbose: true, validateFormats: false }).compile(
    resourceSchemaOf(kind),
  );

function problemOf(error: ErrorObject): Problem {
  const path = fieldPathOf(error.instancePath);
  if (error.keyword !== 'required') return { path: path || 'resource', message: messageOf(error) };
  const { missingProperty } = error.params as { missingProperty: string };
  return { path: memberPath(path, missingProperty), message: 'is missing: add it' };
}

function messageOf({ keyword, schema, data, message }: ErrorObject): string {
  switch (keyword) {
    case 'type':
      return `must be ${nounOf(String(schema))}, not ${nounOf(typeOf(data))}${remedyOf(String(schema), data)}`;
    case 'minimum':
      return `must be ${String(schema)} or more`;
    case 'enum':
      return `must be one of ${(schema as string[]).join(', ')}`;
    case 'pattern':
      return 'must be a quantity: a number with a suffix such as m, Mi or Gi, or with none';
    case 'anyOf':
      return `must be an integer or a string, not ${nounOf(typeOf(data))}`;
    default:
      return message ?? `does not satisfy ${keyword}`;
  }
}

const SCALARS = ['string', 'integer', 'number', 'boolean'];

function remedyOf(wanted: string, data: unknown): string {
  if (data === null) return ': give a value or remove it';
  if (!SCALARS.includes(wanted) || typeof data === 'object') return ': check the indentation';
  return wanted === 'string' ? ': put it in quotes' : ': write it without quotes';
}

function typeOf(data: unknown): string {
  if (data === null) return 'null';
  if (Array.isArray(data)) return 'array';
  return typeof data;
}

const NOUNS: Record<string, string> = {
  array: 'a list',
  object: 'an object',
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  null: 'empty',
};

const nounOf = (type: string): string => NOUNS[type] ?? type;
