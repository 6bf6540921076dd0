import { LEFT_SCALE_SETS_ANNOTATION } from '../../api/annotations.ts';
import { CREATION_BLOCKED_CONDITION, READY_CONDITION, findCondition } from '../../api/conditions.ts';
import {
  AUTOSCALING_LISTENER_FINALIZER,
  AUTOSCALING_RUNNER_SET_FINALIZER,
  isOrphaning,
} from '../../api/finalizers.ts';
import { stableHash } from '../../api/hash.ts';
import { fitting, fittingReason } from '../../api/text-limits.ts';
import { isDraining, isPaused, isPausedByItself } from '../../api/pause.ts';
import type { AutoscalingListener } from '../../api/v1alpha1/autoscaling-listener.ts';
import type { AutoscalingRunnerSet } from '../../api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import { shownConfigUrl } from '../../github/config-url.ts';
import { isSame, metadataPatch } from '../../kubernetes/drift.ts';
import { scaleSetIdOf } from '../../kubernetes/objects/scale-set.ts';
import type { PodState } from '../../kubernetes/pod-state.ts';
import type {
  ObservedChildListener,
  ObservedChildRunnerSet,
  ObservedListener,
  ObservedListenerPod,
  ObservedAutoscalingRunnerSet,
} from '../../messages/observations.ts';
import type { ScaleSetOptions } from '../../messages/settings.ts';
import {
  specHashOf,
  specProblemOf,
  gitHubAnnotationsOf,
  staleness,
} from '../autoscaling-runner-set/policies/desired-children.ts';
import { observedPod } from './observed-runners.ts';
import { listenerModeOf } from '../autoscaling-listener/policies/listener-mode.ts';
import { unusedTemplate } from '../autoscaling-listener/policies/unused-template.ts';

/** An AutoscalingRunnerSet reduced to what decisions need. Pure. */
export function observedAutoscalingRunnerSet(
  scaleSet: AutoscalingRunnerSet,
  { updateStrategy }: Pick<ScaleSetOptions, 'updateStrategy'>,
): ObservedAutoscalingRunnerSet {
  const { metadata, spec } = scaleSet;
  const id = scaleSetIdOf(scaleSet);
  const problem = specProblemOf(scaleSet);
  return {
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    configUrl: shownConfigUrl(spec.githubConfigUrl),
    specHash: specHashOf(scaleSet),
    gitHubAnnotations: gitHubAnnotationsOf(scaleSet),
    ...(id > 0 && { scaleSetId: id }),
    ...(problem && { problem }),
    ...(LEFT_SCALE_SETS_ANNOTATION in (metadata.annotations ?? {}) && { left: true }),
    ...(updateStrategy === 'eventual' && { eventual: true }),
    ...(metadata.finalizers?.includes(AUTOSCALING_RUNNER_SET_FINALIZER) && { hasFinalizer: true }),
    ...(metadata.deletionTimestamp !== undefined && { deleting: true }),
    ...(isOrphaning(metadata) && { orphaning: true }),
    ...(isPaused(scaleSet) && { paused: true }),
  };
}

/** An EphemeralRunnerSet as its AutoscalingRunnerSet's decisions see it, compared with what it should be. Pure. */
export function observedChildRunnerSet(
  set: EphemeralRunnerSet,
  { wanted, current, busy, paused }: ChildRunnerSetFacts,
): ObservedChildRunnerSet {
  const { metadata, spec, status = {} } = set;
  const stale = current && wanted ? staleness(set, wanted, paused) : undefined;
  const blocked = findCondition(status.conditions, CREATION_BLOCKED_CONDITION);
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    ...(current && { current: true }),
    ...(stale && { stale }),
    ...(busy && { busy: true }),
    ...(isDraining(set) && { draining: true }),
    ...(isPausedByItself(set) && { paused: true }),
    ...(metadata.deletionTimestamp !== undefined && { deleting: true }),
    replicas: spec.replicas ?? 0,
    scaleSetId: spec.ephemeralRunnerSpec?.runnerScaleSetId ?? 0,
    ...(status.phase && { phase: fitting(status.phase, 'word') }),
    pending: status.pendingEphemeralRunners ?? 0,
    running: status.runningEphemeralRunners ?? 0,
    failed: status.failedEphemeralRunners ?? 0,
    ...(blocked?.status === 'True' && { blocked: wordsOf(blocked) }),
  };
}

/** Somebody else may have written them. */
const wordsOf = ({ reason, message }: { reason: string; message: string }) => ({
  reason: fittingReason(reason),
  message: fitting(message, 'errors'),
});

/** What is known about a child beside the object itself. */
export interface ChildRunnerSetFacts {
  /** As it should be; unknown while its AutoscalingRunnerSet does not exist. */
  wanted: EphemeralRunnerSet | undefined;
  current: boolean;
  busy: boolean;
  /** Its AutoscalingRunnerSet is. */
  paused: boolean;
}

/**
 * An AutoscalingListener as its AutoscalingRunnerSet's decisions see it; `wanted` is how it should be, if that is
 * known. Pure.
 */
export function observedChildListener(
  listener: AutoscalingListener,
  wanted: AutoscalingListener | undefined,
): ObservedChildListener {
  const { metadata, spec, status } = listener;
  const { namespace = '', name = '' } = metadata;
  const current = wanted?.metadata.name === name && wanted.metadata.namespace === namespace;
  const stale = current && (!isSame(spec, wanted.spec) || metadataPatch(listener, wanted) !== undefined);
  const ready = findCondition(status?.conditions, READY_CONDITION);
  return {
    namespace,
    name,
    uid: metadata.uid ?? '',
    ...(current && { current }),
    ...(stale && { stale }),
    ...(metadata.deletionTimestamp !== undefined && { deleting: true }),
    scaleSetId: spec.runnerScaleSetId ?? 0,
    ...(ready && { ready: { status: ready.status, ...wordsOf(ready) } }),
  };
}

/** What a listener's own workflow needs, but for its capacity. */
export function observedListener(
  listener: AutoscalingListener,
  pod: PodState | undefined,
  options: Pick<ScaleSetOptions, 'listenerMode' | 'listenerImage'>,
): Omit<ObservedListener, 'capacity'> {
  const { metadata, spec } = listener;
  const mode = listenerModeOf(listener, options);
  const unused = unusedTemplate(listener, options);
  const { labels, annotations } = metadata;
  return {
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    specHash: stableHash(mode === 'pod' ? { spec, labels, annotations } : { spec }),
    mode,
    configUrl: shownConfigUrl(spec.githubConfigUrl),
    autoscalingRunnerSet: {
      namespace: spec.autoscalingRunnerSetNamespace ?? '',
      name: spec.autoscalingRunnerSetName ?? '',
    },
    scaleSetId: spec.runnerScaleSetId ?? 0,
    ...(metadata.finalizers?.includes(AUTOSCALING_LISTENER_FINALIZER) && { hasFinalizer: true }),
    ...(metadata.deletionTimestamp !== undefined && { deleting: true }),
    ...(pod && mode === 'pod' && { pod: listenerPod(pod) }),
    ...(unused && { unused }),
  };
}

const listenerPod = (pod: PodState): ObservedListenerPod => ({
  ...observedPod(pod),
  ...(pod.deleting && { deleting: true }),
});
