import type { EphemeralRunner } from '../../api/v1alpha1/ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import { PATCH_ID_ANNOTATION } from '../../api/annotations.ts';
import { EPHEMERAL_RUNNER_SET_FINALIZER } from '../../api/finalizers.ts';
import { SCALE_SET_NAME_LABEL } from '../../api/labels.ts';
import { isPaused } from '../../api/pause.ts';
import { revisionOf } from '../../api/revision.ts';
import type { PodState } from '../../kubernetes/pod-state.ts';
import type { ObservedPod, ObservedRunner, ObservedRunnerSet } from '../../messages/observations.ts';

/** Reduces resources to what decisions need of them. */

/** An EphemeralRunnerSet reduced to what decisions need. */
export function observedRunnerSet({ metadata, spec }: EphemeralRunnerSet): ObservedRunnerSet {
  const { ephemeralRunnerSpec: template } = spec;
  return {
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    revision: template ? revisionOf(template) : '',
    replicas: spec.replicas ?? 0,
    patchId: spec.patchID ?? 0,
    configUrl: template?.githubConfigUrl ?? '',
    scaleSet: metadata.labels?.[SCALE_SET_NAME_LABEL] ?? metadata.name ?? '',
    ...(!template && { invalid: 'spec.ephemeralRunnerSpec is missing: say how a runner is made.' }),
    ...(metadata.finalizers?.includes(EPHEMERAL_RUNNER_SET_FINALIZER) && { hasFinalizer: true }),
    ...(metadata.deletionTimestamp !== undefined && { deleting: true }),
    ...(isPaused({ metadata }) && { paused: true }),
  };
}

/** An EphemeralRunner, still without its pod, and the EphemeralRunnerSet it belongs to. */
export interface OwnedRunner {
  namespace: string;
  /** Name of its EphemeralRunnerSet. */
  runnerSet?: string;
  runner: ObservedRunner;
}

/** An EphemeralRunner reduced to what decisions need, and the set that owns it, if one does. */
export function observedRunner({ metadata, spec, status }: EphemeralRunner): OwnedRunner {
  const owner = metadata.ownerReferences?.find(
    ({ controller, kind }) => controller && kind === 'EphemeralRunnerSet',
  );
  const patchId = Number(metadata.annotations?.[PATCH_ID_ANNOTATION] ?? 0);
  const runner: ObservedRunner = {
    name: metadata.name ?? '',
    revision: revisionOf(spec),
    patchId: Number.isInteger(patchId) ? patchId : 0,
    createdAt: Math.floor(Date.parse(String(metadata.creationTimestamp)) / 1000) || 0,
    ...(status?.runnerId && { runnerId: status.runnerId }),
    ...(status?.phase && { phase: status.phase }),
    ...(status?.ready && { ready: true }),
    ...(status?.jobId && { hasJob: true }),
    ...(!owner && { standalone: true }),
    ...(metadata.deletionTimestamp !== undefined && { deleting: true }),
  };
  return { namespace: metadata.namespace ?? '', ...(owner && { runnerSet: owner.name }), runner };
}

/** A pod's state without what is usual or absent, as it goes into signals. */
export function observedPod({
  uid,
  phase,
  ready,
  runner,
  initFailed,
  imageError,
  waitsForNode,
  reason,
  message,
}: PodState): ObservedPod {
  const ended = runner?.state === 'terminated' ? runner : undefined;
  const waiting = runner?.state === 'waiting' ? runner : undefined;
  const why = reason ?? ended?.reason ?? imageError?.reason ?? waiting?.reason;
  const words = message ?? ended?.message ?? imageError?.message ?? waiting?.message;
  return {
    uid,
    phase,
    ...(ready && { ready }),
    ...(ended && { exitCode: ended.exitCode }),
    ...(initFailed && { initFailed }),
    ...(imageError && { imageError: true }),
    ...(waitsForNode && { waitsForNode }),
    ...(why && { reason: why }),
    ...(words && { message: words }),
  };
}
