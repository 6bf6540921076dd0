import type { ListenerObservation } from '../../messages/observations.ts';
import { isOvertaken } from '../policies/observation-order.ts';
import { haveSurroundingsChanged } from '../policies/surroundings-change.ts';
import type { ListenerState } from './state.ts';

/** Takes a change in. What was seen replaces what was known, unless something later is known already. */
export function observeListener(
  state: ListenerState,
  { listener, snapshot, sequence }: ListenerObservation,
): void {
  if (isOvertaken(state.sequence, sequence)) return;
  if (sequence) state.sequence = sequence;
  const before = state.listener;
  state.listener = listener;
  // Secrets are not watched: now and then the pod's objects are compared with what they are made from.
  if (snapshot) delete state.applied;
  const isAnother = Boolean(before && listener && before.uid !== listener.uid);
  if (isAnother) {
    delete state.applied;
    delete state.published;
  }
  const isRepaired = Boolean(before && listener && haveSurroundingsChanged(before, listener));
  if (!listener || (before?.specHash === listener.specHash && !isAnother && !isRepaired)) return;
  // Whoever edits the listener, or makes it anew, has repaired something: try at once.
  Object.assign(state, { failures: 0, nextTryAt: 0, applyTries: 0, applyAt: 0 });
  if (before) state.repairs += 1;
}
