/** Phases, as they stand in `status.phase`. */

export const EPHEMERAL_RUNNER_PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Outdated'] as const;
export type EphemeralRunnerPhase = (typeof EPHEMERAL_RUNNER_PHASES)[number];

/** Phases in which a runner has ended: nothing more will run in it. */
export const DONE_PHASES: readonly string[] = ['Succeeded', 'Failed', 'Outdated'];

/** True once the runner has ended; a runner without a phase has not begun. */
export const isDone = (phase: string | undefined): boolean =>
  phase !== undefined && DONE_PHASES.includes(phase);

export const EPHEMERAL_RUNNER_SET_PHASES = ['Running', 'Outdated'] as const;
export type EphemeralRunnerSetPhase = (typeof EPHEMERAL_RUNNER_SET_PHASES)[number];

export const AUTOSCALING_RUNNER_SET_PHASES = ['Pending', 'Running', 'Outdated'] as const;
export type AutoscalingRunnerSetPhase = (typeof AUTOSCALING_RUNNER_SET_PHASES)[number];
