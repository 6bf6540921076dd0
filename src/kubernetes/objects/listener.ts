import { INTEGRITY_HASH_ANNOTATION } from '../../api/annotations.ts';
import type {
  AutoscalingListener,
  AutoscalingListenerSpec,
} from '../../api/v1alpha1/autoscaling-listener.ts';
import { stableHash } from '../../api/hash.ts';
import {
  COMPONENT_LABEL,
  LISTENER_COMPONENT,
  LISTENER_NAME_LABEL,
  labelValueOf,
  LISTENER_NAMESPACE_LABEL,
  SCALE_SET_NAME_LABEL,
  SCALE_SET_NAMESPACE_LABEL,
} from '../../api/labels.ts';
import { listenerConfigSecretName, listenerProxySecretName } from '../../api/names.ts';
import type { ExcludedPrefixes, MetadataBlock, StringMap } from './metadata.ts';
import { controlledBy, mergeAnnotations, mergeLabels } from './metadata.ts';
import type { Pod, Role, RoleBinding, Secret, ServiceAccount } from '../client/resources.ts';
import { autoscalingListeners, ephemeralRunnerSets } from '../client/resources.ts';
import { LISTENER_PERMISSIONS } from '../permissions.ts';
import { LISTENER_CONTAINER, mergeListenerTemplate } from './listener-template.ts';

/** The objects of a listener that runs in a pod of its own. All builders are pure. */

type PodSpec = NonNullable<Pod['spec']>;
type EnvVar = NonNullable<PodSpec['containers'][number]['env']>[number];

/** Where the pod finds its configuration, and the variable that says so. */
const LISTENER_CONFIG_FOLDER = '/etc/gha-listener';
const LISTENER_CONFIG_KEY = 'config.json';
/** The variable with the path of the configuration file. */
export const LISTENER_CONFIG_VARIABLE = 'LISTENER_CONFIG_PATH';

/** The variable that says whose pod it is: namespace and name of the AutoscalingListener, with a slash between. */
export const LISTENER_KEY_VARIABLE = 'TEMPORAL_ARC_LISTENER';

const CONFIG_VOLUME = 'listener-config';

const RBAC = 'rbac.authorization.k8s.io/v1';

/** What the pod of a listener has of its worker's environment: variables, and files with their volumes. */
export interface ListenerEnvironment {
  env: EnvVar[];
  volumes: NonNullable<PodSpec['volumes']>;
  volumeMounts: NonNullable<PodSpec['containers'][number]['volumeMounts']>;
}

/** What a pod needs beside the resource it serves. */
export interface ListenerPodOptions {
  /** Image, where the listener names none. */
  image: string;
  command: readonly string[];
  /** How Temporal is found. */
  environment: ListenerEnvironment;
  /** `:8080` or `host:port`; absent: no metrics. */
  metricsAddress?: string | undefined;
}

const namespaceOf = ({ spec, metadata }: AutoscalingListener): string =>
  spec.autoscalingRunnerSetNamespace ?? metadata.namespace ?? '';

const nameOf = ({ metadata }: AutoscalingListener): string => metadata.name ?? '';

/** Labels of what a listener brings with it. */
const labelsOf = (listener: AutoscalingListener): StringMap => ({
  ...listener.metadata.labels,
  [SCALE_SET_NAMESPACE_LABEL]: namespaceOf(listener),
  [SCALE_SET_NAME_LABEL]: listener.spec.autoscalingRunnerSetName ?? '',
});

/** Beside the listener, and owned by it. */
const owned = (listener: AutoscalingListener, name: string, content: Described) => ({
  name,
  namespace: listener.metadata.namespace ?? '',
  labels: mergeLabels(content.given?.labels, content.labels, content.excluded),
  annotations: mergeAnnotations(content.given?.annotations, { [INTEGRITY_HASH_ANNOTATION]: content.hash }),
  ownerReferences: [controlledBy(listener, autoscalingListeners)],
});

interface Described {
  given: MetadataBlock | undefined;
  labels: StringMap;
  hash: string;
  /** Not for a pod: the watch finds it by its labels, which are those of its listener. */
  excluded?: ExcludedPrefixes;
}

/** The ServiceAccount a listener's pod runs as. */
export const buildListenerServiceAccount = (
  listener: AutoscalingListener,
  excluded: ExcludedPrefixes = [],
): ServiceAccount => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: owned(listener, nameOf(listener), {
    given: listener.spec.serviceAccountMetadata,
    labels: labelsOf(listener),
    hash: stableHash({}),
    excluded,
  }),
});

/** In the namespace of the scale set, so that nothing can own them: labels say whose they are. */
const beside = (
  listener: AutoscalingListener,
  { given, hash, excluded }: Pick<Described, 'given' | 'hash' | 'excluded'>,
) => ({
  name: nameOf(listener),
  namespace: namespaceOf(listener),
  labels: mergeLabels(
    given?.labels,
    {
      ...labelsOf(listener),
      [LISTENER_NAME_LABEL]: labelValueOf(nameOf(listener)),
      [LISTENER_NAMESPACE_LABEL]: listener.metadata.namespace ?? '',
    },
    excluded,
  ),
  annotations: mergeAnnotations(given?.annotations, { [INTEGRITY_HASH_ANNOTATION]: hash }),
});

