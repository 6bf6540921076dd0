import type { Condition } from '../api/conditions.ts';
import { OUTDATED_CONDITION } from '../api/conditions.ts';

/** A condition as a workflow decides it; when it began to hold is added where it is written. */
export type DecidedCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** @param message what it means for the resource, when GitHub refuses its runners for their version */
export const outdatedCondition = (isOutdated: boolean, message: string): DecidedCondition =>
  isOutdated
    ? { type: OUTDATED_CONDITION, status: 'True', reason: 'RunnerVersionDeprecated', message }
    : {
        type: OUTDATED_CONDITION,
        status: 'False',
        reason: 'Accepted',
        message: 'No runner was refused for its version.',
      };
