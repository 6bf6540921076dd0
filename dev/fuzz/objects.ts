import * as annotations from '../../src/api/annotations.ts';
import { resourceSchemaOf } from '../../src/api/crd.ts';
import type { StructuralSchema } from '../../src/api/crd.ts';
import { API_VERSION, KINDS } from '../../src/api/v1alpha1/group.ts';
import type { Kind } from '../../src/api/v1alpha1/group.ts';
import type { Draw } from './draw.ts';

/** An object of one of the kinds, as the API server may or may not take it. */
export interface WildObject {
  apiVersion: string;
  kind: Kind;
  metadata: { name: string; [member: string]: unknown };
  [member: string]: unknown;
}

/** Stands for the URL of the GitHub that answers anything; replaced when the object is created. */
export const WILD_URL = '{wild}';

/** The Secret with credentials that each namespace has. */
export const SECRET = 'github';

/** A finalizer of somebody else's, who takes it off when all is over. */
export const FOREIGN_FINALIZER = 'fuzz.example/held';

const LARGE = 60_000;

const TEXTS = [
  ...['', 'a', 'x-1', 'Ünïcödé', '0', '-1', 'true', 'null', '../..', 'a b', 'runner', 'ghost', ' ', '{{.}}'],
  ...['%s%n', 'line\nline', '\u0000', '🚀', 'A'.repeat(64), 'b'.repeat(253)],
] as const;

const URLS = [
  ...[`${WILD_URL}/octo/app`, `${WILD_URL}/octo`, `${WILD_URL}/orgs/octo`, `${WILD_URL}/octo/app.git`],
  ...[`${WILD_URL}/enterprises/octo`, `${WILD_URL}/a/b/c`, WILD_URL, '', 'octo/app', 'http://', 'ftp://x/y'],
  ...['http://user:pass@127.0.0.1:9/octo/app', 'http://127.0.0.1:9/octo/app', 'https://[::1]:9/octo'],
] as const;

const SECRETS = [SECRET, SECRET, SECRET, SECRET, 'missing', '', 'Not A Name'] as const;

/** Members whose values are few, lest runners by the thousand are asked for, or the network of whoever runs this. */
const MEMBERS: Record<string, (draw: Draw) => unknown> = {
  githubConfigUrl: (draw) => draw.pick(URLS),
  githubConfigSecret: (draw) => draw.pick(SECRETS),
  replicas: (draw) => draw.pick([0, 1, 2, 3, -1]),
  patchID: (draw) => draw.pick([0, 1, 7, -1, 2_147_483_647]),
  minRunners: (draw) => draw.pick([0, 1, 2, 5]),
  maxRunners: (draw) => draw.pick([0, 1, 2, 5, 2_147_483_647]),
  runnerScaleSetId: (draw) => draw.pick([0, 1, 2, 999, -1, 9_007_199_254_740_991]),
  url: (draw) => draw.pick(['', 'http://127.0.0.1:9', 'no url', 'http://']),
};

/** What holds objects back for ever by its owner's wish, and what pods wait for by theirs. */
const LEFT_OUT = new Set(['finalizers', 'schedulingGates']);

const LARGEST_INTEGERS = [0, 1, -1, 2_147_483_647, -2_147_483_648, 9_007_199_254_740_991] as const;

/** A value that this structural schema allows; the deeper, the less of what may be absent. */
export function valueOf(schema: StructuralSchema, draw: Draw, depth = 0): unknown {
  if (schema.enum) return draw.pick(schema.enum);
  if (schema['x-kubernetes-int-or-string']) return draw.pick(['1', 1, '100m', 0, '1Gi']);
  switch (schema.type) {
    case 'string':
      return schema.format === 'date-time' ? timeOf(draw) : draw.pick(TEXTS);
    case 'integer':
      return integerOf(schema, draw);
    case 'number':
      return draw.pick([0, 0.5, -1, 1e300]);
    case 'boolean':
      return draw.chance(0.5);
    case 'array':
      return draw.list(draw.pick([0, 1, 1, 2]), () => valueOf(schema.items ?? {}, draw, depth + 1));
    default:
      return membersOf(schema, draw, depth);
  }
}

const timeOf = (draw: Draw): string =>
  draw.pick(['1970-01-01T00:00:00Z', '2026-11-27T12:00:00Z', '9999-12-31T23:59:59Z', '0001-01-01T00:00:00Z']);

function integerOf({ format, minimum = -Infinity }: StructuralSchema, draw: Draw): number {
  const most = format === 'int32' ? 2_147_483_647 : Infinity;
  return draw.pick(LARGEST_INTEGERS.filter((value) => value >= minimum && value <= most));
}

/** How likely a member is that may be absent, by how deep it lies. */
const PRESENT = [0.9, 0.5, 0.4, 0.2, 0.1] as const;

function membersOf(schema: StructuralSchema, draw: Draw, depth: number): Record<string, unknown> {
  const { properties = {}, required = [], additionalProperties } = schema;
  const likely = PRESENT[Math.min(depth, PRESENT.length - 1)] ?? 0;
  const members = Object.entries(properties)
    .filter(([name]) => required.includes(name) || (draw.chance(likely) && !LEFT_OUT.has(name)))
    .map(([name, member]) => [name, MEMBERS[name]?.(draw) ?? valueOf(member, draw, depth + 1)]);
  const free = additionalProperties
    ? draw.list(draw.between(0, 2), () => [draw.pick(TEXTS), valueOf(additionalProperties, draw, depth + 1)])
    : [];
  return Object.fromEntries([...members, ...free] as [string, unknown][]);
}

