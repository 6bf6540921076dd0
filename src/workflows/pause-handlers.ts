import { isCancellation, log, setHandler, TemporalFailure } from '@temporalio/workflow';
import * as messages from '../messages/ephemeral-runner-set.ts';
import { stopFrom } from './activity-failure.ts';

/**
 * Carries out what a signal asks for. Nobody waits for an answer, and a failure that leaves the handler would end the
 * workflow: what cannot be done is logged.
 */
export async function handleSignal(order: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TemporalFailure) || isCancellation(error)) throw error;
    log.warn('A signal could not be carried out', { order, ...stopFrom(error) });
  }
}

/** Lets a workflow be paused and resumed, by update and by signal. */
export function handlePauses(pause: (paused: boolean) => Promise<messages.Paused>): void {
  setHandler(messages.pauseUpdate, () => pause(true));
  setHandler(messages.pauseSignal, () => handleSignal('pause', () => pause(true)));
  setHandler(messages.resumeUpdate, () => pause(false));
  setHandler(messages.resumeSignal, () => handleSignal('resume', () => pause(false)));
}
