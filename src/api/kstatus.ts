import type { DecidedCondition } from './conditions.ts';
import { INVALID_NAME, INVALID_SPEC, READY_CONDITION } from './conditions.ts';

/** It is not ready yet, and will be without anybody's doing. */
const RECONCILING_CONDITION = 'Reconciling';
/** It is not ready, and only a person can change that: the reason says what to do. */
const STALLED_CONDITION = 'Stalled';

/** Why something is not ready that no waiting repairs. All else passes: it is on its way, or somebody has to answer again. */
const STALLING: ReadonlySet<string> = new Set([
  ...[INVALID_SPEC, INVALID_NAME, 'NameTaken', 'Outdated', 'RunnersFailing'],
  ...['ScaleSetNameTaken', 'ScaleSetTaken', 'RunnerGroupNotFound', 'GitHubRefused'],
  ...['InvalidGitHubConfig', 'InvalidGitHubConfigUrl', 'SecretNotFound', 'InvalidCredentials'],
  ...['CertificateNotFound', 'InvalidCertificate', 'ProxyCredentialsNotFound', 'InvalidProxy'],
  ...['VaultCertificateUnreadable', 'InvalidVaultConfig', 'VaultRefused', 'VaultSecretNotFound'],
  ...['InvalidVaultSecret', 'InvalidPodTemplate', 'InvalidTemplate', 'InvalidPod', 'DeniedByAdmission'],
  ...['KubernetesForbidden', 'ListenerImageMissing', 'InvalidListener', 'InvalidListenerConfig'],
]);

/**
 * The conditions that tools wait by (kstatus: Flux, `kubectl wait`, kpt), as `Ready` implies them: while it does not hold,
 * either `Reconciling` or `Stalled` does, for the same reason.
 *
 * @param decided without `Ready` among them there is nothing to say
 */
export function kstatusConditions(decided: readonly DecidedCondition[]): DecidedCondition[] {
  const ready = decided.find(({ type }) => type === READY_CONDITION);
  if (!ready) return [];
  const { reason, message } = ready;
  const isReady = ready.status === 'True';
  const stalls = !isReady && STALLING.has(reason);
  return [
    isReady || stalls
      ? { type: RECONCILING_CONDITION, status: 'False', reason, message: '' }
      : { type: RECONCILING_CONDITION, status: 'True', reason, message },
    stalls
      ? { type: STALLED_CONDITION, status: 'True', reason, message }
      : { type: STALLED_CONDITION, status: 'False', reason, message: '' },
  ];
}
