import { PATCH_ID_ANNOTATION, REVISION_ANNOTATION } from '../../api/annotations.ts';
import type { EphemeralRunner, EphemeralRunnerSpec } from '../../api/v1alpha1/ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import { EPHEMERAL_RUNNER_FINALIZERS } from '../../api/finalizers.ts';
import { API_VERSION } from '../../api/v1alpha1/group.ts';
import {
  COMPONENT_LABEL,
  EPHEMERAL_RUNNER_LABEL,
  EPHEMERAL_RUNNER_LABEL_VALUE,
  POD_TEMPLATE_HASH_LABEL,
  RUNNER_COMPONENT,
} from '../../api/labels.ts';
import { jitSecretName, runnerProxySecretName } from '../../api/names.ts';
import { revisionOf } from '../../api/revision.ts';
import type { ExcludedPrefixes } from './metadata.ts';
import { controlledBy, mergeAnnotations, mergeLabels } from './metadata.ts';
import { RUNNER_CONTAINER } from '../pod-state.ts';
import type { Pod, Secret } from '../client/resources.ts';
import { ephemeralRunners, ephemeralRunnerSets } from '../client/resources.ts';

type PodSpec = NonNullable<Pod['spec']>;
type Container = PodSpec['containers'][number];
type EnvVar = NonNullable<Container['env']>[number];

/** Keys of the Secret that holds a runner's registration. */
const JIT_SECRET_KEYS = {
  jitToken: 'jitToken',
  runnerName: 'runnerName',
  runnerId: 'runnerId',
  scaleSetId: 'scaleSetId',
} as const;

/**
 * The EphemeralRunner that a set makes under this name: the set's runner spec as it is, with the set's labels and
 * annotations, both finalizers from the start, and the set as its controller.
 *
 * @throws TypeError when the set was not read from the API server
 */
export function buildEphemeralRunner({
  set,
  name,
  patchId,
  excludedLabelPrefixes,
}: {
  set: EphemeralRunnerSet;
  name: string;
  /** `spec.patchID` of the set when it decided to make this runner. */
  patchId: number;
  excludedLabelPrefixes?: ExcludedPrefixes;
}): EphemeralRunner {
  const { metadata } = set;
  const spec = runnerSpecOf(set);
  const given = set.spec.ephemeralRunnerMetadata;
  const marks = { [PATCH_ID_ANNOTATION]: String(patchId), [REVISION_ANNOTATION]: revisionOf(spec) };
  const labels = { ...metadata.labels, [COMPONENT_LABEL]: RUNNER_COMPONENT };
  return {
    apiVersion: API_VERSION,
    kind: 'EphemeralRunner',
    metadata: {
      name,
      ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
      labels: mergeLabels(given?.labels, labels, excludedLabelPrefixes),
      annotations: mergeAnnotations(given?.annotations, { ...metadata.annotations, ...marks }),
      finalizers: [...EPHEMERAL_RUNNER_FINALIZERS],
      ownerReferences: [controlledBy(set, ephemeralRunnerSets)],
    },
    spec: { ...spec, ...(spec.proxy && { proxySecretRef: proxySecretOf(set) }) },
  };
}

function runnerSpecOf({ spec }: EphemeralRunnerSet): EphemeralRunnerSpec {
  if (spec.ephemeralRunnerSpec) return spec.ephemeralRunnerSpec;
  throw new TypeError(
    'EphemeralRunnerSet: spec.ephemeralRunnerSpec is missing; it says how runners are made.',
  );
}

const proxySecretOf = ({ metadata }: EphemeralRunnerSet): string =>
  runnerProxySecretName(metadata.name ?? '', metadata.namespace ?? '');

/** A runner's registration, as far as its Secret goes. */
export interface Registration {
  encodedJITConfig: string;
  runner: { id: number; name: string };
}

/**
 * The Secret with a runner's registration. It bears the runner's name and is owned by it.
 *
 * @throws TypeError when the runner was not read from the API server
 */
