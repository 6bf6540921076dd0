import {
  CREATION_BLOCKED_CONDITION,
  READY_CONDITION,
  SCALE_SET_READY_CONDITION,
  findCondition,
} from '../../../api/conditions.ts';
import type { AutoscalingListener } from '../../../api/v1alpha1/autoscaling-listener.ts';
import type { AutoscalingRunnerSet } from '../../../api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../../api/v1alpha1/ephemeral-runner-set.ts';
import type { WorkflowTarget } from '../workflow-target.ts';

/** A Secret or ConfigMap that something is made from. */
export interface Reference {
  kind: 'Secret' | 'ConfigMap';
  namespace: string;
  name: string;
}

/** Something that waits for a repair, and what a repair of it would change. */
export interface Blocked {
  target: WorkflowTarget;
  references: Reference[];
  /** Kubernetes refuses runners of this set: whether it still does shows a dry run. */
  set?: EphemeralRunnerSet;
}

/** Reasons for which Kubernetes refuses a runner: by a quota, by admission, or for lack of rights. */
const REFUSALS = new Set([
  'AdmissionUnavailable',
  'DeniedByAdmission',
  'InvalidPodTemplate',
  'InvalidTemplate',
  'KubernetesForbidden',
  'QuotaExceeded',
]);

/** What blocks a set, if anything does. One that is being deleted may wait for the credentials to do so. */
export function blockedRunnerSet(set: EphemeralRunnerSet): Blocked | undefined {
  const { namespace = '', name = '', deletionTimestamp } = set.metadata;
  const blocked = findCondition(set.status?.conditions, CREATION_BLOCKED_CONDITION);
  const isGoing = deletionTimestamp !== undefined;
  if (blocked?.status !== 'True' && !isGoing) return undefined;
  return {
    target: { namespace, runnerSet: name },
    references: referencesOf(namespace, set.spec.ephemeralRunnerSpec),
    ...(!isGoing && REFUSALS.has(blocked?.reason ?? '') && { set }),
  };
}

/** What blocks a scale set, if its preparation at GitHub fails, or its deletion. */
export function blockedScaleSet({ metadata, spec, status }: AutoscalingRunnerSet): Blocked | undefined {
  const { namespace = '', name = '', deletionTimestamp } = metadata;
  const isUnready = findCondition(status?.conditions, SCALE_SET_READY_CONDITION)?.status === 'False';
  if (!isUnready && deletionTimestamp === undefined) return undefined;
  return {
    target: { namespace, autoscalingRunnerSet: name },
    references: referencesOf(namespace, spec),
  };
}

/** What blocks a listener, if it does not listen. */
export function blockedListener({ metadata, spec, status }: AutoscalingListener): Blocked | undefined {
  const { namespace = '', name = '' } = metadata;
  if (findCondition(status?.conditions, READY_CONDITION)?.status !== 'False') return undefined;
  const home = spec.autoscalingRunnerSetNamespace ?? namespace;
  return { target: { namespace, listener: name }, references: referencesOf(home, spec) };
}

type Access = Pick<
  AutoscalingRunnerSet['spec'],
  'githubConfigSecret' | 'githubServerTLS' | 'proxy' | 'vaultConfig'
>;

/** By name only: nobody may list Secrets. What a vault holds is not looked at. */
function referencesOf(namespace: string, access: Access | undefined): Reference[] {
  if (!access) return [];
  const { githubConfigSecret, githubServerTLS, proxy, vaultConfig } = access;
  const secrets = [
    ...(vaultConfig?.type ? [] : [githubConfigSecret]),
    proxy?.http?.credentialSecretRef,
    proxy?.https?.credentialSecretRef,
  ];
  const configMap = githubServerTLS?.certificateFrom?.configMapKeyRef?.name;
  return [
    ...secrets.flatMap((name) => (name ? [{ kind: 'Secret' as const, namespace, name }] : [])),
    ...(configMap ? [{ kind: 'ConfigMap' as const, namespace, name: configMap }] : []),
  ];
}
