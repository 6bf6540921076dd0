import type { Condition } from '../api/conditions.ts';
import { now } from './conditions.ts';

/** The readiness of an EphemeralRunner, as the part of its status that `kubectl wait` reads. */
export const readiness = (
  status: 'True' | 'False',
  reason: string,
  message: string,
): { ready: boolean; conditions: Condition[] } => ({
  ready: status === 'True',
  conditions: [{ type: 'Ready', status, reason, message, lastTransitionTime: now() }],
});

export const notReady = (reason: string, message: string): ReturnType<typeof readiness> =>
  readiness('False', reason, message);
