/** Phases, as they stand in `status.phase`. */

export const EPHEMERAL_RUNNER_PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Outdated'] as const;
export type EphemeralRunnerPhase = (typeof EPHEMERAL_RUNNER_PHASES)[number];

/** Phases in which a runner has ended: nothing more will run in it. */
const DONE_PHASES: readonly string[] = ['Succeeded', 'Failed', 'Outdated'];

/** True once the runner has ended; a runner without a phase has not begun. */
export const isDone = (phase: string | undefined): boolean =>
  phase !== undefined && DONE_PHASES.includes(phase);

export type EphemeralRunnerSetPhase = 'Running' | 'Outdated';

export type AutoscalingRunnerSetPhase = 'Pending' | 'Running' | 'Outdated';
