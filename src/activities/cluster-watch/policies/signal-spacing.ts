import type { WorkflowTarget } from '../workflow-target.ts';
import { isAutoscalingRunnerSetTarget } from '../workflow-target.ts';

/** The shortest time between two messages to one workflow: what changes in between goes together. */
const SPACING_MS = 100;

/**
 * Each message makes its workflow run once more. Where many runners change, fewer and fuller messages leave more of the
 * machine to the runners: so much longer for each runner that was told of, up to the longest.
 */
const SPACING_PER_RUNNER_MS = 4;

const LONGEST_SPACING_MS = 500;

/** A scale set's counters change all the time, and nothing about it is in that hurry. */
const SCALE_SET_SPACING_MS = 500;

/**
 * How long a workflow is not signalled again, in milliseconds.
 *
 * @param runnersTold of how many runners the last signal told
 */
export function spacingAfter(target: WorkflowTarget, runnersTold: number): number {
  if (isAutoscalingRunnerSetTarget(target)) return SCALE_SET_SPACING_MS;
  return Math.min(SPACING_MS + runnersTold * SPACING_PER_RUNNER_MS, LONGEST_SPACING_MS);
}
