import { log } from '@temporalio/workflow';

/**
 * Handles a signal by putting what it brings into an inbox. Anybody may send one by hand: what cannot be read is logged
 * and ignored, because what throws where it is taken in would stop the workflow for good.
 *
 * @param problemOf says what is wrong with a message, if anything
 */
export const intoInbox =
  <T>(inbox: T[], signal: string, problemOf: (message: unknown) => string | undefined) =>
  (message: T): void => {
    const problem = problemOf(message);
    if (problem === undefined) inbox.push(message);
    else log.warn('A signal that cannot be read was ignored', { signal, problem });
  };
