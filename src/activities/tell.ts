import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { ResourceEvent } from '../api/event.ts';
import type { KubernetesClient } from '../kubernetes/client/client.ts';
import { KubernetesError, isConflict, isNotFound, isTransient } from '../kubernetes/client/errors.ts';
import type { Regarding } from '../kubernetes/objects/event.ts';
import { recordEvent } from '../kubernetes/record-event.ts';

/** What is only told never holds up what is done. */

/** Before the second try and those that follow, in milliseconds. */
const PAUSES_MS = [200, 1_000, 3_000];

/**
 * Writes what is only told: an Event, a mark, a budget. What the API server refuses is let go at once, what it fails at
 * after a few tries, and the log says so. That there is no API server is another matter: then nothing can be done.
 *
 * @param what names it in the log
 * @throws KubernetesError when no connection was to be had
 */
export async function tell(what: string, write: () => Promise<unknown>): Promise<void> {
  for (const pauseMs of [...PAUSES_MS, undefined]) {
    try {
      await write();
      return;
    } catch (error) {
      if (!(error instanceof KubernetesError) || isUnreachable(error)) throw error;
      if (isNotFound(error)) return;
      const mayRetry = pauseMs !== undefined && isTransient(error);
      if (!mayRetry) {
        letGo(what, error);
        return;
      }
    }
    await sleep(pauseMs, undefined, { signal: Context.current().cancellationSignal });
  }
}

/** Tells Events about one object, side by side. */
export async function tellEvents(
  kubernetes: Pick<KubernetesClient, 'create'>,
  regarding: Regarding,
  events: readonly ResourceEvent[],
): Promise<void> {
  await Promise.all(
    events.map((event) => tell(`Event ${event.reason}`, () => recordEvent(kubernetes, regarding, event))),
  );
}

/**
 * Writes a status. One that the API server refuses as it is, by its schema, by admission or for lack of rights, counts as
 * written: it is tried again when it changes, and with the next full snapshot.
 *
 * @param what names it in the log
 * @throws KubernetesError when another try may succeed
 */
export async function unlessRefused(what: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const isRefused = error instanceof KubernetesError && !isTransient(error) && !isConflict(error);
    if (!isRefused) throw error;
    letGo(what, error);
  }
}

/** No answer at all: the connection failed. One that was only slow to answer may have a webhook to blame. */
const isUnreachable = ({ status, cause }: KubernetesError): boolean =>
  status === undefined && (cause as { name?: unknown } | undefined)?.name !== 'TimeoutError';

function letGo(what: string, { message }: KubernetesError): void {
  Context.current().log.warn('The API server does not take it; it is let go.', { what, error: message });
}
