import type { AutoscalingRunnerSetSpec } from '../../../api/v1alpha1/autoscaling-runner-set.ts';
import type { ScaleSetChange } from '../../../github/scale-set-client.ts';
import type { RunnerScaleSet } from '../../../github/wire.ts';

/** What a spec wishes of the scale set at GitHub. GitHub does not tell upper from lower case in names and labels. */

type DesiredScaleSet = Pick<
  AutoscalingRunnerSetSpec,
  'runnerGroup' | 'runnerScaleSetName' | 'runnerScaleSetLabels'
>;

/** Whether a runner group is the one that every organization has, with id 1, which needs no look-up by name. */
export const isDefaultGroup = (group: string | undefined): boolean =>
  group === undefined || group === '' || group.toLowerCase() === 'default';

/** The name first, then the further labels, each once. */
export function desiredLabels({ runnerScaleSetLabels = [] }: DesiredScaleSet, name: string): string[] {
  const known = new Set<string>();
  return [name, ...runnerScaleSetLabels].filter((label) => {
    const isNew = label !== '' && !known.has(label.toLowerCase());
    known.add(label.toLowerCase());
    return isNew;
  });
}

/** What to change of a scale set that exists. A group or name that the spec leaves open stays as it is. */
export function desiredChange(
  spec: DesiredScaleSet,
  found: RunnerScaleSet,
): Pick<ScaleSetChange, 'name' | 'labels' | 'disableUpdate'> & { move?: true } {
  const { runnerGroup = '', runnerScaleSetName = '' } = spec;
  const rename = runnerScaleSetName !== '' && !sameName(runnerScaleSetName, found.name);
  const labels = desiredLabels(spec, rename ? runnerScaleSetName : found.name);
  return {
    ...(runnerGroup !== '' && !sameGroup(runnerGroup, found) && { move: true }),
    ...(rename && { name: runnerScaleSetName }),
    ...(!sameLabels(labels, found) && { labels }),
    ...(!found.runnerSetting.disableUpdate && { disableUpdate: true }),
  };
}

/** Labels that were asked for and are not there. */
export function missingLabels({ labels }: RunnerScaleSet, asked: readonly string[]): string[] {
  const kept = new Set(labels.map(({ name }) => name.toLowerCase()));
  return asked.filter((label) => !kept.has(label.toLowerCase()));
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const sameGroup = (group: string, { runnerGroupId, runnerGroupName }: RunnerScaleSet): boolean =>
  sameName(group, runnerGroupName) || (isDefaultGroup(group) && runnerGroupId === 1);

const sameLabels = (labels: string[], found: RunnerScaleSet): boolean =>
  labels.length === found.labels.length && missingLabels(found, labels).length === 0;
