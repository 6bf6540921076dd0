import {
  DRAINING_ANNOTATION,
  DRAINING_VALUE,
  INTEGRITY_HASH_ANNOTATION,
  PAUSED_ANNOTATION,
  PAUSED_VALUE,
  PAUSED_WITH_OWNER_ANNOTATION,
} from '../../api/annotations.ts';
import { SCALE_SET_NAME_LABEL } from '../../api/labels.ts';
import { isDraining, isPaused } from '../../api/pause.ts';
import { limitContradictions } from '../../api/validation/contradictions.ts';
import type { AutoscalingListener } from '../../api/v1alpha1/autoscaling-listener.ts';
import type { AutoscalingRunnerSet } from '../../api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreNotFound, ignoreAlreadyExists, isAlreadyExists } from '../../kubernetes/client/errors.ts';
import { autoscalingListeners, ephemeralRunnerSets } from '../../kubernetes/client/resources.ts';
import { metadataPatch, patchBetween } from '../../kubernetes/drift.ts';
import { currentOf, ownerOf, scaleSetIdOf } from '../../kubernetes/objects/scale-set.ts';
import { SetupError, judged } from '../failures.ts';
import type { ChildOptions } from './policies/desired-children.ts';
import { desiredChildren } from './policies/desired-children.ts';
import type { ScaleSetTarget } from './read-scale-set.ts';
import { readScaleSet } from './read-scale-set.ts';

/** Whose children are brought up to date, and whether they have to wait for jobs. */
export interface ApplyChildrenInput extends ScaleSetTarget {
  /** Busy runners finish before the new template takes effect, and no further job is taken meanwhile. */
  hold?: true;
}

/** What making the children needs. */
export interface ApplyChildrenDeps {
  kubernetes: KubernetesClient;
  options: ChildOptions;
}

/**
 * Brings EphemeralRunnerSet and AutoscalingListener of a scale set to what they should be: created, or patched where they
 * stand. The set keeps its identity and its replicas, whatever changes: its own workflow replaces its runners. Of labels
 * and annotations only labels that were given are ever taken off. Safe to repeat.
 */
export const applyChildrenActivity =
  ({ kubernetes, options }: ApplyChildrenDeps) =>
  ({ hold, ...target }: ApplyChildrenInput): Promise<void> =>
    judged(async () => {
      const scaleSet = await readScaleSet(kubernetes, target);
      if (!scaleSet || scaleSet.metadata.deletionTimestamp !== undefined) return;
      // Somebody took the id away: it is brought back before children are made for no scale set.
      if (scaleSetIdOf(scaleSet) === 0) return;
      const { items } = await kubernetes.list(ephemeralRunnerSets, { namespace: target.namespace });
      const sets = items.filter((set) => ownerOf(set) === target.name);
      const listeners = await listenersFor(kubernetes, scaleSet, options);
      const wanted = desiredChildren(scaleSet, { runnerSets: sets, listeners }, options);
      const current = currentOf(sets);
      if (current) {
        const patch = runnerSetPatch(current, wanted.runnerSet, { hold, paused: isPaused(scaleSet) });
        await patchObject(kubernetes, current, patch);
      } else {
        await createRunnerSet(kubernetes, pausedWith(wanted.runnerSet, isPaused(scaleSet)));
      }
      await applyListener(kubernetes, wanted.listener);
    });

/** They are asked for only where their limits are needed: the spec's own make no sense. */
async function listenersFor(
  kubernetes: KubernetesClient,
  { metadata, spec }: AutoscalingRunnerSet,
  { controllerNamespace }: ChildOptions,
): Promise<AutoscalingListener[]> {
  if (limitContradictions(spec).length === 0) return [];
  const namespace = controllerNamespace ?? metadata.namespace;
  const { items } = await kubernetes.list(autoscalingListeners, { namespace });
  return items.filter(
    (each) =>
      each.spec.autoscalingRunnerSetName === metadata.name &&
      each.spec.autoscalingRunnerSetNamespace === metadata.namespace,
  );
}

interface Circumstances {
  hold: true | undefined;
  paused: boolean;
}

/** The merge patch for the EphemeralRunnerSet that is scaled; `undefined` when it is as it should be. */
export function runnerSetPatch(
  live: EphemeralRunnerSet,
  wanted: EphemeralRunnerSet,
  { hold, paused }: Circumstances,
): object | undefined {
  const { [INTEGRITY_HASH_ANNOTATION]: _ofTheTemplate, ...held } = wanted.metadata.annotations ?? {};
  const annotations = hold ? held : wanted.metadata.annotations;
  const metadata = metadataPatch(live, { metadata: { labels: wanted.metadata.labels, annotations } });
  const ours = { ...drainingAnnotation(live, hold), ...pauseAnnotations(live, paused) };
  const spec = specPatch(live, wanted, hold);
  if (!metadata && !spec && Object.keys(ours).length === 0) return undefined;
  const all = { ...(metadata as { annotations?: object } | undefined)?.annotations, ...ours };
  return {
    metadata: { ...metadata, ...(Object.keys(all).length > 0 && { annotations: all }) },
    ...(spec && { spec }),
  };
}

