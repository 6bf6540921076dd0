import { setTimeout as sleep } from 'node:timers/promises';
import { INTEGRITY_HASH_ANNOTATION } from '../../api/annotations.ts';
import { listenerConfigSecretName, listenerProxySecretName } from '../../api/names.ts';
import type { AutoscalingListener } from '../../api/v1alpha1/autoscaling-listener.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreNotFound } from '../../kubernetes/client/errors.ts';
import type {
  KubernetesObject,
  OwnerReference,
  Pod,
  Resource,
  Secret,
} from '../../kubernetes/client/resources.ts';
import {
  autoscalingListeners,
  pods,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
} from '../../kubernetes/client/resources.ts';
import { contains, isSame } from '../../kubernetes/drift.ts';
import type { ListenerPodOptions } from '../../kubernetes/objects/listener.ts';
import {
  buildListenerConfigSecret,
  buildListenerPod,
  buildListenerProxySecret,
  buildListenerRole,
  buildListenerRoleBinding,
  buildListenerServiceAccount,
} from '../../kubernetes/objects/listener.ts';
import { SetupError, judged } from '../failures.ts';
import type { GitHubAccessDeps } from '../github-access/connect.ts';
import { readCertificate } from '../github-access/connect.ts';
import { credentialSourceOf } from '../github-access/credential-source.ts';
import { resolveProxy } from '../github-access/proxy.ts';
import type { ListenerConfigOptions } from './pod-config.ts';
import { buildListenerConfig } from './pod-config.ts';
import type { ListenerKey } from './setup.ts';
import { accessOf } from './setup.ts';

/** How listeners' pods are made. */
export interface ListenerPods extends ListenerConfigOptions, Omit<ListenerPodOptions, 'metricsAddress'> {}

/** Whose pod it is about: this very listener's, not that of another one of the same name. */
export interface ListenerTarget extends ListenerKey {
  uid: string;
}

/** What making a listener's pod, or removing it, needs. */
export interface ListenerPodDeps extends Pick<GitHubAccessDeps, 'vaults'> {
  kubernetes: KubernetesClient;
  /** Absent: this worker can make none. */
  listenerPods?: ListenerPods | undefined;
  excludedLabelPrefixes?: readonly string[];
}

/**
 * Brings everything that a listener's pod needs up to date, and the pod itself: one that ended, or was made from
 * something else, is made anew. Idempotent; answers when the pod is wanted, not when it runs.
 */
export const applyListenerPodActivity =
  (deps: ListenerPodDeps) =>
  (target: ListenerTarget): Promise<void> =>
    judged(async () => {
      const listener = await readTarget(deps.kubernetes, target);
      if (listener && !listener.metadata.deletionTimestamp) await apply(deps, listener);
    });

/** Takes away what a listener's pod needed, and the pod: the listener runs in the workers from now on. */
export const removeListenerPodActivity =
  ({ kubernetes }: ListenerPodDeps) =>
  (target: ListenerTarget): Promise<void> =>
    judged(async () => {
      const listener = await readTarget(kubernetes, target);
      if (listener) await deletePodObjects(kubernetes, listener);
    });

/** Another one of the same name is none of ours to change: what it needs is seen to with it. */
async function readTarget(
  kubernetes: KubernetesClient,
  { namespace, name, uid }: ListenerTarget,
): Promise<AutoscalingListener | undefined> {
  const listener = await ignoreNotFound(kubernetes.get(autoscalingListeners, { namespace, name }));
  return listener?.metadata.uid === uid ? listener : undefined;
}

