import { CONFIG_URL_ANNOTATION } from '../../../api/annotations.ts';
import type { AutoscalingRunnerSet } from '../../../api/v1alpha1/autoscaling-runner-set.ts';
import { isSameConfigUrl, shownConfigUrl } from '../../../github/config-url.ts';
import { scaleSetIdOf } from '../../../kubernetes/objects/scale-set.ts';

/** A scale set at GitHub: its id counts at its URL only. */
export interface ScaleSetAtUrl {
  id: number;
  url: string;
}

/** The scale set that an AutoscalingRunnerSet has, by what stands in its annotations; id 0: none. */
const heldBy = ({ metadata, spec }: AutoscalingRunnerSet, id: number): ScaleSetAtUrl => ({
  id,
  url: metadata.annotations?.[CONFIG_URL_ANNOTATION] ?? spec.githubConfigUrl ?? '',
});

/** The id of its scale set, as far as that is valid at the URL of the spec; 0 for none. */
export function currentScaleSetId(scaleSet: AutoscalingRunnerSet): number {
  const { id, url } = heldBy(scaleSet, scaleSetIdOf(scaleSet));
  return isSameConfigUrl(url, scaleSet.spec.githubConfigUrl ?? '') ? id : 0;
}

/** Whether this one has the scale set. */
export function holds(each: AutoscalingRunnerSet, { id, url }: ScaleSetAtUrl): boolean {
  const own = heldBy(each, scaleSetIdOf(each));
  return own.id === id && isSameConfigUrl(own.url, url);
}

/**
 * The others of the cluster that have this scale set, the oldest first. Those that are being deleted no longer count.
 *
 * @param self the one that asks
 */
export function otherHolders(
  scaleSet: ScaleSetAtUrl,
  self: AutoscalingRunnerSet,
  all: readonly AutoscalingRunnerSet[],
): AutoscalingRunnerSet[] {
  const others = all.filter(
    ({ metadata }) => metadata.uid !== self.metadata.uid && metadata.deletionTimestamp === undefined,
  );
  return others.filter((each) => holds(each, scaleSet)).sort(byAge);
}

/** Why a scale set is not for this one, as it stands in conditions. */
export interface TakenProblem {
  reason: string;
  message: string;
}

/**
 * What is wrong when an older AutoscalingRunnerSet has this one's scale set as well. That one alone changes it and listens:
 * two would change it to and fro, and wait for each other's session.
 */
export function takenProblem(
  self: AutoscalingRunnerSet,
  all: readonly AutoscalingRunnerSet[],
): TakenProblem | undefined {
  const id = currentScaleSetId(self);
  const [first] = id === 0 ? [] : otherHolders({ id, url: urlOf(self) }, self, all);
  return first && byAge(first, self) < 0 ? takenBy(first, id, self) : undefined;
}

/**
 * The same for a scale set that was found by its name: whoever has it keeps it.
 *
 * @returns `next`: it is this one's turn afterwards, as the one that has it is older
 */
export function adoptionProblem(
  self: AutoscalingRunnerSet,
  all: readonly AutoscalingRunnerSet[],
  id: number,
): (TakenProblem & { next: boolean }) | undefined {
  const [first] = otherHolders({ id, url: urlOf(self) }, self, all);
  return first && { ...takenBy(first, id, self), next: byAge(first, self) < 0 };
}

const urlOf = ({ spec }: AutoscalingRunnerSet): string => spec.githubConfigUrl ?? '';

function takenBy(holder: AutoscalingRunnerSet, id: number, self: AutoscalingRunnerSet): TakenProblem {
  const where = shownConfigUrl(urlOf(self));
  const remedy =
    'give this one another spec.runnerScaleSetName, or delete one of the two: the other goes on with it';
  const message = `AutoscalingRunnerSet ${holderName(holder)} has scale set ${id} at ${where} already; ${remedy}.`;
  return { reason: 'ScaleSetTaken', message };
}

/** How people call it. */
export const holderName = ({ metadata }: AutoscalingRunnerSet): string =>
  `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;

/** Times of creation are whole seconds. */
function byAge(a: AutoscalingRunnerSet, b: AutoscalingRunnerSet): number {
  const [first, second] = [a, b].map(
    (each) => `${each.metadata.creationTimestamp ?? ''} ${holderName(each)}`,
  ) as [string, string];
  return first < second ? -1 : first > second ? 1 : 0;
}
