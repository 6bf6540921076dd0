import { INVALID_SPEC } from '../../../api/conditions.ts';
import {
  DRAINING_ANNOTATION,
  DRAINING_VALUE,
  PAUSED_WITH_OWNER_ANNOTATION,
  RUNNER_GROUP_NAME_ANNOTATION,
  RUNNER_SCALE_SET_NAME_ANNOTATION,
} from '../../../api/annotations.ts';
import { stableHash } from '../../../api/hash.ts';
import { fitting } from '../../../api/text-limits.ts';
import { INT32_MAX } from '../../../api/int32.ts';
import { isPaused } from '../../../api/pause.ts';
import type { AutoscalingListener } from '../../../api/v1alpha1/autoscaling-listener.ts';
import type { AutoscalingRunnerSet } from '../../../api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../../api/v1alpha1/ephemeral-runner-set.ts';
import { contradictionsOf, limitContradictions } from '../../../api/validation/contradictions.ts';
import { parseConfigUrl } from '../../../github/config-url.ts';
import { isSame, metadataPatch } from '../../../kubernetes/drift.ts';
import type { UrlScope } from '../../../kubernetes/objects/scale-set.ts';
import {
  buildListener,
  buildRunnerSet,
  currentOf,
  scaleSetIdOf,
} from '../../../kubernetes/objects/scale-set.ts';
import type { ObservedChildRunnerSet } from '../../../messages/observations.ts';
import type { ScaleSetOptions } from '../../../messages/settings.ts';

/** What children are made with. */
export interface ChildOptions extends ScaleSetOptions {
  excludedLabelPrefixes?: readonly string[];
}

/** The parts of a config URL; none of one that cannot be read: that has a condition of its own. */
export function urlScopeOf(configUrl: string | undefined): UrlScope {
  try {
    return parseConfigUrl(configUrl ?? '');
  } catch {
    return { enterprise: '', organization: '', repository: '' };
  }
}

/** What of a spec can never work, which only a person can mend. Nothing secret is repeated. */
export function specProblemOf({
  spec,
}: AutoscalingRunnerSet): { reason: string; message: string } | undefined {
  const problems = contradictionsOf('AutoscalingRunnerSet', spec);
  if (problems.length > 0) {
    const message = problems.map((problem) => `${problem.path} ${problem.message}`).join('; ');
    return { reason: INVALID_SPEC, message: fitting(`${message}.`, 'errors') };
  }
  try {
    parseConfigUrl(spec.githubConfigUrl ?? '');
    return undefined;
  } catch (error) {
    return { reason: 'InvalidGitHubConfigUrl', message: error instanceof Error ? error.message : '' };
  }
}

/** The limits that hold: those of the spec, or while they make no sense the last that did. */
function limitsOf(
  spec: AutoscalingRunnerSet['spec'],
  live: AutoscalingListener | undefined,
): Pick<AutoscalingRunnerSet['spec'], 'minRunners' | 'maxRunners'> {
  if (limitContradictions(spec).length === 0) return {};
  const { minRunners = 0, maxRunners = INT32_MAX } = live?.spec ?? { maxRunners: 0 };
  return { minRunners, maxRunners };
}

/** Hash of what a spec asks of the scale set at GitHub. */
export const specHashOf = ({ spec }: AutoscalingRunnerSet): string =>
  stableHash({
    ...{ url: spec.githubConfigUrl, secret: spec.githubConfigSecret, group: spec.runnerGroup },
    ...{ name: spec.runnerScaleSetName, labels: spec.runnerScaleSetLabels },
    ...{ tls: spec.githubServerTLS, proxy: spec.proxy, vault: spec.vaultConfig },
  });

/** The scale set as the annotations name it; empty without an id. */
export function gitHubAnnotationsOf(scaleSet: AutoscalingRunnerSet): string {
  const id = scaleSetIdOf(scaleSet);
  const { annotations = {} } = scaleSet.metadata;
  const group = annotations[RUNNER_GROUP_NAME_ANNOTATION] ?? '';
  const names = `${group}/${annotations[RUNNER_SCALE_SET_NAME_ANNOTATION] ?? ''}`;
  // It goes into each signal, and an annotation can be as long as an object.
  return id === 0 ? '' : `${id}/${fitting(names, 'name') === names ? names : stableHash(names)}`;
}

/** The children that there are. */
export interface LiveChildren {
  runnerSets: readonly EphemeralRunnerSet[];
  listeners: readonly AutoscalingListener[];
}

/** The children as they should be, given those that there are. */
export function desiredChildren(
  autoscalingRunnerSet: AutoscalingRunnerSet,
  { runnerSets, listeners }: LiveChildren,
  options: ChildOptions,
): { runnerSet: EphemeralRunnerSet; listener: AutoscalingListener } {
  const { excludedLabelPrefixes = [] } = options;
  const scope = urlScopeOf(autoscalingRunnerSet.spec.githubConfigUrl);
  const parts = { autoscalingRunnerSet, scope, excludedLabelPrefixes };
  const runnerSet = buildRunnerSet(parts);
  const name = currentOf(runnerSets)?.metadata.name ?? runnerSet.metadata.name ?? '';
  const [live] = listeners.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const spec = { ...autoscalingRunnerSet.spec, ...limitsOf(autoscalingRunnerSet.spec, live) };
  const listenerParts = { ...parts, autoscalingRunnerSet: { ...autoscalingRunnerSet, spec } };
  return { runnerSet, listener: buildListener({ ...listenerParts, ...options, runnerSet: name }) };
}

/** How the EphemeralRunnerSet that is scaled differs from the one that is wanted. */
export function staleness(
  live: EphemeralRunnerSet,
  wanted: EphemeralRunnerSet,
  paused: boolean,
): ObservedChildRunnerSet['stale'] {
  const { ephemeralRunnerSpec, ephemeralRunnerMetadata } = wanted.spec;
  if (!isSame(live.spec.ephemeralRunnerSpec, ephemeralRunnerSpec)) return 'template';
  const { annotations = {} } = live.metadata;
  const differs =
    !isSame(live.spec.ephemeralRunnerMetadata, ephemeralRunnerMetadata) ||
    metadataPatch(live, wanted) !== undefined ||
    annotations[DRAINING_ANNOTATION] === DRAINING_VALUE ||
    (paused ? !isPaused(live) : PAUSED_WITH_OWNER_ANNOTATION in annotations);
  return differs ? 'metadata' : undefined;
}
