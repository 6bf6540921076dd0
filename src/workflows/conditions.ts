import type { DecidedCondition } from '../activities/conditions.ts';
import { OUTDATED_CONDITION } from '../api/conditions.ts';

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