async function apply(deps: ListenerPodDeps, listener: AutoscalingListener) {
  const { kubernetes, vaults, listenerPods, excludedLabelPrefixes: excluded } = deps;
  if (!listenerPods || !(listener.spec.image || listenerPods.image)) {
    throw new SetupError(
      'ListenerImageMissing',
      'A listener is to run in a pod, and no image is known: give --listener-image, or spec.image.',
    );
  }
  const config = await configOf({ kubernetes, vaults }, listener, listenerPods);
  const configSecret = buildListenerConfigSecret(listener, config, excluded);
  const proxySecret = await proxySecretOf({ kubernetes, vaults }, listener);
  await keep(kubernetes, serviceAccounts, {
    wanted: buildListenerServiceAccount(listener, excluded),
    fields: [],
  });
  await keep(kubernetes, roles, { wanted: buildListenerRole(listener, excluded), fields: ['rules'] });
  const binding = buildListenerRoleBinding(listener, excluded);
  await keep(kubernetes, roleBindings, { wanted: binding, fields: ['subjects'] });
  await keep(kubernetes, secrets, { wanted: configSecret, fields: ['data'] });
  if (proxySecret) await keep(kubernetes, secrets, { wanted: proxySecret, fields: ['data'] });
  const hashes = [configSecret, proxySecret].flatMap((secret) => hashOf(secret?.metadata) ?? []);
  const { metricsAddress, image, command, environment } = listenerPods;
  const podOptions = { image, command, environment, ...(metricsAddress !== '' && { metricsAddress }) };
  await keepPod(kubernetes, buildListenerPod(listener, podOptions, hashes));
}

type Sources = Pick<ListenerPodDeps, 'kubernetes' | 'vaults'>;

/** The text of the configuration file, which is a secret. */
async function configOf(
  sources: Sources,
  listener: AutoscalingListener,
  options: ListenerPods,
): Promise<string> {
  const { spec } = listener;
  const access = accessOf(spec);
  const namespace = spec.autoscalingRunnerSetNamespace ?? listener.metadata.namespace ?? '';
  const source = await credentialSourceOf(sources, namespace, access);
  const [credentials, ca] = await Promise.all([
    // With a vault, the pod asks it itself.
    spec.vaultConfig?.type
      ? Promise.resolve({})
      : source.read({ name: access.githubConfigSecret, field: 'githubConfigSecret' }),
    readCertificate(sources.kubernetes, namespace, access),
  ]);
  return `${JSON.stringify(buildListenerConfig(listener, { credentials, ca }, options))}\n`;
}

async function proxySecretOf(sources: Sources, listener: AutoscalingListener): Promise<Secret | undefined> {
  const { proxy, autoscalingRunnerSetNamespace } = listener.spec;
  if (!proxy) return undefined;
  const namespace = autoscalingRunnerSetNamespace ?? listener.metadata.namespace ?? '';
  return buildListenerProxySecret(listener, await resolveProxy(sources.kubernetes, namespace, proxy));
}

interface Kept {
  metadata?: {
    name?: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: OwnerReference[];
  };
}

const hashOf = (metadata: Kept['metadata']): string | undefined =>
  metadata?.annotations?.[INTEGRITY_HASH_ANNOTATION];

/** Creates the object, or patches what differs. Labels and annotations that others added stay. */
async function keep<T extends Kept>(
  kubernetes: KubernetesClient,
  resource: Resource<T>,
  { wanted, fields }: { wanted: T; fields: readonly (keyof T & string)[] },
): Promise<void> {
  const { name = '', namespace = '', labels, annotations, ownerReferences } = wanted.metadata ?? {};
  const present = await ignoreNotFound(kubernetes.get(resource, { namespace, name }));
  if (!present) {
    await kubernetes.create(resource, namespace, wanted);
    return;
  }
  const isCurrent =
    contains(present.metadata?.labels, labels) &&
    contains(present.metadata?.annotations, annotations) &&
    // What an earlier listener of this name left would go along with that one.
    ownerReferences?.[0]?.uid === present.metadata?.ownerReferences?.[0]?.uid &&
    fields.every((field) => isSame(present[field], wanted[field]));
  if (isCurrent) return;
  const content = Object.fromEntries(fields.map((field) => [field, wanted[field]]));
  await kubernetes.mergePatch(
    resource,
    { namespace, name },
    { metadata: { labels, annotations, ownerReferences }, ...content },
  );
}

