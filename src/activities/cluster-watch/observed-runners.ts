import { shownConfigUrl } from '../../github/config-url.ts';
import type { EphemeralRunner } from '../../api/v1alpha1/ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import { PATCH_ID_ANNOTATION } from '../../api/annotations.ts';
import { EPHEMERAL_RUNNER_SET_FINALIZER, isOrphaning } from '../../api/finalizers.ts';
import { SCALE_SET_NAME_LABEL } from '../../api/labels.ts';
import { isPaused } from '../../api/pause.ts';
import { fitting } from '../../api/text-limits.ts';
import { revisionOf } from '../../api/revision.ts';
import type { PodState } from '../../kubernetes/pod-state.ts';
import type { ObservedPod, ObservedRunner, ObservedRunnerSet } from '../../messages/observations.ts';

/** Reduces resources to what decisions need of them. */

/** An EphemeralRunnerSet reduced to what decisions need. */
export function observedRunnerSet({ metadata, spec }: EphemeralRunnerSet): ObservedRunnerSet {
  const { ephemeralRunnerSpec: template } = spec;
  const restartPolicy = template?.spec?.restartPolicy;
  return {
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    revision: template ? revisionOf(template) : '',
    replicas: spec.replicas ?? 0,
    patchId: spec.patchID ?? 0,
    configUrl: shownConfigUrl(template?.githubConfigUrl),
    scaleSet: metadata.labels?.[SCALE_SET_NAME_LABEL] ?? metadata.name ?? '',
    ...(!template && { invalid: 'spec.ephemeralRunnerSpec is missing: say how a runner is made.' }),
    ...(metadata.finalizers?.includes(EPHEMERAL_RUNNER_SET_FINALIZER) && { hasFinalizer: true }),
    ...(metadata.deletionTimestamp !== undefined && { deleting: true }),
    ...(isOrphaning(metadata) && { orphaning: true }),
    ...(isPaused({ metadata }) && { paused: true }),
    ...(restartPolicy !== undefined &&
      restartPolicy !== 'Never' && { restartPolicy: fitting(restartPolicy, 'word') }),
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
    ...(status?.phase && { phase: fitting(status.phase, 'word') }),
    ...(status?.ready && { ready: true }),
    ...(isBusy(status) && { hasJob: true }),
    ...(status?.jobResult && { jobResult: fitting(status.jobResult, 'word') }),
    ...(!owner && { standalone: true, ...(metadata.uid && { uid: metadata.uid }) }),
    ...(metadata.deletionTimestamp !== undefined && { deleting: true }),
    ...(isOrphaning(metadata) && { orphaning: true }),
  };
  return { namespace: metadata.namespace ?? '', ...(owner && { runnerSet: owner.name }), runner };
}

/** The CRDs of ARC before 0.12 have no `jobId`: what else is written with it says the same. */
const isBusy = (status: EphemeralRunner['status']): boolean =>
  Boolean(status?.jobId) || Boolean(status?.jobRequestId) || Boolean(status?.workflowRunId);

/** A pod's state without what is usual or absent, as it goes into signals. */
export function observedPod(pod: PodState): ObservedPod {
  const { uid, phase, ready, runner, ended, disrupted, stuck, waitsForNode } = pod;
  const { reason, message } = wordsOf(pod);
  return {
    uid,
    phase,
    ...(ready && { ready }),
    ...(ended && { ended }),
    ...(runner?.state === 'terminated' && { exitCode: runner.exitCode }),
    ...(disrupted && { disrupted }),
    ...((pod.deleting || pod.nodeLost) && { going: true }),
    ...(stuck && { stuck: true }),
    ...(waitsForNode && { waitsForNode }),
    ...(reason && { reason }),
    ...(message && { message }),
  };
}

/** The pod's own words count more than those about its containers. */
function wordsOf({ reason, message, runner, stuck }: PodState): { reason?: string; message?: string } {
  if (reason !== undefined || message !== undefined)
    return { ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) };
  if (runner?.state === 'terminated') return runner;
  return stuck ?? (runner?.state === 'waiting' ? runner : {});
}
