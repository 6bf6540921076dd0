import { isProbing } from './ephemeral-runner-set/policies/failure-backoff.ts';
import type { SetState } from './ephemeral-runner-set/state.ts';
import { isOutdated } from './ephemeral-runner-set/status.ts';

/** What the set is in, in one word. It changes rarely: each change is an event in the history. */
export function phaseOf(state: SetState): string {
  if (state.set?.deleting) return 'Deleting';
  if (isOutdated(state)) return 'Outdated';
  if (state.trouble) return 'Blocked';
  if (isProbing(state.failures, state.settings)) return 'Failing';
  return state.set?.paused ? 'Paused' : 'Running';
}
