import type { Context } from '@temporalio/activity';

/** A third of the heartbeat timeout that the workflows set. */
export const BEAT_MS = 3_000;

/**
 * Heartbeats while an activity is at work, with what it would need to go on in another worker.
 *
 * @returns ends it
 */
export function heartbeatUntilDone(context: Context, details: () => unknown): () => void {
  const beat = (): void => context.heartbeat(details());
  beat();
  const timer = setInterval(beat, BEAT_MS);
  return () => clearInterval(timer);
}
