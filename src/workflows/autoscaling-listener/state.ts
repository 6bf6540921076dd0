import type { ListenerReport } from '../../activities/autoscaling-listener/listen.ts';
import type { ListenProgress } from '../../activities/autoscaling-listener/message-loop.ts';
import type { ListenerObservation, ObservedListener } from '../../messages/observations.ts';
import type { Happening } from '../../api/event.ts';

/** All that a listener's workflow knows. Carried over continue-as-new as it is. */
export interface ListenerState {
  /** `null`: it no longer exists. `undefined`: not seen yet. */
  listener?: ObservedListener | null;
  /** Where the last session left off. */
  progress?: ListenProgress;
  /** How it fares, as was last told. */
  report?: ListenerReport;
  /** Times in a row that listening ended with a failure. */
  failures: number;
  /** Milliseconds since the epoch: not before. */
  nextTryAt: number;
  /** What the objects of its pod were last made for (`podKey`). */
  applied?: string;
  /** The same for the pod's objects. */
  applyFailures: number;
  applyAt: number;
  /** The condition as it was last written (`conditionKey`). */
  published?: string;
  happenings: Happening[];
}

export const emptyListenerState = (): ListenerState => ({
  failures: 0,
  nextTryAt: 0,
  applyFailures: 0,
  applyAt: 0,
  happenings: [],
});

/** Takes a change in. What was seen replaces what was known. */
export function observeListener(state: ListenerState, { listener, snapshot }: ListenerObservation): void {
  const before = state.listener;
  state.listener = listener;
  // Secrets are not watched: now and then the pod's objects are compared with what they are made from.
  if (snapshot) delete state.applied;
  if (!listener || before?.specHash === listener.specHash) return;
  // Whoever edits the listener has repaired something: try at once.
  Object.assign(state, { failures: 0, nextTryAt: 0, applyFailures: 0, applyAt: 0 });
}

/** Takes in how it fares. People are told when it begins to fail, for which reason, and when that is over. */
export function takeReport(state: ListenerState, report: ListenerReport): void {
  const before = state.report;
  state.report = report;
  if (report.ready) Object.assign(state, { failures: 0, applyFailures: 0 });
  if (!report.ready && before?.reason !== report.reason) {
    state.happenings.push({ type: 'Warning', reason: report.reason, message: report.message });
  }
  if (report.ready && before && !before.ready) {
    state.happenings.push({
      type: 'Normal',
      reason: 'Listening',
      message: `It listens again (it was: ${before.reason}).`,
    });
  }
}

const LONGEST_WAIT_MS = 60_000;

const backoffMs = (failures: number): number => Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** failures);

/** How listening ended. */
export type ListenEnd =
  | { progress: ListenProgress }
  /** Its worker was lost or told to end: another one goes on at once. */
  | { lost: true; progress: ListenProgress | undefined }
  | { failed: { reason: string; message: string }; progress: ListenProgress | undefined };

/** Takes in how listening ended. */
export function settleListening(state: ListenerState, end: ListenEnd, now: number): void {
  const known = end.progress ?? lastKnown(state);
  if (known && known.scaleSetId > 0) state.progress = known;
  if (!('failed' in end)) return;
  const { reason, message } = end.failed;
  if (reason === 'ScaleSetNotFound') delete state.progress;
  state.failures += 1;
  state.nextTryAt = now + backoffMs(state.failures);
  takeReport(state, { ready: false, reason, message });
}

/** A session that was told of and never got into a heartbeat. */
function lastKnown({ progress, report }: ListenerState): ListenProgress | undefined {
  const { sessionId, scaleSetId } = report ?? {};
  if (progress?.sessionId !== undefined || sessionId === undefined || scaleSetId === undefined)
    return progress;
  const scaling = { targetRunners: -1, patchSeq: -1, dirty: false };
  return { scaleSetId, sessionId, lastMessageId: 0, handledMessageId: 0, scaling, demand: { uncounted: {} } };
}

/** Takes in how making the pod's objects went. */
export function settlePod(
  state: ListenerState,
  end: { key: string; failed?: { reason: string; message: string } },
  now: number,
): void {
  state.applyFailures += 1;
  state.applyAt = now + backoffMs(state.applyFailures);
  if (!end.failed) state.applied = end.key;
  else takeReport(state, { ready: false, ...end.failed });
}
