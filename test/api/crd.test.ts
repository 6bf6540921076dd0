import { crdOf, resourceSchemaOf } from '../../src/api/crd.ts';
import type { StructuralSchema } from '../../src/api/crd.ts';
import { KINDS } from '../../src/api/v1alpha1/group.ts';

/** The schema of the field a simple JSONPath leads to; a filter such as `[?(@.type=="Ready")]` means the elements. */
const schemaAt = (schema: StructuralSchema, path: string): StructuralSchema | undefined =>
  path
    .replace(/\[\?\([^)]*\)\]/g, '.[]')
    .split('.')
    .slice(1)
    .reduce<StructuralSchema | undefined>(
      (node, step) => (step === '[]' ? node?.items : node?.properties?.[step]),
      schema,
    );

/** Every node below, with its path. */
function* nodesOf(schema: StructuralSchema, path = ''): Generator<[string, StructuralSchema]> {
  yield [path, schema];
  for (const [name, member] of Object.entries(schema.properties ?? {}))
    yield* nodesOf(member, `${path}.${name}`);
  if (schema.items) yield* nodesOf(schema.items, `${path}[]`);
  if (schema.additionalProperties) yield* nodesOf(schema.additionalProperties, `${path}{}`);
}

describe.each(KINDS)('the CRD of %s', (kind) => {
  const [version] = crdOf(kind).spec.versions;
  const schema = resourceSchemaOf(kind);
  const nodes = [...nodesOf(schema)];

  it('has columns that lead to fields', () => {
    const paths = version!.additionalPrinterColumns.map(({ jsonPath }) => jsonPath);
    const dead = paths.filter((path) => path !== '.metadata.creationTimestamp' && !schemaAt(schema, path));
    expect(dead).toEqual([]);
  });

  it('shows columns of the type of their fields', () => {
    const wrong = version!.additionalPrinterColumns.filter(
      ({ jsonPath, type }) => type !== 'date' && schemaAt(schema, jsonPath)?.type !== type,
    );
    expect(wrong).toEqual([]);
  });

  it('has the status subresource, with conditions', () => {
    expect(version!.subresources.status).toEqual({});
    expect(schema.properties?.['status']?.properties?.['conditions']).toMatchObject({
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    });
  });

  it('is structural: each node has a type, or is an integer or a string', () => {
    const untyped = nodes.filter(([, node]) => !node.type && !node['x-kubernetes-int-or-string']);
    expect(untyped.map(([path]) => path)).toEqual([]);
  });

  it('can tell the elements of a map list apart', () => {
    const vague = nodes.flatMap(([path, { items, ...node }]) =>
      ((node['x-kubernetes-list-map-keys'] ?? []) as string[])
        .filter((key) => !items?.required?.includes(key) && items?.properties?.[key]?.default === undefined)
        .map((key) => `${path}: ${key}`),
    );
    expect(vague).toEqual([]);
  });

  it('explains each field of its own', () => {
    const inPod =
      /\.(template|listenerTemplate)\.|^\.spec(\.ephemeralRunnerSpec)?\.(spec|metadata)\.|\[\]|\{\}/;
    const unexplained = nodes.filter(([path, { description }]) => !description && path && !inPod.test(path));
    expect(unexplained.map(([path]) => path)).toEqual(['.metadata']);
  });
});

test('the scale subresource is that of the EphemeralRunnerSet', () => {
  const scaled = KINDS.filter((kind) => crdOf(kind).spec.versions[0]?.subresources.scale);
  expect(scaled).toEqual(['EphemeralRunnerSet']);
  const { scale } = crdOf('EphemeralRunnerSet').spec.versions[0]!.subresources;
  const schema = resourceSchemaOf('EphemeralRunnerSet');
  expect(schemaAt(schema, scale!.specReplicasPath)?.type).toBe('integer');
  expect(schemaAt(schema, scale!.statusReplicasPath)?.type).toBe('integer');
});

test('no two kinds share a name', () => {
  const names = KINDS.map((kind) => crdOf(kind).spec.names).flatMap(({ plural, singular, shortNames }) => [
    plural,
    singular,
    ...shortNames,
  ]);
  expect(new Set(names).size).toBe(names.length);
});
