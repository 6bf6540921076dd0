import { GROUP, PLURALS, VERSION } from './v1alpha1/group.ts';
import type { Kind } from './v1alpha1/group.ts';
import { DEFINITIONS } from './schema/definitions.ts';
import type { Column } from './schema/definitions.ts';

/** A node of a structural schema, as a CRD holds it. */
export interface StructuralSchema {
  type?: string;
  description?: string;
  format?: string;
  pattern?: string;
  minimum?: number;
  default?: unknown;
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, StructuralSchema>;
  items?: StructuralSchema;
  additionalProperties?: StructuralSchema;
  [extension: `x-kubernetes-${string}`]: unknown;
}

/** A CustomResourceDefinition of this group. */
export interface Crd {
  apiVersion: 'apiextensions.k8s.io/v1';
  kind: 'CustomResourceDefinition';
  metadata: { name: string };
  spec: {
    group: string;
    names: { kind: string; listKind: string; plural: string; singular: string; shortNames: string[] };
    scope: 'Namespaced';
    versions: CrdVersion[];
  };
}

interface CrdVersion {
  name: string;
  served: boolean;
  storage: boolean;
  additionalPrinterColumns: Column[];
  schema: { openAPIV3Schema: StructuralSchema };
  subresources: { status: object; scale?: { specReplicasPath: string; statusReplicasPath: string } };
}

/** The schema of a whole resource of this kind, as a CRD and a JSON Schema validator take it. */
export const resourceSchemaOf = (kind: Kind): StructuralSchema => {
  const { description, spec, status } = DEFINITIONS[kind];
  const whole = {
    type: 'object',
    description,
    properties: {
      apiVersion: { type: 'string', description: 'Group and version of this schema.' },
      kind: { type: 'string', description: 'The kind of resource.' },
      metadata: { type: 'object' },
      spec,
      status,
    },
  };
  // Only what JSON can say: the types of TypeBox carry hidden members.
  return JSON.parse(JSON.stringify(whole)) as StructuralSchema;
};

/** The CustomResourceDefinition of this kind. */
export const crdOf = (kind: Kind): Crd => {
  const plural = PLURALS[kind];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [DEFINITIONS[kind].shortName],
      },
      scope: 'Namespaced',
      versions: [versionOf(kind)],
    },
  };
};

const versionOf = (kind: Kind): CrdVersion => {
  const { columns, scale } = DEFINITIONS[kind];
  return {
    name: VERSION,
    served: true,
    storage: true,
    additionalPrinterColumns: [...columns],
    schema: { openAPIV3Schema: resourceSchemaOf(kind) },
    subresources: { status: {}, ...(scale && { scale }) },
  };
};
