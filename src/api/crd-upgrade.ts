import type { Crd, StructuralSchema } from './crd.ts';

/** The part of a CRD that an upgrade looks at, as the API server has it. */
export type PresentCrdSpec = Partial<Omit<Crd['spec'], 'versions'>> & {
  versions: Crd['spec']['versions'];
};

/**
 * What a CRD that is in the cluster becomes: all that ours says, and beside it what only the present one knows. A field
 * that another release brought stays, with what is stored in it; so does a version of the API that we do not know.
 */
export function upgradedSpec(
  present: PresentCrdSpec,
  { spec: ours }: Crd,
): Pick<Crd['spec'], 'names' | 'versions'> {
  const versions = ours.versions.map((version) => {
    const before = present.versions.find(({ name }) => name === version.name);
    const storesElsewhere = present.versions.some(({ name, storage }) => storage && name !== version.name);
    const schema = unionOf(version.schema.openAPIV3Schema, before?.schema.openAPIV3Schema);
    return { ...version, storage: !storesElsewhere, schema: { openAPIV3Schema: schema } };
  });
  const others = present.versions.filter(({ name }) => !versions.some((version) => version.name === name));
  const shortNames = [...new Set([...ours.names.shortNames, ...(present.names?.shortNames ?? [])])];
  return { names: { ...present.names, ...ours.names, shortNames }, versions: [...versions, ...others] };
}

/** Both schemas in one. Where they say different things of the same field, ours holds. */
function unionOf(ours: StructuralSchema, present: StructuralSchema | undefined): StructuralSchema {
  if (!present || present.type !== ours.type) return ours;
  const union = { ...ours };
  if (present[KEEPS_UNKNOWN] === true) union[KEEPS_UNKNOWN] = true;
  if (ours.items && present.items) union.items = unionOf(ours.items, present.items);
  if (ours.additionalProperties && present.additionalProperties) {
    union.additionalProperties = unionOf(ours.additionalProperties, present.additionalProperties);
  }
  if (present.properties && !ours.additionalProperties) {
    const shared = Object.entries(ours.properties ?? {}).map(([name, field]) => [
      name,
      unionOf(field, present.properties?.[name]),
    ]);
    union.properties = { ...present.properties, ...(Object.fromEntries(shared) as typeof ours.properties) };
  }
  return union;
}

const KEEPS_UNKNOWN = 'x-kubernetes-preserve-unknown-fields';
