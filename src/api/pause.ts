import {
  DRAINING_ANNOTATION,
  DRAINING_VALUE,
  PAUSED_ANNOTATION,
  PAUSED_VALUE,
  PAUSED_WITH_OWNER_ANNOTATION,
} from './annotations.ts';
import type { EphemeralRunnerSet } from './v1alpha1/ephemeral-runner-set.ts';

interface Annotated {
  metadata: { annotations?: Record<string, string> | undefined };
}

/** Whether an AutoscalingRunnerSet or an EphemeralRunnerSet is paused. */
export const isPaused = ({ metadata }: Annotated): boolean =>
  metadata.annotations?.[PAUSED_ANNOTATION] === PAUSED_VALUE;

/** An EphemeralRunnerSet that somebody paused for itself: it stays so when its AutoscalingRunnerSet is resumed. */
export const isPausedByItself = (set: Annotated): boolean =>
  isPaused(set) && set.metadata.annotations?.[PAUSED_WITH_OWNER_ANNOTATION] === undefined;

/** Whether a new template waits for the set's busy runners, and no further job is taken. */
export const isDraining = ({ metadata }: EphemeralRunnerSet): boolean =>
  metadata.annotations?.[DRAINING_ANNOTATION] === DRAINING_VALUE;
