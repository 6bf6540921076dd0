import type { ObservedChildListener, ObservedChildRunnerSet } from '../../../messages/observations.ts';
import type { AutoscalingRunnerSetState } from '../state.ts';
import type { Step } from '../steps.ts';
import { dropStep, keyOf } from '../steps.ts';

/** The EphemeralRunnerSet that is scaled, if there is one. */
export const currentRunnerSet = ({ seen }: AutoscalingRunnerSetState): ObservedChildRunnerSet | undefined =>
  seen?.runnerSets.find(({ current }) => current);

/** The AutoscalingListener in the right place, if there is one. */
export const currentListener = ({ seen }: AutoscalingRunnerSetState): ObservedChildListener | undefined =>
  seen?.listeners.find(({ current }) => current);

/**
 * Whether a new template waits: for jobs that run, where the strategy says so. A set whose scale set has vanished gets no
 * job any more, so there is nothing to wait for.
 */
export function holdsBack(state: AutoscalingRunnerSetState): boolean {
  const set = currentRunnerSet(state);
  return (
    state.seen?.autoscalingRunnerSet?.eventual === true &&
    set?.stale === 'template' &&
    set.busy === true &&
    set.scaleSetId === state.prepared?.scaleSetId
  );
}

/** Makes children that are missing, and brings up to date those that are not. */
export function childrenStep(state: AutoscalingRunnerSetState, name: string): Step | undefined {
  const [set, listener] = [currentRunnerSet(state), currentListener(state)];
  // Its name is taken until it is gone: GitHub and its runners come first.
  if (!set && (state.seen?.runnerSets ?? []).some((each) => each.name === name && each.deleting))
    return undefined;
  const hold = holdsBack(state);
  const setDiffers = !set || (hold ? set.draining !== true : set.stale !== undefined);
  const listenerDiffers = !listener || (listener.stale === true && !listener.deleting);
  if (!setDiffers && !listenerDiffers) return undefined;
  const key = keyOf(state.seen?.wanted, set?.uid, set?.stale, listener?.uid, listener?.stale, hold);
  return { name: 'apply', key, ...(hold && { hold }) };
}

/**
 * What is left of earlier days goes, once its successor stands: listeners under another name, and the sets of older
 * releases of ARC, which made a new one for each template. A set with jobs wants no further runner, and goes after them.
 */
export function leftoverStep(state: AutoscalingRunnerSetState): Step | undefined {
  const { runnerSets = [], listeners = [] } = state.seen ?? {};
  const others = currentRunnerSet(state)
    ? runnerSets.filter(({ current, deleting }) => !current && !deleting)
    : [];
  return dropStep({
    empty: others.filter(({ busy, replicas }) => busy && replicas > 0),
    runnerSets: others.filter(({ busy }) => !busy),
    listeners: listeners.filter(({ current, deleting }) => !current && !deleting),
  });
}
