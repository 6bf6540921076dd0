import { drawFrom } from '../../../dev/fuzz/draw.ts';
import { drawObject, drawPatch, drawStatus, valueOf } from '../../../dev/fuzz/objects.ts';
import type { WildObject } from '../../../dev/fuzz/objects.ts';
import type { StructuralSchema } from '../../../src/api/crd.ts';
import { resourceSchemaOf } from '../../../src/api/crd.ts';
import { KINDS } from '../../../src/api/v1alpha1/group.ts';

const seeds = Array.from({ length: 300 }, (_, seed) => seed);

/** What a schema says against a value, as far as the generator must know. */
function problems(value: unknown, schema: StructuralSchema, path = ''): string[] {
  if (schema.enum && !schema.enum.includes(value)) return [`${path} is none of the words`];
  if (schema['x-kubernetes-int-or-string']) return [];
  if (schema.type === 'array')
    return (value as unknown[]).flatMap((item, i) => problems(item, schema.items ?? {}, `${path}[${i}]`));
  if (schema.type === 'integer') {
    const isGood = Number.isInteger(value) && (value as number) >= (schema.minimum ?? -Infinity);
    return isGood ? [] : [`${path} is no such number`];
  }
  if (schema.type === 'object') {
    const { properties = {}, required = [] } = schema;
    const members = value as Record<string, unknown>;
    return [
      ...required.filter((name) => !(name in members)).map((name) => `${path}.${name} is missing`),
      ...Object.entries(members).flatMap(([name, member]) =>
        problems(member, properties[name] ?? schema.additionalProperties ?? {}, `${path}.${name}`),
      ),
    ];
  }
  return schema.type !== undefined && typeof value !== schema.type ? [`${path} is no ${schema.type}`] : [];
}

describe.each(KINDS)('a value from the schema of %s', (kind) => {
  const { spec = {}, status = {} } = resourceSchemaOf(kind).properties ?? {};

  it('is as the schema wants it', () => {
    for (const seed of seeds) {
      expect(problems(valueOf(spec, drawFrom(seed)), spec)).toEqual([]);
      expect(problems(drawStatus(kind, drawFrom(seed)), status)).toEqual([]);
    }
  });

  it('has every member of the spec now and then', () => {
    const seen = new Set(seeds.flatMap((seed) => Object.keys(valueOf(spec, drawFrom(seed)) as object)));
    expect(seen).toEqual(new Set(Object.keys(spec.properties ?? {})));
  });
});

const objects = seeds.map((seed) => drawObject('wild-1', drawFrom(seed)));

const specOf = (object: WildObject): Record<string, unknown> =>
  (object['spec'] ?? {}) as Record<string, unknown>;

it('draws the same object for the same seed', () => {
  expect(seeds.map((seed) => drawObject('wild-1', drawFrom(seed)))).toEqual(objects);
});

it('draws objects of all kinds, with and without a spec, good ones and broken ones, long names and large notes', () => {
  expect(new Set(objects.map(({ kind }) => kind))).toEqual(new Set(KINDS));
  expect(objects.some((object) => !('spec' in object))).toBe(true);
  expect(objects.some((object) => !('githubConfigUrl' in specOf(object)))).toBe(true);
  expect(objects.some(({ metadata }) => metadata.name.length > 63)).toBe(true);
  expect(objects.every(({ metadata }) => metadata.name.length <= 253)).toBe(true);
  expect(objects.some((object) => JSON.stringify(object).length > 50_000)).toBe(true);
});

const membersNamed = (value: unknown, name: string): unknown[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    ...(key === name ? [member as unknown] : []),
    ...membersNamed(member, name),
  ]);
};

it('asks for few runners, and for the way to no host but this one', () => {
  const patches = seeds.flatMap((seed) => KINDS.map((kind) => drawPatch(kind, drawFrom(seed))));
  const counts = [objects, patches].flatMap((all) =>
    membersNamed(all, 'replicas').concat(membersNamed(all, 'minRunners')),
  );
  expect(counts.every((count) => count === null || (count as number) <= 5)).toBe(true);
  const urls = membersNamed([objects, patches], 'githubConfigUrl').filter((url) => url !== null) as string[];
  expect(urls.filter((url) => /^https?:\/\/./.test(url) && !/127\.0\.0\.1:9|\[::1\]:9/.test(url))).toEqual(
    [],
  );
});

it('takes members away, and changes others', () => {
  const patches = seeds.map((seed) => drawPatch('AutoscalingRunnerSet', drawFrom(seed)) as { spec?: object });
  const values = patches.flatMap(({ spec = {} }) => Object.values(spec) as unknown[]);
  expect(values).toContain(null);
  expect(values.some((value) => value !== null)).toBe(true);
});
