import type { ListenProgress } from '../../activities/autoscaling-listener/message-loop.ts';
import type { ListenerNews } from '../../messages/autoscaling-listener.ts';
import type { ListenerState } from './state.ts';
import { exponentialBackoffMs } from '../../api/exponential-backoff.ts';

/** Takes in how it fares. People are told when it begins to fail, for which reason, and when that is over. */
export function takeReport(state: ListenerState, { incident, ...report }: ListenerNews): void {
  const before = state.report;
  state.report = report;
  if (incident) state.events.push({ type: 'Warning', ...incident });
  if (report.ready) Object.assign(state, { failures: 0, applyTries: 0 });
  if (!report.ready && before?.reason !== report.reason) {
    state.events.push({ type: 'Warning', reason: report.reason, message: report.message });
  }
  if (report.ready && before && !before.ready) {
    state.events.push({
      type: 'Normal',
      reason: 'Listening',
      message: `It listens again (it was: ${before.reason}).`,
    });
  }
}

/** Between two tries to listen, or to make the pod. */
const WAITS = { firstMs: 2_000, longestMs: 60_000 };

/** How listening ended. */
export type ListenEnd =
  | { progress: ListenProgress }
  /** Its worker was lost or told to end: another one goes on at once. */
  | { lost: true; progress: ListenProgress | undefined }
  | { failed: { reason: string; message: string }; progress: ListenProgress | undefined };

/** Takes in how listening ended. @param repairs as the state counted them when it began */
export function settleListening(
  state: ListenerState,
  end: ListenEnd,
  { repairs, now }: { repairs: number; now: number },
): void {
  const known = end.progress ?? lastKnown(state);
  if (known && known.scaleSetId > 0) state.progress = known;
  if (!('failed' in end)) return;
  const { reason, message } = end.failed;
  if (reason === 'ScaleSetNotFound') delete state.progress;
  if (repairs !== state.repairs) return;
  state.failures += 1;
  state.nextTryAt = now + exponentialBackoffMs(state.failures, WAITS);
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
  { repairs, now }: { repairs: number; now: number },
): void {
  if (end.failed && repairs !== state.repairs) return;
  state.applyTries += 1;
  state.applyAt = now + exponentialBackoffMs(state.applyTries, WAITS);
  if (!end.failed) state.applied = end.key;
  else takeReport(state, { ready: false, ...end.failed });
}
