import type { PreparedScaleSet } from '../../activities/autoscaling-runner-set/prepare-scale-set.ts';
import type { Stop } from '../../activities/failures.ts';
import { backoffAfter } from './policies/step-backoff.ts';
import type { AutoscalingRunnerSetState } from './state.ts';
import { isOutdated } from './status.ts';
import type { Step } from './steps.ts';

/** What a step came to. */
export interface StepOutcome {
  step: Step;
  /** Of the AutoscalingRunnerSet that it was done for. */
  uid: string;
  /** As the state counted them when the step began. */
  repairs: number;
  /** It failed. */
  stopped?: Stop;
  prepared?: PreparedScaleSet;
  /** What was left at GitHub. */
  leaked?: string;
  /** What stays there for another one. */
  kept?: string;
}

/** Takes what a step came to into the state. */
export function settleStep(state: AutoscalingRunnerSetState, outcome: StepOutcome, now: number): void {
  const { step, uid, stopped, repairs } = outcome;
  const { name, key } = step;
  // Another one has its name by now: nothing that was done for the first is true of it.
  const { autoscalingRunnerSet } = state.seen ?? {};
  if (autoscalingRunnerSet && autoscalingRunnerSet.uid !== uid) return;
  if (stopped && repairs !== state.repairs) return;
  state.stepBackoffs[name] = backoffAfter(state.stepBackoffs[name], {
    key,
    stopped,
    now,
  });
  if (stopped) {
    if (state.stepFailures[name]?.reason !== stopped.reason)
      state.events.push({ type: 'Warning', ...stopped });
    const { reason, message } = stopped;
    state.stepFailures[name] = { reason, message };
    return;
  }
  const { [name]: _over, ...others } = state.stepFailures;
  state.stepFailures = others;
  if (outcome.prepared) settlePreparation(state, outcome.prepared);
  if (name === 'remove') settleRemoval(state, outcome);
  if (name === 'release') state.released = true;
}

function settlePreparation(
  state: AutoscalingRunnerSetState,
  { events, ...prepared }: PreparedScaleSet,
): void {
  const { autoscalingRunnerSet } = state.seen ?? {};
  tellOfLabels(state, prepared.missingLabels);
  const { refused } = prepared;
  if (refused && refused.reason !== state.prepared?.refused?.reason)
    state.events.push({ type: 'Warning', ...refused });
  state.prepared = { ...prepared, previousAnnotations: autoscalingRunnerSet?.gitHubAnnotations ?? '' };
  state.events.push(...events);
  if (autoscalingRunnerSet) autoscalingRunnerSet.hasFinalizer = true;
}

function tellOfLabels(state: AutoscalingRunnerSetState, missing: string[]): void {
  const before = state.prepared?.missingLabels ?? [];
  if (missing.length === 0 || missing.join() === before.join()) return;
  const message = `GitHub did not keep these labels of the scale set: ${missing.join(', ')}.`;
  state.events.push({ type: 'Warning', reason: 'LabelsDropped', message });
}

function settleRemoval(state: AutoscalingRunnerSetState, { leaked, kept }: StepOutcome): void {
  state.removed = true;
  if (kept !== undefined) state.events.push({ type: 'Normal', reason: 'ScaleSetKept', message: kept });
  if (leaked !== undefined) state.events.push({ type: 'Warning', reason: 'ScaleSetLeaked', message: leaked });
}

/** Tells people when GitHub begins to refuse the runners of the template, and when a new template ends that. */
export function noteOutdated(state: AutoscalingRunnerSetState): void {
  const outdated = isOutdated(state);
  if (outdated === (state.outdated ?? false)) return;
  state.outdated = outdated;
  const message = outdated
    ? 'GitHub no longer accepts the runner version of this template: give a newer image.'
    : 'The new template is accepted: jobs are taken again.';
  state.events.push(
    outdated
      ? { type: 'Warning', reason: 'Outdated', message }
      : { type: 'Normal', reason: 'Resumed', message },
  );
}
