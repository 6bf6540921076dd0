import type { AutoscalingRunnerSetState } from '../state.ts';
import type { Step } from '../steps.ts';
import { keyOf } from '../steps.ts';

/** What a child says when GitHub does not know its scale set. */
const GONE = 'ScaleSetNotFound';

/**
 * Whether the scale set at GitHub must be looked after: it never was, the spec asks for something else, somebody changed
 * the annotations, or a child says that it has vanished.
 */
export function preparationStep(state: AutoscalingRunnerSetState): Step | undefined {
  const { autoscalingRunnerSet } = state.seen ?? {};
  if (!autoscalingRunnerSet || autoscalingRunnerSet.problem) return undefined;
  const { prepared } = state;
  const gone = isGone(state);
  const isCurrent =
    autoscalingRunnerSet.hasFinalizer === true &&
    prepared?.specHash === autoscalingRunnerSet.specHash &&
    (autoscalingRunnerSet.gitHubAnnotations === prepared.gitHubAnnotations ||
      autoscalingRunnerSet.gitHubAnnotations === prepared.previousAnnotations);
  // What was left at another URL is tried until it is gone, at growing intervals: the step is the same each time.
  const left = autoscalingRunnerSet.left === true;
  // So is what GitHub would not change.
  const refused = prepared?.refused !== undefined;
  if (isCurrent && !gone && !left && !refused) return undefined;
  return {
    name: 'prepare',
    key: keyOf(
      autoscalingRunnerSet.generation,
      autoscalingRunnerSet.specHash,
      autoscalingRunnerSet.gitHubAnnotations,
      gone && 'gone',
      ...(left ? ['left'] : []),
    ),
  };
}

/** The scale set that the children have now is not at GitHub. What they say of an earlier one is past. */
function isGone({ seen, prepared }: AutoscalingRunnerSetState): boolean {
  const id = prepared?.scaleSetId ?? seen?.autoscalingRunnerSet?.scaleSetId;
  const sets = (seen?.runnerSets ?? []).some(
    ({ scaleSetId, blocked, current }) => current && scaleSetId === id && blocked?.reason === GONE,
  );
  const listeners = (seen?.listeners ?? []).some(
    ({ scaleSetId, ready, current }) => current && scaleSetId === id && ready?.reason === GONE,
  );
  return sets || listeners;
}

/** The scale set at GitHub is what the spec asks for: children can be made for it. */
export const isPrepared = ({ seen, prepared }: AutoscalingRunnerSetState): boolean =>
  prepared !== undefined && prepared.specHash === seen?.autoscalingRunnerSet?.specHash;
