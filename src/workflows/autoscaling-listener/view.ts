import type { ListenerView } from '../../messages/autoscaling-listener.ts';
import type { ListenerState } from './state.ts';

/** The answer of the query `state`. */
export function viewListener({
  listener,
  progress,
  report,
  failures,
  nextTryAt,
}: ListenerState): ListenerView {
  const { ready = false, reason = 'Starting', message = '' } = report ?? {};
  const sessionId = report?.sessionId ?? progress?.sessionId;
  return {
    ...{ ready, reason, message, failures, nextTryAt },
    ...(listener && { capacity: listener.capacity }),
    ...(sessionId !== undefined && { sessionId }),
    ...(progress && { lastMessageId: progress.lastMessageId, replicas: progress.scaling.targetRunners }),
  };
}

/** The first page in Temporal's user interface. */
export function describeListener(state: ListenerState): string {
  const { ready, reason, message, capacity = 'open' } = viewListener(state);
  const told = state.report ? `**${reason}** ${message}` : 'Starts.';
  const { mode = 'worker' } = state.listener ?? {};
  return [
    '| ready | capacity | runs in |',
    '|---|---|---|',
    `| ${ready} | ${capacity} | ${mode} |`,
    '',
    told,
  ].join('\n');
}

/** What the listener is in, in one word. It changes rarely: each change is an event in the history. */
export function listenerPhase({ listener, report }: ListenerState): string {
  if (listener?.deleting) return 'Deleting';
  if (!report) return 'Starting';
  if (!report.ready) return 'Blocked';
  return listener?.capacity === 'closed' ? 'Paused' : 'Running';
}
