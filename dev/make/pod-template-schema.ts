/**
 * Writes src/api/pod-template.schema.json: the pod template as an API server describes it in its own OpenAPI document,
 * turned into a structural schema (references resolved, only the keywords that a CRD may hold, no descriptions).
 *
 *   KUBECONFIG=… node dev/make/pod-template-schema.ts
 *
 * What narrows a value beyond its type is left out: a template is judged when a pod is made of it, by the version of
 * Kubernetes that runs it.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { format } from 'prettier';

interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  allOf?: Schema[];
  default?: unknown;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema;
  [extension: `x-kubernetes-${string}`]: unknown;
}

const TARGET = new URL('../../src/api/pod-template.schema.json', import.meta.url);
const REFERENCE = '#/components/schemas/';
const POD_SPEC = 'io.k8s.api.core.v1.PodSpec';

/** As Kubernetes reads a quantity: a decimal number with an optional suffix. */
const NUMBER = String.raw`(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))`;
const QUANTITY = String.raw`^(\+|-)?${NUMBER}(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?${NUMBER}))?$`;

const intOrString = { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true };

/** Schemas whose published form a CRD cannot hold. */
const SPECIAL: Record<string, object> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { ...intOrString, pattern: QUANTITY },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': intOrString,
  // A pod template, and a claim within one, may give its object only these.
  'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta': {
    type: 'object',
    properties: {
      annotations: { type: 'object', additionalProperties: { type: 'string' } },
      finalizers: { type: 'array', items: { type: 'string' } },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      name: { type: 'string' },
      namespace: { type: 'string' },
    },
  },
};

/** ARC takes such a list even when it names a claim twice. */
const UNCHECKED_ITEMS = `${REFERENCE}io.k8s.api.core.v1.ResourceClaim`;

const KEPT = [
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
] as const;

/** What a pod could say in an earlier version of Kubernetes and templates may still hold. */
const EARLIER: Record<string, object> = {
  workloadRef: {
    type: 'object',
    required: ['name', 'podGroup'],
    properties: {
      name: { type: 'string' },
      podGroup: { type: 'string' },
      podGroupReplicaKey: { type: 'string' },
    },
  },
};

const podTemplateOf = (schemas: Record<string, Schema>): object => {
  const structural = (schema: Schema): object => {
    const reference = referenceOf(schema);
    if (reference === undefined) return plain(schema);
    const name = reference.slice(REFERENCE.length);
    const target = schemas[name];
    if (!target) throw new Error(`The OpenAPI document has no schema ${name}.`);
    return SPECIAL[name] ?? structural(target);
  };

  const plain = (schema: Schema): object => ({
    type: schema.type,
    format: schema.format,
    required: schema.required,
    properties: schema.properties && membersOf(schema),
    items: schema.items && structural(schema.items),
    additionalProperties: schema.additionalProperties && structural(schema.additionalProperties),
    ...extensionsOf(schema),
  });

  const membersOf = ({ properties = {}, required = [] }: Schema): object =>
    Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [
        name,
        { ...structural(schema), default: required.includes(name) ? undefined : scalarDefaultOf(schema) },
      ]),
    );

  return {
    type: 'object',
    properties: {
      metadata: SPECIAL['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'],
      spec: withEarlierMembers(structural({ $ref: REFERENCE + POD_SPEC })),
    },
  };
};

const referenceOf = (schema: Schema | undefined): string | undefined =>
  schema?.$ref ?? schema?.allOf?.[0]?.$ref;

const extensionsOf = (schema: Schema): object =>
  referenceOf(schema.items) === UNCHECKED_ITEMS
    ? {}
    : Object.fromEntries(KEPT.filter((key) => key in schema).map((key) => [key, schema[key]]));

/** A member with a default may be null, and may be a key of a list that is a map. An empty object is no default. */
const scalarDefaultOf = (schema: Schema): unknown =>
  typeof schema.default === 'object' ? undefined : schema.default;

const withEarlierMembers = (spec: { properties?: object }): object => ({
  ...spec,
  properties: { ...spec.properties, ...EARLIER },
});

const answer = execFileSync('kubectl', ['get', '--raw', '/openapi/v3/api/v1'], { maxBuffer: 64 << 20 });
const { components } = JSON.parse(answer.toString()) as { components: { schemas: Record<string, Schema> } };
writeFileSync(
  TARGET,
  await format(JSON.stringify(podTemplateOf(components.schemas)), { parser: 'json', printWidth: 110 }),
);