export function buildJitSecret({
  runner,
  jit,
  scaleSetId,
  excludedLabelPrefixes,
}: {
  runner: EphemeralRunner;
  jit: Registration;
  scaleSetId: number;
  excludedLabelPrefixes?: ExcludedPrefixes;
}): Secret {
  const given = runner.spec.ephemeralRunnerConfigSecretMetadata;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: jitSecretName(runner.metadata.name ?? ''),
      ...(runner.metadata.namespace !== undefined && { namespace: runner.metadata.namespace }),
      labels: mergeLabels(given?.labels, undefined, excludedLabelPrefixes),
      annotations: { ...given?.annotations },
      ownerReferences: [controlledBy(runner, ephemeralRunners)],
    },
    data: {
      [JIT_SECRET_KEYS.jitToken]: base64(jit.encodedJITConfig),
      [JIT_SECRET_KEYS.runnerName]: base64(jit.runner.name),
      [JIT_SECRET_KEYS.runnerId]: base64(String(jit.runner.id)),
      [JIT_SECRET_KEYS.scaleSetId]: base64(String(scaleSetId)),
    },
  };
}

/** The runner's id at GitHub, as its Secret has it. */
export function runnerIdOf({ data }: Secret): number | undefined {
  const id = Number(Buffer.from(data?.[JIT_SECRET_KEYS.runnerId] ?? '', 'base64').toString());
  return Number.isSafeInteger(id) && id > 0 ? id : undefined;
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

/**
 * The pod of a runner: its template as it is, but for `restartPolicy`, with the registration and the proxy in the
 * environment of the container named `runner`. It bears the runner's name and is owned by it.
 *
 * @throws TypeError when the runner was not read from the API server
 */
export function buildRunnerPod({ runner, version }: { runner: EphemeralRunner; version: string }): Pod {
  const { metadata, spec } = runner;
  const template = spec.spec ?? { containers: [] };
  const marks = {
    [EPHEMERAL_RUNNER_LABEL]: EPHEMERAL_RUNNER_LABEL_VALUE,
    [POD_TEMPLATE_HASH_LABEL]: metadata.annotations?.[REVISION_ANNOTATION] ?? revisionOf(spec),
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: metadata.name ?? '',
      ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
      labels: { ...mergeLabels(metadata.labels, spec.metadata?.labels), ...marks },
      annotations: mergeAnnotations(metadata.annotations, spec.metadata?.annotations),
      ownerReferences: [controlledBy(runner, ephemeralRunners)],
    },
    spec: {
      ...template,
      // A runner that is started again would present a registration that has been used.
      restartPolicy: 'Never',
      containers: template.containers.map((container) =>
        container.name === RUNNER_CONTAINER ? withEnv(container, runnerEnv(runner, version)) : container,
      ),
    },
  };
}

const withEnv = (container: Container, env: EnvVar[]): Container => ({
  ...container,
  env: [...(container.env ?? []), ...env],
});

const runnerEnv = (runner: EphemeralRunner, version: string): EnvVar[] => [
  fromSecret(
    'ACTIONS_RUNNER_INPUT_JITCONFIG',
    jitSecretName(runner.metadata.name ?? ''),
    JIT_SECRET_KEYS.jitToken,
  ),
  { name: 'GITHUB_ACTIONS_RUNNER_EXTRA_USER_AGENT', value: `actions-runner-controller/${version}` },
  { name: 'ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE', value: '1' },
  ...proxyEnv(runner),
];

/** The parts of the proxy that the spec sets, from the Secret that holds their URLs. */
function proxyEnv({ spec: { proxy, proxySecretRef } }: EphemeralRunner): EnvVar[] {
  if (!proxy || !proxySecretRef) return [];
  return [
    ...(proxy.http ? ['http_proxy'] : []),
    ...(proxy.https ? ['https_proxy'] : []),
    ...(proxy.noProxy?.length ? ['no_proxy'] : []),
  ].map((name) => fromSecret(name, proxySecretRef, name));
}

const fromSecret = (name: string, secret: string, key: string): EnvVar => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key } },
});
