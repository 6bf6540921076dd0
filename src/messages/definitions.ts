import type { QueryDefinition, SignalDefinition, UpdateDefinition } from '@temporalio/common';

/**
 * How a message to a workflow is defined. `@temporalio/workflow` defines them just so; senders would have to load it with
 * all that workflows are made of.
 */

/** @param name as histories record it */
export const defineSignal = <Args extends unknown[] = []>(name: string) =>
  ({
    type: 'signal',
    name,
  }) as SignalDefinition<Args>;

/** @param name as it is asked by */
export const defineQuery = <Answer, Args extends unknown[] = []>(name: string) =>
  ({ type: 'query', name }) as QueryDefinition<Answer, Args>;

/** @param name as histories record it */
export const defineUpdate = <Answer, Args extends unknown[] = []>(name: string) =>
  ({ type: 'update', name }) as UpdateDefinition<Answer, Args>;
