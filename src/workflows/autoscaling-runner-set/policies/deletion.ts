import type { AutoscalingRunnerSetState } from '../state.ts';
import type { Step } from '../steps.ts';
import { dropStep, keyOf } from '../steps.ts';

/**
 * The next step of a deletion: first the listener, so that no further job comes; then the runners; then the scale set at
 * GitHub; then the protection of the chart's objects and the finalizer. After the deadline, GitHub no longer holds it up.
 * With `--cascade=orphan` runners and scale set stay.
 */
export function deletionStep(state: AutoscalingRunnerSetState, now: number): Step | undefined {
  const { autoscalingRunnerSet, runnerSets, listeners } = state.seen ?? { runnerSets: [], listeners: [] };
  if (!autoscalingRunnerSet?.hasFinalizer || state.released) return undefined;
  const release: Step = { name: 'release', key: autoscalingRunnerSet.uid };
  // The listener goes in any case: it has no owner that could let go of it, and nobody could end it afterwards.
  if (listeners.length > 0) return dropStep({ listeners: listeners.filter(({ deleting }) => !deleting) });
  if (autoscalingRunnerSet.orphaning) return release;
  if (runnerSets.length > 0) return dropStep({ runnerSets: runnerSets.filter(({ deleting }) => !deleting) });
  const isNowhere = autoscalingRunnerSet.gitHubAnnotations === '' && !autoscalingRunnerSet.left;
  if (isNowhere || state.removed) return release;
  const force = now >= deadlineOf(state);
  return {
    name: 'remove',
    key: keyOf(autoscalingRunnerSet.gitHubAnnotations, force),
    ...(force && { force }),
  };
}

/** Milliseconds since the epoch: from then on, GitHub no longer holds up the deletion. */
export const deadlineOf = ({
  deletingSince = Infinity,
  deadlineSeconds,
}: AutoscalingRunnerSetState): number => deletingSince + deadlineSeconds * 1000;

/** An AutoscalingRunnerSet that went without us leaves its listener: it has no owner that would take it along. */
export const orphansStep = ({ seen }: AutoscalingRunnerSetState): Step | undefined =>
  dropStep({ listeners: (seen?.listeners ?? []).filter(({ deleting }) => !deleting) });
