import * as messages from '../../messages/autoscaling-listener.ts';
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ListenerNews } from '../../messages/autoscaling-listener.ts';
import type { ListenerObservation } from '../../messages/observations.ts';
import { listenerObservationProblem, reportProblem } from '../../messages/readable.ts';
import { intoInbox } from '../signal-inbox.ts';
import { Executor } from './execute.ts';
import { observeListener } from './observe.ts';
import { decideListener } from './plan.ts';
import { takeReport } from './settle.ts';
import type { ListenerState } from './state.ts';
import { emptyListenerState } from './state.ts';
import { describeListener, viewListener } from './view.ts';

/** The argument of the workflow. `carried` and `inbox` come from the run that continued as new. */
export interface AutoscalingListenerInput {
  namespace: string;
  /** The AutoscalingListener. */
  name: string;
  /** From the run before. */
  carried?: ListenerState;
  inbox?: ListenerObservation[];
}

/**
 * An AutoscalingListener's life: one activity holds its message session and polls. Whatever changes what it works with
 * ends that activity, and the next one goes on with the same session; when a worker is lost, another one does.
 */
export async function autoscalingListener(input: AutoscalingListenerInput): Promise<void> {
  const state = input.carried ?? emptyListenerState();
  const inbox = input.inbox ?? [];
  const reports: ListenerNews[] = [];
  const executor = new Executor({ namespace: input.namespace, name: input.name }, state);

  setHandler(messages.observeListenerSignal, intoInbox(inbox, 'observe', listenerObservationProblem));
  setHandler(messages.reportSignal, intoInbox(reports, 'report', reportProblem));
  setHandler(messages.listenerStateQuery, () => viewListener(state));

  for (;;) {
    const observations = inbox.splice(0);
    for (const observation of observations) observeListener(state, observation);
    for (const report of reports.splice(0)) takeReport(state, report);
    const draining = workflowInfo().continueAsNewSuggested;
    const { listening, stopping, publishing, mayPublishAt, closing, mayCloseAt, applying } = executor;
    const circumstances = {
      stopping,
      publishing,
      mayPublishAt,
      closing,
      mayCloseAt,
      applying,
      draining,
      now: Date.now(),
    };
    const plan = decideListener(state, { ...circumstances, ...(listening && { listening }) });
    if (draining) executor.drain();
    executor.carryOut(plan, observations[0]?.at);
    setCurrentDetails(describeListener(state));

    const quiet = !executor.inFlight && inbox.length === 0 && reports.length === 0;
    if (quiet && plan.finished) break;
    if (quiet && draining) {
      await condition(allHandlersFinished);
      const { namespace, name } = input;
      return continueAsNew<typeof autoscalingListener>({ namespace, name, carried: state, inbox });
    }
    await condition(() => inbox.length > 0 || reports.length > 0 || executor.hasNews);
  }
  await condition(allHandlersFinished);
}
