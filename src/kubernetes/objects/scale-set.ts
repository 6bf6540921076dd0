import {
  INTEGRITY_HASH_ANNOTATION,
  LISTENER_MODE_ANNOTATION,
  RUNNER_GROUP_NAME_ANNOTATION,
  RUNNER_SCALE_SET_ID_ANNOTATION,
  RUNNER_SCALE_SET_NAME_ANNOTATION,
} from '../../api/annotations.ts';
import { INT32_MAX } from '../../api/int32.ts';
import type { AutoscalingListener } from '../../api/v1alpha1/autoscaling-listener.ts';
import type { AutoscalingRunnerSet } from '../../api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import { AUTOSCALING_LISTENER_FINALIZER, EPHEMERAL_RUNNER_SET_FINALIZER } from '../../api/finalizers.ts';
import { API_VERSION } from '../../api/v1alpha1/group.ts';
import { stableHash } from '../../api/hash.ts';
import {
  COMPONENT_LABEL,
  ENTERPRISE_LABEL,
  labelValueOf,
  LISTENER_COMPONENT,
  ORGANIZATION_LABEL,
  PART_OF,
  PART_OF_LABEL,
  REPOSITORY_LABEL,
  RUNNER_SET_COMPONENT,
  SCALE_SET_NAME_LABEL,
  SCALE_SET_NAMESPACE_LABEL,
} from '../../api/labels.ts';
import { listenerName } from '../../api/names.ts';
import type { ExcludedPrefixes, StringMap } from './metadata.ts';
import { controlledBy, givenLabels, mergeAnnotations, mergeLabels } from './metadata.ts';
import { autoscalingRunnerSets } from '../client/resources.ts';

/** The largest number that `maxRunners` holds (int32): no limit. */
export const NO_LIMIT = INT32_MAX;

/** The parts of a config URL; those it does not have are empty. */
export interface UrlScope {
  enterprise: string;
  organization: string;
  repository: string;
}

/** What the children of a scale set are made from. */
export interface ScaleSetParts {
  autoscalingRunnerSet: AutoscalingRunnerSet;
  scope: UrlScope;
  excludedLabelPrefixes?: ExcludedPrefixes;
}

/** What an AutoscalingListener is made from. */
export interface ListenerParts extends ScaleSetParts {
  /** The EphemeralRunnerSet whose replicas the listener sets. */
  runnerSet: string;
  /** Where listeners live; unless given, beside their AutoscalingRunnerSet. */
  controllerNamespace?: string | undefined;
  listenerImage?: string | undefined;
  listenerPullSecrets: readonly string[];
}

/** The scale set's id as its annotation says; 0 without one. */
export function scaleSetIdOf({ metadata }: Pick<AutoscalingRunnerSet, 'metadata'>): number {
  const text = metadata.annotations?.[RUNNER_SCALE_SET_ID_ANNOTATION] ?? '';
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : 0;
}

/** The labels that name the parts of a config URL. */
export function urlLabels({ enterprise, organization, repository }: UrlScope): StringMap {
  const all = {
    [ENTERPRISE_LABEL]: enterprise,
    [ORGANIZATION_LABEL]: organization,
    [REPOSITORY_LABEL]: repository,
  };
  const given = Object.entries(all).filter(([, name]) => name !== '');
  return Object.fromEntries(given.map(([key, name]) => [key, labelValueOf(name)]));
}

/**
 * The EphemeralRunnerSet of a scale set as it should be, wanting no runner yet.
 *
 * @throws TypeError when the scale set was not read from the API server
 */
export function buildRunnerSet(parts: ScaleSetParts): EphemeralRunnerSet {
  const { metadata, spec } = parts.autoscalingRunnerSet;
  const ephemeralRunnerSpec = buildRunnerSpec(parts.autoscalingRunnerSet);
  const labels = labelsOf(parts, spec.ephemeralRunnerSetMetadata?.labels, RUNNER_SET_COMPONENT);
  const names = inherited(metadata.annotations, [
    RUNNER_GROUP_NAME_ANNOTATION,
    RUNNER_SCALE_SET_NAME_ANNOTATION,
  ]);
  return {
    apiVersion: API_VERSION,
    kind: 'EphemeralRunnerSet',
    metadata: {
      name: metadata.name ?? '',
      namespace: metadata.namespace ?? '',
      labels,
      annotations: {
        ...mergeAnnotations(spec.ephemeralRunnerSetMetadata?.annotations, {
          ...names,
          [INTEGRITY_HASH_ANNOTATION]: stableHash(ephemeralRunnerSpec),
        }),
        ...givenLabels(labels),
      },
      finalizers: [EPHEMERAL_RUNNER_SET_FINALIZER],
      ownerReferences: [controlledBy(parts.autoscalingRunnerSet, autoscalingRunnerSets)],
    },
    spec: {
      replicas: 0,
      patchID: 0,
      ephemeralRunnerSpec,
      ...(spec.ephemeralRunnerMetadata && { ephemeralRunnerMetadata: spec.ephemeralRunnerMetadata }),
    },
  };
}

type RunnerSpec = NonNullable<EphemeralRunnerSet['spec']['ephemeralRunnerSpec']>;

