/** Phases, as they stand in `status.phase`. */

/** The phases of an EphemeralRunner, in the order of its life; the last three end it. */
export const EPHEMERAL_RUNNER_PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Outdated'] as const;
/** Where one runner stands. */
export type EphemeralRunnerPhase = (typeof EPHEMERAL_RUNNER_PHASES)[number];

/** Phases in which a runner has ended: nothing more will run in it. */
const DONE_PHASES: readonly string[] = ['Succeeded', 'Failed', 'Outdated'];

/** True once the runner has ended; a runner without a phase has not begun. */
export const isDone = (phase: string | undefined): boolean =>
  phase !== undefined && DONE_PHASES.includes(phase);

/** `Outdated`: GitHub no longer accepts the runner version of the template. */
export type EphemeralRunnerSetPhase = 'Running' | 'Outdated';

/** `Pending`: it has no EphemeralRunnerSet or no AutoscalingListener yet. `Outdated`: as above. */
export type AutoscalingRunnerSetPhase = 'Pending' | 'Running' | 'Outdated';
