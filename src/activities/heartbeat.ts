import { Context } from '@temporalio/activity';

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

type Activity = (input: never) => Promise<unknown>;

/**
 * The same activities, each heartbeating while it is at work: a worker that is lost is noticed within the heartbeat
 * timeout, and another one does the step anew. The first beat comes after `BEAT_MS`: a quick step costs none.
 */
export const beating = <T extends object>(activities: T): T =>
  Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [name, whileBeating(activity as Activity)]),
  ) as T;

const whileBeating =
  (activity: Activity): Activity =>
  async (input) => {
    const context = Context.current();
    const timer = setInterval(() => context.heartbeat(), BEAT_MS);
    try {
      return await activity(input);
    } finally {
      clearInterval(timer);
    }
  };