/** What the listener may do: give the order for replicas, and note jobs in the status of runners. */
export function buildListenerRole(listener: AutoscalingListener, excluded: ExcludedPrefixes = []): Role {
  const { ephemeralRunnerSetName: ownSet = '' } = listener.spec;
  const rules = LISTENER_PERMISSIONS.map(({ group, resource, verbs }) => ({
    apiGroups: [group],
    resources: [resource],
    ...(resource === ephemeralRunnerSets.plural && { resourceNames: [ownSet] }),
    verbs: [...verbs],
  }));
  const metadata = beside(listener, { given: listener.spec.roleMetadata, hash: stableHash(rules), excluded });
  return { apiVersion: RBAC, kind: 'Role', metadata, rules };
}

/** Lets the listener's ServiceAccount do what its Role says, in the namespace of the runners. */
export function buildListenerRoleBinding(
  listener: AutoscalingListener,
  excluded: ExcludedPrefixes = [],
): RoleBinding {
  const name = nameOf(listener);
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  const subjects = [{ kind: 'ServiceAccount', name, namespace: listener.metadata.namespace ?? '' }];
  const hash = stableHash({ roleRef, subjects });
  const metadata = beside(listener, { given: listener.spec.roleBindingMetadata, hash, excluded });
  return { apiVersion: RBAC, kind: 'RoleBinding', metadata, roleRef, subjects };
}

/** @param config the text of the configuration file, which is a secret */
export function buildListenerConfigSecret(
  listener: AutoscalingListener,
  config: string,
  excluded: ExcludedPrefixes = [],
): Secret {
  const data = { [LISTENER_CONFIG_KEY]: base64(config) };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: owned(listener, listenerConfigSecretName(nameOf(listener)), {
      given: listener.spec.configSecretMetadata,
      labels: {},
      hash: stableHash(data),
      excluded,
    }),
    data,
  };
}

/** All three keys are always there, if need be empty. */
export function buildListenerProxySecret(
  listener: AutoscalingListener,
  proxy: { httpProxy: string; httpsProxy: string; noProxy: string },
): Secret {
  const data = {
    http_proxy: base64(proxy.httpProxy),
    https_proxy: base64(proxy.httpsProxy),
    no_proxy: base64(proxy.noProxy),
  };
  const { [SCALE_SET_NAME_LABEL]: name = '', [SCALE_SET_NAMESPACE_LABEL]: namespace = '' } =
    labelsOf(listener);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: owned(listener, listenerProxySecretName(nameOf(listener)), {
      given: undefined,
      labels: { [SCALE_SET_NAME_LABEL]: name, [SCALE_SET_NAMESPACE_LABEL]: namespace },
      hash: stableHash(data),
    }),
    data,
  };
}

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

/**
 * The pod of a listener, its template merged in. Its annotation says what it was made from: another value means that it
 * must be made anew.
 *
 * @param secretHashes of the Secrets it mounts or takes its environment from
 */
export function buildListenerPod(
  listener: AutoscalingListener,
  options: ListenerPodOptions,
  secretHashes: readonly string[],
): Pod {
  const { spec, metadata } = listener;
  // By this label the watch finds it.
  const podLabels = { ...metadata.labels, [COMPONENT_LABEL]: LISTENER_COMPONENT };
  // With its labels: a chart's role lets pods be created and deleted, not changed.
  const hash = stableHash({ spec, labels: podLabels, options, secretHashes });
  const pod: Pod & { spec: PodSpec } = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...owned(listener, nameOf(listener), { given: undefined, labels: podLabels, hash }),
    },
    spec: {
      containers: [listenerContainer(listener, options)],
      serviceAccountName: nameOf(listener),
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 60,
      volumes: [
        { name: CONFIG_VOLUME, secret: { secretName: listenerConfigSecretName(nameOf(listener)) } },
        ...options.environment.volumes,
      ],
      ...(spec.imagePullSecrets && {
        imagePullSecrets: spec.imagePullSecrets.map(({ name = '' }) => ({ name })),
      }),
    },
  };
  return spec.template ? mergeListenerTemplate(pod, spec.template) : pod;
}

function listenerContainer(
  listener: AutoscalingListener,
  { image, command, environment, metricsAddress }: ListenerPodOptions,
): PodSpec['containers'][number] {
  const port = Number(metricsAddress?.slice(metricsAddress.lastIndexOf(':') + 1));
  return {
    name: LISTENER_CONTAINER,
    image: listener.spec.image || image,
    command: [...command],
    env: [
      { name: LISTENER_CONFIG_VARIABLE, value: `${LISTENER_CONFIG_FOLDER}/${LISTENER_CONFIG_KEY}` },
      { name: LISTENER_KEY_VARIABLE, value: `${listener.metadata.namespace ?? ''}/${nameOf(listener)}` },
      ...environment.env,
      ...proxyEnv(listener),
    ],
    ...(port > 0 && { ports: [{ name: 'metrics', containerPort: port, protocol: 'TCP' }] }),
    volumeMounts: [
      { name: CONFIG_VOLUME, mountPath: LISTENER_CONFIG_FOLDER, readOnly: true },
      ...environment.volumeMounts,
    ],
  };
}

/** The parts of the proxy that the spec sets, from the Secret that holds their URLs. */
function proxyEnv(listener: AutoscalingListener): EnvVar[] {
  const { proxy }: AutoscalingListenerSpec = listener.spec;
  if (!proxy) return [];
  const names = [
    ...(proxy.http ? ['http_proxy'] : []),
    ...(proxy.https ? ['https_proxy'] : []),
    ...(proxy.noProxy?.length ? ['no_proxy'] : []),
  ];
  const secret = listenerProxySecretName(nameOf(listener));
  return names.map((key) => ({ name: key, valueFrom: { secretKeyRef: { name: secret, key } } }));
}