async function keepPod(kubernetes: KubernetesClient, wanted: Pod): Promise<void> {
  const { name = '', namespace = '' } = wanted.metadata ?? {};
  const present = await ignoreNotFound(kubernetes.get(pods, { namespace, name }));
  if (!present) {
    await kubernetes.create(pods, namespace, wanted);
    return;
  }
  if (present.metadata?.deletionTimestamp !== undefined) return;
  const isAnothers = isOwnedByAnother(present, wanted.metadata?.ownerReferences?.[0]?.uid);
  if (isAnothers || isOver(present) || hashOf(present.metadata) !== hashOf(wanted.metadata)) {
    await ignoreNotFound(kubernetes.delete(pods, { namespace, name }, { uid: present.metadata?.uid }));
  }
}

/** Evicted, failed, or its listener ended, whatever the exit code. */
const isOver = ({ status }: Pod): boolean =>
  status?.phase === 'Failed' ||
  status?.phase === 'Succeeded' ||
  status?.containerStatuses?.some(({ name, state }) => name === 'listener' && state?.terminated) === true;

async function deletePodObjects(
  kubernetes: KubernetesClient,
  { metadata, spec }: AutoscalingListener,
): Promise<void> {
  const { name = '', namespace = '', uid = '' } = metadata;
  const scaleSetNamespace = spec.autoscalingRunnerSetNamespace ?? namespace;
  const key = { namespace, name };
  const owned = { kubernetes, namespace, uid };
  await deleteOwned(owned, pods, name);
  await deleteOwned(owned, secrets, listenerConfigSecretName(name));
  await deleteOwned(owned, secrets, listenerProxySecretName(name));
  // These lie in another namespace, where nothing can own them.
  const successor = await ignoreNotFound(kubernetes.get(autoscalingListeners, key));
  if (successor === undefined || successor.metadata.uid === uid) {
    await ignoreNotFound(kubernetes.delete(roleBindings, { namespace: scaleSetNamespace, name }));
    await ignoreNotFound(kubernetes.delete(roles, { namespace: scaleSetNamespace, name }));
  }
  await deleteOwned(owned, serviceAccounts, name);
}

/** What another listener of the same name has made for itself stays. */
async function deleteOwned<T extends KubernetesObject & Kept>(
  { kubernetes, namespace, uid }: { kubernetes: KubernetesClient; namespace: string; uid: string },
  resource: Resource<T>,
  name: string,
): Promise<void> {
  const object = await ignoreNotFound(kubernetes.get(resource, { namespace, name }));
  if (!object || isOwnedByAnother(object, uid)) return;
  await ignoreNotFound(kubernetes.delete(resource, { namespace, name }, { uid: object.metadata?.uid }));
}

const isOwnedByAnother = ({ metadata }: Kept, uid: string | undefined): boolean =>
  metadata?.ownerReferences?.some(
    (owner) => owner.kind === autoscalingListeners.kind && owner.uid !== uid,
  ) === true;

/** A pod that does not end in this time (milliseconds) is left to Kubernetes, which owns it by then. */
const POD_DEADLINE_MS = 90_000;

/** Deletes everything and waits until the pod is gone. A listener that never had a pod costs one request. */
export async function removePodObjects(
  kubernetes: KubernetesClient,
  listener: AutoscalingListener,
  signal: AbortSignal,
): Promise<void> {
  const { name = '', namespace = '' } = listener.metadata;
  const account = await ignoreNotFound(kubernetes.get(serviceAccounts, { namespace, name }));
  const pod = await ignoreNotFound(kubernetes.get(pods, { namespace, name }));
  if (!account && !pod) return;
  await deletePodObjects(kubernetes, listener);
  const deadline = Date.now() + POD_DEADLINE_MS;
  while (pod && Date.now() < deadline) {
    const left = await ignoreNotFound(kubernetes.get(pods, { namespace, name }));
    if (left?.metadata?.uid !== pod.metadata?.uid || isOwnedByAnother(pod, listener.metadata.uid)) return;
    await sleep(500, undefined, { signal });
  }
}
