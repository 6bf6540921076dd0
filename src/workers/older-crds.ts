import type { StructuralSchema } from '../api/crd.ts';
import { resourceSchemaOf } from '../api/crd.ts';
import { API_VERSION, GROUP, KINDS, PLURALS, VERSION } from '../api/v1alpha1/group.ts';
import type { Kind } from '../api/v1alpha1/group.ts';
import type { KubernetesClient, OpenApi } from '../kubernetes/client/client.ts';

/** A CRD that lacks fields of ours: the API server drops what is written there, and says nothing. */
export interface OlderCrd {
  /** Its name: `ephemeralrunners.actions.github.com`. */
  crd: string;
  /** What is dropped: `status.conditions`. */
  lost: string[];
}

/** Where fields were added over time. Pods are left out: their fields are those of Kubernetes. */
const PLACES: readonly (readonly string[])[] = [['status'], ['spec'], ['spec', 'ephemeralRunnerSpec']];

/** CRDs that lack fields of ours, from what the API server says of them. One that it does not say is none. */
export function olderCrds({ components }: OpenApi): OlderCrd[] {
  const schemas = Object.values(components?.schemas ?? {});
  return KINDS.flatMap((kind) => {
    const served = schemas.find((schema) => isOf(kind, schema)) as StructuralSchema | undefined;
    const lost = served ? lostFields(resourceSchemaOf(kind), served) : [];
    return lost.length > 0 ? [{ crd: `${PLURALS[kind]}.${GROUP}`, lost }] : [];
  });
}

function isOf(kind: Kind, schema: unknown): boolean {
  const kinds = (schema as StructuralSchema | null)?.['x-kubernetes-group-version-kind'];
  return (
    Array.isArray(kinds) &&
    kinds.some((each: { group?: string; version?: string; kind?: string } | null) => {
      return each?.group === GROUP && each.version === VERSION && each.kind === kind;
    })
  );
}

function lostFields(ours: StructuralSchema, served: StructuralSchema): string[] {
  return PLACES.flatMap((path) => {
    const [wanted, there] = [at(ours, path), at(served, path)];
    // What is missing as a whole is told where it is missing.
    if (!wanted?.properties || !there || there['x-kubernetes-preserve-unknown-fields'] === true) return [];
    const known = there.properties ?? {};
    const names = Object.keys(wanted.properties).filter((name) => !(name in known) && name !== UNUSED);
    return names.map((name) => [...path, name].join('.'));
  });
}

/** Neither read nor written. */
const UNUSED = 'runnerJITConfig';

const at = (schema: StructuralSchema, path: readonly string[]): StructuralSchema | undefined =>
  path.reduce<StructuralSchema | undefined>((place, name) => place?.properties?.[name], schema);

/** What reading the schemas needs, and whom they are told. */
export interface OlderCrdsDeps {
  kubernetes: Pick<KubernetesClient, 'openApi'>;
  log: (message: string, facts: Record<string, unknown>) => void;
}

/** Says once which CRDs are older than this program, and what that costs. That they cannot be read is no failure. */
export async function tellOfOlderCrds({ kubernetes, log }: OlderCrdsDeps): Promise<void> {
  const document = await kubernetes.openApi(API_VERSION).catch(() => ({}));
  for (const { crd, lost } of olderCrds(document)) log(wordsFor(crd, lost), { crd, lost });
}

function wordsFor(crd: string, lost: readonly string[]): string {
  const costs = [
    ...(lost.includes('status.conditions') ? ['there are no conditions to read or wait for'] : []),
    ...(lost.some((field) => field.startsWith('spec.')) ? ['what is set there has no effect'] : []),
  ];
  const cost = costs.length > 0 ? `; ${costs.join(', and ')}` : '';
  return `The CRD ${crd} is older than this worker: the API server drops ${lost.join(', ')}${cost}. Apply the CRDs of this release (kubectl apply --server-side -f crds/).`;
}
