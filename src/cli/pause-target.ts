import type { AutoscalingRunnerSet } from '../api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../api/v1alpha1/ephemeral-runner-set.ts';
import { isPausedByItself } from '../api/pause.ts';
import { ownerOf } from '../kubernetes/objects/scale-set.ts';
import type { SetKey } from './set-key.ts';

/** What an order to pause or resume goes to, whatever name it was given. */
export type PauseTarget =
  | {
      kind: 'AutoscalingRunnerSet';
      key: SetKey;
      /** The EphemeralRunnerSet that was named, where it was not the scale set itself. */
      named?: string;
      /** Its EphemeralRunnerSets that would stay paused when it is resumed. */
      pausedByThemselves: string[];
      /** An EphemeralRunnerSet has the same name and does not belong to it. */
      hasNamesake: boolean;
    }
  | { kind: 'EphemeralRunnerSet'; key: SetKey };

/** What there is in the namespace. */
export interface Present {
  scaleSets: readonly Pick<AutoscalingRunnerSet, 'metadata'>[];
  sets: readonly EphemeralRunnerSet[];
}

/**
 * Who gives a name means the scale set that jobs name: an AutoscalingRunnerSet comes first. One of its EphemeralRunnerSets
 * stands for it, as "get" lists those: paused alone it would announce no capacity either, and its scale set would not know.
 *
 * @returns `undefined` when nothing has this name
 */
export function pauseTargetOf(key: SetKey, { scaleSets, sets }: Present): PauseTarget | undefined {
  const isThere = (name: string) => scaleSets.some(({ metadata }) => metadata.name === name);
  const set = sets.find(({ metadata }) => metadata.name === key.name);
  const owner = set && ownerOf(set);
  const scaleSet = isThere(key.name) ? key.name : owner;
  if (scaleSet === undefined || !isThere(scaleSet))
    return set ? { kind: 'EphemeralRunnerSet', key } : undefined;
  const own = sets.filter((each) => ownerOf(each) === scaleSet);
  return {
    kind: 'AutoscalingRunnerSet',
    key: { ...key, name: scaleSet },
    ...(scaleSet !== key.name && { named: key.name }),
    pausedByThemselves: own.filter(isPausedByItself).map(({ metadata }) => metadata.name ?? ''),
    hasNamesake: set !== undefined && owner !== scaleSet,
  };
}