type AnnotationPatch = Record<string, string | null>;

function drainingAnnotation(live: EphemeralRunnerSet, hold: true | undefined): AnnotationPatch {
  if (isDraining(live) === (hold === true)) return {};
  return { [DRAINING_ANNOTATION]: hold ? DRAINING_VALUE : null };
}

/** A set that a person paused by itself stays so when its AutoscalingRunnerSet is resumed. */
function pauseAnnotations(set: EphemeralRunnerSet, paused: boolean): AnnotationPatch {
  if (paused && !isPaused(set))
    return { [PAUSED_ANNOTATION]: PAUSED_VALUE, [PAUSED_WITH_OWNER_ANNOTATION]: PAUSED_VALUE };
  if (paused || !(PAUSED_WITH_OWNER_ANNOTATION in (set.metadata.annotations ?? {}))) return {};
  return { [PAUSED_ANNOTATION]: null, [PAUSED_WITH_OWNER_ANNOTATION]: null };
}

function specPatch(
  live: EphemeralRunnerSet,
  wanted: EphemeralRunnerSet,
  hold: true | undefined,
): object | undefined {
  const { ephemeralRunnerSpec, ephemeralRunnerMetadata = null } = wanted.spec;
  const template = hold ? undefined : patchBetween(live.spec.ephemeralRunnerSpec, ephemeralRunnerSpec);
  const metadata = patchBetween(live.spec.ephemeralRunnerMetadata, ephemeralRunnerMetadata);
  if (template === undefined && metadata === undefined) return undefined;
  return {
    ...(template !== undefined && { ephemeralRunnerSpec: template }),
    ...(metadata !== undefined && { ephemeralRunnerMetadata: metadata }),
  };
}

const pausedWith = (set: EphemeralRunnerSet, paused: boolean): EphemeralRunnerSet => ({
  ...set,
  metadata: {
    ...set.metadata,
    annotations: {
      ...set.metadata.annotations,
      ...(pauseAnnotations(set, paused) as Record<string, string>),
    },
  },
});

async function createRunnerSet(kubernetes: KubernetesClient, set: EphemeralRunnerSet): Promise<void> {
  try {
    await kubernetes.create(ephemeralRunnerSets, set.metadata.namespace, set);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await takeOn(kubernetes, set);
  }
}

/**
 * One that nobody owns was left by a deletion with `--cascade=orphan`: it gets its owner again, with its runners, and is
 * brought up to date in the next step. One of another owner is in the way until that owner, or a person, removes it.
 */
async function takeOn(kubernetes: KubernetesClient, wanted: EphemeralRunnerSet): Promise<void> {
  const { namespace, name = '', ownerReferences } = wanted.metadata;
  const live = await ignoreNotFound(kubernetes.get(ephemeralRunnerSets, { namespace, name }));
  if (!live || live.metadata.deletionTimestamp !== undefined) return;
  const { metadata } = live;
  if (metadata.labels?.[SCALE_SET_NAME_LABEL] !== wanted.metadata.labels?.[SCALE_SET_NAME_LABEL])
    throw new SetupError(
      'NameTaken',
      `EphemeralRunnerSet "${name}" belongs to no AutoscalingRunnerSet; delete it, or give this one another name.`,
    );
  if (metadata.ownerReferences?.some(({ controller }) => controller)) return;
  const { resourceVersion } = metadata;
  await kubernetes.mergePatch(
    ephemeralRunnerSets,
    { namespace, name },
    { metadata: { ownerReferences, resourceVersion } },
  );
}

async function patchObject(
  kubernetes: KubernetesClient,
  { metadata: { namespace, name = '' } }: EphemeralRunnerSet,
  patch: object | undefined,
): Promise<void> {
  if (patch) await ignoreNotFound(kubernetes.mergePatch(ephemeralRunnerSets, { namespace, name }, patch));
}

/** The merge patch for the AutoscalingListener; `undefined` when it is as it should be. */
function listenerPatch(live: AutoscalingListener, wanted: AutoscalingListener): object | undefined {
  const metadata = metadataPatch(live, wanted);
  const spec = patchBetween(live.spec, wanted.spec);
  return metadata || spec !== undefined
    ? { ...(metadata && { metadata }), ...(spec !== undefined && { spec }) }
    : undefined;
}

/** One that is being deleted is left alone: the next one is created when it is gone. */
async function applyListener(kubernetes: KubernetesClient, wanted: AutoscalingListener): Promise<void> {
  const { namespace, name = '' } = wanted.metadata;
  const live = await ignoreNotFound(kubernetes.get(autoscalingListeners, { namespace, name }));
  if (!live) {
    await ignoreAlreadyExists(kubernetes.create(autoscalingListeners, namespace, wanted));
    return;
  }
  if (live.metadata.deletionTimestamp !== undefined) return;
  const patch = listenerPatch(live, wanted);
  if (patch) await ignoreNotFound(kubernetes.mergePatch(autoscalingListeners, { namespace, name }, patch));
}
