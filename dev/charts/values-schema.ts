import type { Setting } from '../../src/workers/configuration/setting.ts';
import { chartSettings, valueOf } from './settings.ts';

/**
 * The schemas of the charts' values. What ARC's charts take is taken: they say what type a value has, and refuse no key of
 * ARC's. Blocks that are new here know their keys, so that a misspelt one is told.
 */

type Schema = Record<string, unknown>;

const object = (properties: Record<string, Schema>, more: Schema = {}): Schema => ({
  type: ['object', 'null'],
  properties,
  ...more,
});

/** A block of ours: other keys are misspelt ones. */
const block = (properties: Record<string, Schema>): Schema =>
  object(properties, { additionalProperties: false });

const text: Schema = { type: ['string', 'null'] };
const flag: Schema = { type: ['boolean', 'null'] };
const list: Schema = { type: ['array', 'null'] };
const map: Schema = { type: ['object', 'null'] };
const count: Schema = { type: ['integer', 'null'], minimum: 1 };
const oneOf = (...words: string[]): Schema => ({ enum: [...words, '', null] });
const addressed: Schema = { type: ['string', 'number', 'null'] };

const monitor = block({
  enabled: flag,
  namespace: text,
  labels: map,
  interval: text,
  scrapeTimeout: text,
  relabelings: list,
  metricRelabelings: list,
});

/** Of a setting of the worker, from what it allows. */
function settingSchema({ placeholder, allowed, description, repeatable }: Setting<unknown>): Schema {
  const words = `${description} Allowed: ${allowed}.`;
  const [, min, max] = /whole number from (\d+) to (\d+)$/.exec(allowed) ?? [];
  if (min !== undefined)
    return { type: ['integer', 'null'], minimum: Number(min), maximum: Number(max), description: words };
  if (placeholder.includes('|')) return { ...oneOf(...placeholder.split('|')), description: words };
  if (placeholder === 'duration') {
    return { type: ['string', 'null'], pattern: '^((\\d+(\\.\\d+)?(ms|s|m|h))+)?$', description: words };
  }
  if (repeatable || placeholder.includes(','))
    return { type: ['array', 'string', 'null'], description: words };
  return { type: ['string', 'null'], description: words };
}

const temporal = block({
  address: {
    type: ['string', 'null'],
    pattern: '^([^\\s/]+:\\d{1,5})?$',
    description: 'host:port, without a scheme.',
  },
  namespace: text,
  cluster: { type: ['string', 'null'], pattern: '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$' },
  apiKey: block({ secretName: text, key: text }),
  tls: block({
    enabled: flag,
    secretName: text,
    caSecretName: text,
    caKey: text,
    serverName: text,
    disableHostVerification: flag,
  }),
});

const controller = (): Schema => ({
  labels: map,
  replicaCount: { type: ['integer', 'string', 'null'] },
  image: object({
    repository: text,
    tag: { type: ['string', 'number', 'null'] },
    pullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
  }),
  imagePullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
  imagePullSecrets: { ...list, items: { type: 'object', required: ['name'] } },
  nameOverride: text,
  fullnameOverride: text,
  namespaceOverride: text,
  serviceAccount: object({ create: flag, annotations: map, name: text }),
  podAnnotations: map,
  podLabels: map,
  podSecurityContext: map,
  securityContext: map,
  resources: map,
  nodeSelector: map,
  tolerations: list,
  affinity: map,
  topologySpreadConstraints: list,
  volumes: list,
  volumeMounts: list,
  priorityClassName: text,
  metrics: object({ controllerManagerAddr: addressed, listenerAddr: addressed, listenerEndpoint: text }),
  pprof: object({ addr: text }),
  flags: object({
    logLevel: oneOf('debug', 'info', 'warn', 'error'),
    logFormat: oneOf('text', 'json'),
    watchSingleNamespace: text,
    runnerMaxConcurrentReconciles: { type: ['integer', 'string', 'null'] },
    updateStrategy: oneOf('immediate', 'eventual'),
    excludeLabelPropagationPrefixes: list,
    rateLimiter: map,
    healthProbeBindAddress: addressed,
  }),
  temporal,
  settings: block(Object.fromEntries(chartSettings().map((one) => [valueOf(one), settingSchema(one)]))),
  terminationGracePeriodSeconds: { type: ['integer', 'null'], minimum: 0 },
  service: block({ enabled: flag, type: text, port: { ...count, maximum: 65_535 }, annotations: map }),
  autoscaling: block({
    enabled: flag,
    minReplicas: count,
    maxReplicas: count,
    targetCPUUtilizationPercentage: count,
    metrics: list,
    behavior: map,
  }),
  podDisruptionBudget: block({
    enabled: flag,
    minAvailable: { type: ['integer', 'string', 'null'] },
    maxUnavailable: { type: ['integer', 'string', 'null'] },
  }),
  networkPolicy: block({ enabled: flag, from: list, egress: list }),
  serviceMonitor: monitor,
  podMonitor: monitor,
  crds: block({ upgrade: flag }),
});

const proxy = object({
  http: object({ url: text, credentialSecretRef: text }),
  https: object({ url: text, credentialSecretRef: text }),
});

const scaleSet = (): Schema => ({
  githubConfigUrl: text,
  githubConfigSecret: { type: ['string', 'object', 'null'] },
  runnerGroup: { type: ['string', 'number', 'null'] },
  runnerScaleSetName: { type: ['string', 'number', 'null'] },
  proxy,
  githubServerTLS: map,
  keyVault: map,
  containerMode: object({
    type: text,
    kubernetesModeWorkVolumeClaim: map,
    kubernetesModeAdditionalRoleRules: list,
  }),
  listenerTemplate: map,
  listenerMetrics: map,
  template: {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          containers: { ...list, items: { type: 'object', required: ['name'] } },
          volumes: list,
          initContainers: list,
        },
      },
    },
  },
  controllerServiceAccount: object({ name: text, namespace: text }),
  namespaceOverride: text,
  labels: map,
  annotations: map,
  resourceMeta: { type: ['object', 'null'], additionalProperties: object({ labels: map, annotations: map }) },
});

const whole = (properties: Schema): string =>
  `${JSON.stringify(
    {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $comment: 'Generated by dev/make/manifests.ts: change dev/charts/values-schema.ts, not this file.',
      type: 'object',
      properties,
    },
    undefined,
    2,
  )}\n`;

/** The text of values.schema.json, by the name of the chart. */
export const valuesSchemas = (): Record<string, string> => ({
  'gha-runner-scale-set-controller': whole(controller()),
  'gha-runner-scale-set': whole(scaleSet()),
});