type Specs = Record<Kind, Record<string, unknown>>;

const POD = { containers: [{ name: 'runner', image: 'runner:1' }] };

const RUNNER = {
  githubConfigUrl: `${WILD_URL}/octo/app`,
  githubConfigSecret: SECRET,
  runnerScaleSetId: 1,
  spec: POD,
};

/** What people write who know how. */
const GOOD: Specs = {
  AutoscalingRunnerSet: {
    githubConfigUrl: `${WILD_URL}/octo/app`,
    githubConfigSecret: SECRET,
    minRunners: 1,
    maxRunners: 2,
    template: { spec: POD },
  },
  AutoscalingListener: {
    githubConfigUrl: `${WILD_URL}/octo/app`,
    githubConfigSecret: SECRET,
    runnerScaleSetId: 1,
    autoscalingRunnerSetNamespace: 'ghost',
    autoscalingRunnerSetName: 'ghost',
    ephemeralRunnerSetName: 'ghost',
  },
  EphemeralRunnerSet: { replicas: 2, patchID: 0, ephemeralRunnerSpec: RUNNER },
  EphemeralRunner: RUNNER,
};

/** How an object is drawn: nothing but its name, anything that the schema allows, or a good one that is changed. */
const FORMS = ['bare', 'schema', 'schema', 'near', 'near', 'near', 'near', 'good'] as const;

/** An object called `name`: from the schema, or broken. */
export function drawObject(name: string, draw: Draw): WildObject {
  const kind = draw.pick(KINDS);
  const form = draw.pick(FORMS);
  const metadata = { name: draw.chance(0.05) ? longName(name, draw) : name, ...drawMetadata(draw) };
  const object = { apiVersion: API_VERSION, kind, metadata };
  if (form === 'bare') return object;
  if (form === 'schema') return { ...object, spec: valueOf(specSchema(kind), draw, 1) };
  const spec = structuredClone(GOOD[kind]);
  return { ...object, spec: form === 'good' ? spec : broken(spec, specSchema(kind), draw) };
}

/** Made once: they are large. */
const SCHEMAS = Object.fromEntries(
  KINDS.map((kind) => {
    const { spec = {}, status = {} } = resourceSchemaOf(kind).properties ?? {};
    return [kind, { spec, status }];
  }),
) as Record<Kind, { spec: StructuralSchema; status: StructuralSchema }>;

const specSchema = (kind: Kind): StructuralSchema => SCHEMAS[kind].spec;

const longName = (name: string, draw: Draw): string => name.padEnd(draw.pick([50, 63, 64, 100, 253]), 'x');

/** What somebody may write into the status of an object of this kind. */
export const drawStatus = (kind: Kind, draw: Draw): unknown => valueOf(SCHEMAS[kind].status, draw, 1);

/** A merge patch of an object's spec: some members anew, some taken away. */
export function drawPatch(kind: Kind, draw: Draw): object {
  const { properties = {} } = specSchema(kind);
  const names = draw.list(draw.between(1, 3), () => draw.pick(Object.keys(properties)));
  const spec = Object.fromEntries(
    names.map((name) => [name, draw.chance(0.3) ? null : memberOf(name, properties[name] ?? {}, draw)]),
  );
  return draw.chance(0.2) ? { metadata: drawMetadata(draw) } : { spec };
}

const memberOf = (name: string, schema: StructuralSchema, draw: Draw): unknown =>
  MEMBERS[name]?.(draw) ?? valueOf(schema, draw, 2);

const OURS = Object.values(annotations).filter((value) => typeof value === 'string' && value.includes('/'));

/** Labels and annotations, ours with nonsense in them too; now and then an owner who is not there, or a finalizer. */
function drawMetadata(draw: Draw): Record<string, unknown> {
  const keys = [...OURS, annotations.RUNNER_SCALE_SET_ID_ANNOTATION, 'fuzz.example/note'] as string[];
  const notes = draw.list(draw.pick([0, 0, 1, 3]), () => [draw.pick(keys), draw.pick(TEXTS)] as const);
  const big = draw.chance(0.05) ? [['fuzz.example/large', 'x'.repeat(LARGE)] as const] : [];
  return {
    ...(notes.length + big.length > 0 && { annotations: Object.fromEntries([...notes, ...big]) }),
    ...(draw.chance(0.2) && {
      labels: { 'actions.github.com/scale-set-name': draw.pick(['ghost', '', 'x']) },
    }),
    ...(draw.chance(0.05) && { finalizers: [FOREIGN_FINALIZER] }),
  };
}

/** A good spec with one to three members missing, foreign or of another value, at any depth. */
function broken(
  spec: Record<string, unknown>,
  schema: StructuralSchema,
  draw: Draw,
): Record<string, unknown> {
  const times = draw.between(1, 3);
  for (let time = 0; time < times; time += 1) breakOne(spec, schema, draw);
  return spec;
}

function breakOne(object: Record<string, unknown>, schema: StructuralSchema, draw: Draw): void {
  const { properties = {} } = schema;
  const known = Object.keys(properties);
  if (known.length === 0) return;
  const name = draw.pick(draw.chance(0.6) ? Object.keys(object) : known);
  const [inner, member] = [object[name], properties[name] ?? {}];
  if (isObject(inner) && draw.chance(0.6)) breakOne(inner, member, draw);
  else if (draw.chance(0.4)) Reflect.deleteProperty(object, name);
  else if (draw.chance(0.1)) object['nobodyKnows'] = draw.pick(TEXTS);
  else object[name] = memberOf(name, member, draw);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
