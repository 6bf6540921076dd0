import type {
  CoreV1Event,
  V1ConfigMap,
  V1Namespace,
  V1OwnerReference,
  V1Pod,
  V1PodDisruptionBudget,
  V1ResourceQuota,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1ServiceAccount,
  V1Status,
} from '@kubernetes/client-node';
import type { Crd } from '../../api/crd.ts';
import type { AutoscalingListener } from '../../api/v1alpha1/autoscaling-listener.ts';
import type { AutoscalingRunnerSet } from '../../api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import type { EphemeralRunner } from '../../api/v1alpha1/ephemeral-runner.ts';
import { API_VERSION, PLURALS } from '../../api/v1alpha1/group.ts';
import type { Wire } from '../../api/v1alpha1/wire.ts';

export type { ObjectMeta, PodTemplate } from '../../api/v1alpha1/wire.ts';

/** Who an object goes with when it is garbage collected. */
export type OwnerReference = Wire<V1OwnerReference>;
/** A pod as the API server sends it. */
export type Pod = Wire<V1Pod>;
/** A Secret; its data is base64. */
export type Secret = Wire<V1Secret>;
/** A ConfigMap. */
export type ConfigMap = Wire<V1ConfigMap>;
/** An Event of the core API, which `kubectl describe` shows. */
export type CoreEvent = Wire<CoreV1Event>;
/** A namespace. */
export type Namespace = Wire<V1Namespace>;
/** A ServiceAccount. */
export type ServiceAccount = Wire<V1ServiceAccount>;
/** What may be done in a namespace. */
export type Role = Wire<V1Role>;
/** Who may do it. */
export type RoleBinding = Wire<V1RoleBinding>;
/** What the API server answers when it refuses, and to some deletions. */
export type Status = Wire<V1Status>;
/** How many pods of a selection may be evicted. */
export type PodDisruptionBudget = Wire<V1PodDisruptionBudget>;
/** What a namespace may hold at most. */
export type ResourceQuota = Wire<V1ResourceQuota>;

/** A CustomResourceDefinition of ours as the API server has it. */
export type PresentCrd = Crd & {
  metadata: { deletionTimestamp?: string | undefined; resourceVersion?: string | undefined };
};

/** What the client asks of every object. */
export interface KubernetesObject {
  apiVersion?: string | undefined;
  kind?: string | undefined;
  metadata?:
    | {
        name?: string | undefined;
        namespace?: string | undefined;
        uid?: string | undefined;
        resourceVersion?: string | undefined;
      }
    | undefined;
}

/** Where objects of type `T` are served. */
export interface Resource<T extends KubernetesObject = KubernetesObject> {
  /** `v1`, or group and version. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Gives an object as it was read what its type promises and the API server does not demand. */
  complete?(object: T): T;
  /** Never set: ties the descriptor to its type. */
  readonly object?: T;
}

/** An object as its readers may rely on it. */
export const completed = <T extends KubernetesObject>(resource: Resource<T>, object: T): T =>
  resource.complete?.(object) ?? object;

/** The CRDs demand no `spec`, as ARC's do not. One that is not there asks for nothing; whoever reads it says what is missing. */
const withSpec = <T extends { spec: object }>(object: T): T =>
  (object as Partial<T>).spec ? object : { ...object, spec: {} };

const CORE = 'v1';
const POLICY = 'policy/v1';
const RBAC = 'rbac.authorization.k8s.io/v1';

/** Where AutoscalingRunnerSets are found. */
export const autoscalingRunnerSets: Resource<AutoscalingRunnerSet> = {
  apiVersion: API_VERSION,
  kind: 'AutoscalingRunnerSet',
  plural: PLURALS.AutoscalingRunnerSet,
  namespaced: true,
  complete: withSpec,
};
/** Where AutoscalingListeners are found. */
export const autoscalingListeners: Resource<AutoscalingListener> = {
  apiVersion: API_VERSION,
  kind: 'AutoscalingListener',
  plural: PLURALS.AutoscalingListener,
  namespaced: true,
  complete: withSpec,
};
/** Where EphemeralRunnerSets are found. */
export const ephemeralRunnerSets: Resource<EphemeralRunnerSet> = {
  apiVersion: API_VERSION,
  kind: 'EphemeralRunnerSet',
  plural: PLURALS.EphemeralRunnerSet,
  namespaced: true,
  complete: withSpec,
};
/** Where EphemeralRunners are found. */
export const ephemeralRunners: Resource<EphemeralRunner> = {
  apiVersion: API_VERSION,
  kind: 'EphemeralRunner',
  plural: PLURALS.EphemeralRunner,
  namespaced: true,
  complete: withSpec,
};

/** Where pods are found. */
export const pods: Resource<Pod> = { apiVersion: CORE, kind: 'Pod', plural: 'pods', namespaced: true };
/** Where Secrets are found. */
export const secrets: Resource<Secret> = {
  apiVersion: CORE,
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
};
/** Where ConfigMaps are found. */
export const configMaps: Resource<ConfigMap> = {
  apiVersion: CORE,
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};
/** Where Events are found. */
export const events: Resource<CoreEvent> = {
  apiVersion: CORE,
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};
/** Where namespaces are found; they belong to the whole cluster. */
export const namespaces: Resource<Namespace> = {
  apiVersion: CORE,
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};
/** Where ServiceAccounts are found. */
export const serviceAccounts: Resource<ServiceAccount> = {
  apiVersion: CORE,
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
};
/** Where ResourceQuotas are found. */
export const resourceQuotas: Resource<ResourceQuota> = {
  apiVersion: CORE,
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  namespaced: true,
};
/** Where PodDisruptionBudgets are found. */
export const podDisruptionBudgets: Resource<PodDisruptionBudget> = {
  apiVersion: POLICY,
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  namespaced: true,
};
/** Where Roles are found. */
export const roles: Resource<Role> = { apiVersion: RBAC, kind: 'Role', plural: 'roles', namespaced: true };
/** Where RoleBindings are found. */
export const roleBindings: Resource<RoleBinding> = {
  apiVersion: RBAC,
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
};
/** Where CustomResourceDefinitions are found; they belong to the whole cluster. */
export const customResourceDefinitions: Resource<PresentCrd> = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
