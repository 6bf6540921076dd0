import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import type { ApplyChildrenInput } from './apply-children.ts';
import { applyChildrenActivity } from './apply-children.ts';
import type { DropChildrenInput } from './drop-children.ts';
import { dropChildrenActivity } from './drop-children.ts';
import type { GitHubAccessDeps } from '../github-access/connect.ts';
import type { PreparedScaleSet } from './prepare-scale-set.ts';
import { prepareScaleSetActivity } from './prepare-scale-set.ts';
import type { PublishScaleSetInput } from './publish-scale-set.ts';
import { publishScaleSetActivity } from './publish-scale-set.ts';
import { releaseScaleSetActivity } from './release-scale-set.ts';
import type { RemovedScaleSet, RemoveScaleSetInput } from './remove-scale-set.ts';
import { removeScaleSetActivity } from './remove-scale-set.ts';
import type { ScaleSetTarget } from './read-scale-set.ts';
import type { ScaleSetOptions } from '../../messages/settings.ts';
import { DEFAULT_SCALE_SET_OPTIONS } from '../../messages/settings.ts';

/** The steps of an AutoscalingRunnerSet's life. */
export interface ScaleSetActivities {
  prepareScaleSet(input: ScaleSetTarget): Promise<PreparedScaleSet | undefined>;
  applyChildren(input: ApplyChildrenInput): Promise<void>;
  dropChildren(input: DropChildrenInput): Promise<void>;
  removeScaleSet(input: RemoveScaleSetInput): Promise<RemovedScaleSet>;
  releaseScaleSet(input: ScaleSetTarget): Promise<void>;
  publishScaleSet(input: PublishScaleSetInput): Promise<void>;
}

/** What the activities of scale sets need; options that are not given have their defaults. */
export interface ScaleSetActivitiesDeps extends GitHubAccessDeps {
  kubernetes: KubernetesClient;
  /** Where AutoscalingRunnerSets are served; empty: everywhere. */
  namespaces: readonly string[];
  scaleSets?: Partial<ScaleSetOptions> | undefined;
  excludedLabelPrefixes?: readonly string[];
}

/** All activities on an AutoscalingRunnerSet. */
export function scaleSetActivities(deps: ScaleSetActivitiesDeps): ScaleSetActivities {
  const { excludedLabelPrefixes = [] } = deps;
  const options = { ...DEFAULT_SCALE_SET_OPTIONS, ...deps.scaleSets, excludedLabelPrefixes };
  return {
    prepareScaleSet: prepareScaleSetActivity(deps),
    applyChildren: applyChildrenActivity({ kubernetes: deps.kubernetes, options }),
    dropChildren: dropChildrenActivity(deps),
    removeScaleSet: removeScaleSetActivity(deps),
    releaseScaleSet: releaseScaleSetActivity(deps),
    publishScaleSet: publishScaleSetActivity(deps),
  };
}
