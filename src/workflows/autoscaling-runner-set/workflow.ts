import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  observeAutoscalingRunnerSetSignal,
  autoscalingRunnerSetStateQuery,
} from '../../messages/autoscaling-runner-set.ts';
import type { AutoscalingRunnerSetObservation } from '../../messages/observations.ts';
import { scaleSetObservationProblem } from '../../messages/readable.ts';
import { handlePauses } from '../pause-handlers.ts';
import { intoInbox } from '../signal-inbox.ts';
import { Executor } from './execute.ts';
import { observeAutoscalingRunnerSet } from './observe.ts';
import { decideAutoscalingRunnerSet } from './plan.ts';
import { noteOutdated, settleStep } from './settle.ts';
import type { AutoscalingRunnerSetState } from './state.ts';
import { emptyAutoscalingRunnerSetState } from './state.ts';
import { describeAutoscalingRunnerSet, viewAutoscalingRunnerSet } from './view.ts';

/** The argument of the workflow. `carried` and `inbox` come from the run that continued as new. */
export interface AutoscalingRunnerSetInput {
  namespace: string;
  /** The AutoscalingRunnerSet. */
  name: string;
  /** From the run before. */
  carried?: AutoscalingRunnerSetState;
  inbox?: AutoscalingRunnerSetObservation[];
}

/**
 * An AutoscalingRunnerSet's life: the scale set at GitHub, one EphemeralRunnerSet, one AutoscalingListener, until all of
 * them are gone. One step at a time, each decided by pure functions of the state.
 */
export async function autoscalingRunnerSet(input: AutoscalingRunnerSetInput): Promise<void> {
  const state = input.carried ?? emptyAutoscalingRunnerSetState();
  const inbox = input.inbox ?? [];
  const executor = new Executor({ namespace: input.namespace, name: input.name }, state);

  setHandler(observeAutoscalingRunnerSetSignal, intoInbox(inbox, 'observe', scaleSetObservationProblem));
  setHandler(autoscalingRunnerSetStateQuery, () => viewAutoscalingRunnerSet(state));
  handlePauses((paused) => executor.pause(paused));

  for (;;) {
    const now = Date.now();
    const observations = inbox.splice(0);
    // What lasts is measured by one clock: what was seen counts from now, whatever the clock of the watch says.
    for (const observation of observations) observeAutoscalingRunnerSet(state, { ...observation, at: now });
    for (const outcome of executor.takeOutcomes()) settleStep(state, outcome, now);
    noteOutdated(state);
    const draining = workflowInfo().continueAsNewSuggested;
    const plan = decideAutoscalingRunnerSet(state, {
      now,
      name: input.name,
      stepping: executor.stepping,
      publishing: executor.publishing,
      mayPublishAt: executor.mayPublishAt,
      draining,
    });
    if (draining) executor.drain();
    executor.carryOut(plan, observations[0]?.at);
    setCurrentDetails(describeAutoscalingRunnerSet(state));

    const quiet = !executor.inFlight && inbox.length === 0 && !executor.hasNews;
    if (quiet && plan.finished) break;
    if (quiet && draining) {
      await condition(allHandlersFinished);
      const { namespace, name } = input;
      return continueAsNew<typeof autoscalingRunnerSet>({ namespace, name, carried: state, inbox });
    }
    // What people ask for makes events too, though nothing changes by it.
    const mayEnd = (): boolean => (draining ? !executor.inFlight : workflowInfo().continueAsNewSuggested);
    await condition(() => inbox.length > 0 || executor.hasNews || mayEnd());
  }
  await condition(allHandlersFinished);
}
