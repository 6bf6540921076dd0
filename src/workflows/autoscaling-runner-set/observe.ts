import type { AutoscalingRunnerSetObservation } from '../../messages/observations.ts';
import { isOvertaken } from '../policies/observation-order.ts';
import { haveSurroundingsChanged } from '../policies/surroundings-change.ts';
import type { AutoscalingRunnerSetState } from './state.ts';
import { DELETION_DEADLINE_SECONDS } from './state.ts';

/** Takes an observation into the state. It tells everything, and replaces what was known, unless that is later. */
export function observeAutoscalingRunnerSet(
  state: AutoscalingRunnerSetState,
  observation: AutoscalingRunnerSetObservation,
): void {
  const { wanted, runnerSets, listeners, settings, snapshot, at } = observation;
  if (isOvertaken(state.sequence, observation.sequence)) return;
  if (observation.sequence) state.sequence = observation.sequence;
  const before = state.seen?.autoscalingRunnerSet;
  const autoscalingRunnerSet = stillOrphaning(before, observation.autoscalingRunnerSet);
  if (before && autoscalingRunnerSet && before.uid !== autoscalingRunnerSet.uid) forgetTheOther(state);
  // Somebody has repaired something, as it seems: what failed is tried at once.
  if (before && autoscalingRunnerSet && haveSurroundingsChanged(before, autoscalingRunnerSet)) {
    state.stepBackoffs = {};
    state.repairs += 1;
  }
  state.seen = { autoscalingRunnerSet, wanted, runnerSets, listeners };
  noteProblem(state, before?.problem !== undefined);
  if (settings) state.deadlineSeconds = settings.deletionDeadlineSeconds ?? DELETION_DEADLINE_SECONDS;
  if (autoscalingRunnerSet?.orphaning && state.deletingSince === undefined) tellOfOrphans(state);
  if (autoscalingRunnerSet?.deleting) state.deletingSince ??= at;
  // Its annotations have been seen as they were written: what they say later is no longer only late.
  if (state.prepared && autoscalingRunnerSet?.gitHubAnnotations === state.prepared.gitHubAnnotations)
    state.prepared.previousAnnotations = autoscalingRunnerSet.gitHubAnnotations;
  // The regular snapshot shows what really stands there: whatever was written over is written again.
  if (snapshot) {
    delete state.published;
    if (state.prepared) state.prepared.previousAnnotations = state.prepared.gitHubAnnotations;
  }
}

/** Kubernetes takes its mark off as soon as it has let go of the children: whoever deleted it still wants what he wanted. */
const stillOrphaning = <T extends AutoscalingRunnerSetObservation['autoscalingRunnerSet']>(
  before: T | undefined,
  now: T,
): T => (now && before?.orphaning && before.uid === now.uid ? { ...now, orphaning: true } : now);

function tellOfOrphans(state: AutoscalingRunnerSetState): void {
  const names = (state.seen?.runnerSets ?? []).map(({ name }) => name).join(', ');
  const message = `Deleted with --cascade=orphan: EphemeralRunnerSet ${names || '(none)'} and the scale set at GitHub stay; applied again under this name, it takes them on.`;
  state.events.push({ type: 'Normal', reason: 'Orphaned', message });
}

/** Another AutoscalingRunnerSet of the same name: nothing that was done for the first is true of it. */
function forgetTheOther(state: AutoscalingRunnerSetState): void {
  delete state.prepared;
  delete state.deletingSince;
  delete state.removed;
  delete state.released;
  delete state.outdated;
  delete state.published;
  state.stepBackoffs = {};
  state.stepFailures = {};
}

/** What makes no sense is said at once, without a try; what was taken over before goes on. */
function noteProblem(state: AutoscalingRunnerSetState, hadProblem: boolean): void {
  const problem = state.seen?.autoscalingRunnerSet?.problem;
  const { prepare, ...others } = state.stepFailures;
  if (problem) {
    if (prepare?.reason !== problem.reason) state.events.push({ type: 'Warning', ...problem });
    state.stepFailures = { ...others, prepare: problem };
  } else if (hadProblem) state.stepFailures = others;
}