function buildRunnerSpec(scaleSet: AutoscalingRunnerSet): RunnerSpec {
  const { spec } = scaleSet;
  const { githubServerTLS, proxy, vaultConfig, ephemeralRunnerConfigSecretMetadata, template } = spec;
  return {
    githubConfigUrl: spec.githubConfigUrl ?? '',
    githubConfigSecret: spec.githubConfigSecret ?? '',
    runnerScaleSetId: scaleSetIdOf(scaleSet),
    ...(githubServerTLS && { githubServerTLS }),
    ...(proxy && { proxy }),
    ...(vaultConfig && { vaultConfig }),
    ...(ephemeralRunnerConfigSecretMetadata && { ephemeralRunnerConfigSecretMetadata }),
    ...(template?.metadata && { metadata: template.metadata }),
    ...(template?.spec && { spec: template.spec }),
  };
}

/** Where the listener of a scale set belongs: name and namespace. */
const listenerKeyOf = (
  { metadata, spec }: AutoscalingRunnerSet,
  controllerNamespace?: string,
): { namespace: string; name: string } => ({
  namespace: controllerNamespace ?? metadata.namespace ?? '',
  name: listenerName({
    name: metadata.name ?? '',
    namespace: metadata.namespace ?? '',
    githubConfigUrl: spec.githubConfigUrl ?? '',
    runnerGroup: spec.runnerGroup,
  }),
});

/** The AutoscalingListener of a scale set as it should be. It has no owner: it may live in another namespace. */
export function buildListener(parts: ListenerParts): AutoscalingListener {
  const { autoscalingRunnerSet, controllerNamespace } = parts;
  const spec = buildListenerSpec(parts);
  const mode = inherited(autoscalingRunnerSet.metadata.annotations, [LISTENER_MODE_ANNOTATION]);
  const given = autoscalingRunnerSet.spec.autoscalingListener;
  const labels = labelsOf(parts, given?.labels, LISTENER_COMPONENT);
  return {
    apiVersion: API_VERSION,
    kind: 'AutoscalingListener',
    metadata: {
      ...listenerKeyOf(autoscalingRunnerSet, controllerNamespace),
      labels,
      annotations: {
        ...mergeAnnotations(given?.annotations, {
          ...mode,
          [INTEGRITY_HASH_ANNOTATION]: stableHash(spec),
        }),
        ...givenLabels(labels),
      },
      finalizers: [AUTOSCALING_LISTENER_FINALIZER],
    },
    spec,
  };
}

function buildListenerSpec(parts: ListenerParts): AutoscalingListener['spec'] {
  const { autoscalingRunnerSet, runnerSet, listenerImage, listenerPullSecrets } = parts;
  const { metadata, spec } = autoscalingRunnerSet;
  const optional = {
    image: listenerImage,
    imagePullSecrets:
      listenerPullSecrets.length > 0 ? listenerPullSecrets.map((name) => ({ name })) : undefined,
    proxy: spec.proxy,
    githubServerTLS: spec.githubServerTLS,
    vaultConfig: spec.vaultConfig,
    metrics: spec.listenerMetrics,
    template: spec.listenerTemplate,
    configSecretMetadata: spec.listenerConfigSecretMetadata,
    serviceAccountMetadata: spec.listenerServiceAccountMetadata,
    roleMetadata: spec.listenerRoleMetadata,
    roleBindingMetadata: spec.listenerRoleBindingMetadata,
  };
  return {
    githubConfigUrl: spec.githubConfigUrl ?? '',
    githubConfigSecret: spec.githubConfigSecret ?? '',
    runnerScaleSetId: scaleSetIdOf(autoscalingRunnerSet),
    autoscalingRunnerSetNamespace: metadata.namespace ?? '',
    autoscalingRunnerSetName: metadata.name ?? '',
    ephemeralRunnerSetName: runnerSet,
    minRunners: spec.minRunners ?? 0,
    maxRunners: spec.maxRunners ?? NO_LIMIT,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

const labelsOf = (
  { autoscalingRunnerSet: { metadata }, scope, excludedLabelPrefixes }: ScaleSetParts,
  given: StringMap | undefined,
  component: string,
): StringMap =>
  mergeLabels(
    given,
    {
      ...metadata.labels,
      ...urlLabels(scope),
      [SCALE_SET_NAME_LABEL]: metadata.name ?? '',
      [SCALE_SET_NAMESPACE_LABEL]: metadata.namespace ?? '',
      [PART_OF_LABEL]: PART_OF,
      [COMPONENT_LABEL]: component,
    },
    excludedLabelPrefixes,
  );

const inherited = (annotations: StringMap | undefined, keys: readonly string[]): StringMap =>
  Object.fromEntries(
    keys.flatMap((key) => {
      const value = annotations?.[key];
      return value === undefined ? [] : [[key, value] as const];
    }),
  );

/** The name of the AutoscalingRunnerSet that an EphemeralRunnerSet belongs to, if any. */
export const ownerOf = ({ metadata }: Pick<EphemeralRunnerSet, 'metadata'>): string | undefined =>
  metadata.ownerReferences?.find(({ controller, kind }) => controller && kind === 'AutoscalingRunnerSet')
    ?.name;

/** The one that is scaled: the newest that is not being deleted. Older releases of ARC made a new one per template. */
export function currentOf<T extends Pick<EphemeralRunnerSet, 'metadata'>>(sets: readonly T[]): T | undefined {
  const made = ({ metadata }: T): number => Date.parse(metadata.creationTimestamp ?? '') || 0;
  const living = sets.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const [newest] = living.sort(
    (a, b) => made(b) - made(a) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? 1 : -1),
  );
  return newest;
}
