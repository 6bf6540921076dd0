import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { ResourceEvent } from '../api/event.ts';
import type { KubernetesClient } from '../kubernetes/client/client.ts';
import {
  KubernetesError,
  isConflict,
  isNotFound,
  isTransient,
  isUnauthorized,
} from '../kubernetes/client/errors.ts';
import type { Regarding } from '../kubernetes/objects/event.ts';
import { recordEvent } from '../kubernetes/record-event.ts';

/** What is only told never holds up what is done. */

/** Before the second try and those that follow, in milliseconds. */
const PAUSES_MS = [200, 1_000, 3_000];

/** What is written, in words: `Event SecretNotFound`, `mark of a pod`; and what it says, where that is lost otherwise. */
export interface Told {
  what: string;
  words?: string;
}

/**
 * Writes what is only told: an Event, a mark, a budget. What the API server refuses is let go at once, what it fails at
 * after a few tries, and the log says so. That there is no API server is another matter: then nothing can be done.
 *
 * @throws KubernetesError when no connection was to be had
 */
export async function tell(told: Told, write: () => Promise<unknown>): Promise<void> {
  for (const pauseMs of [...PAUSES_MS, undefined]) {
    try {
      await write();
      return;
    } catch (error) {
      if (!(error instanceof KubernetesError) || isUnreachable(error)) throw error;
      if (isNotFound(error)) return;
      const mayRetry = pauseMs !== undefined && mayPass(error);
      if (!mayRetry) {
        letGo(told, error);
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
  const tellOne = (event: ResourceEvent): Promise<void> => {
    const { kind, namespace, name } = regarding;
    const words = `${kind} ${namespace}/${name}: ${event.message}`;
    return tell({ what: `Event ${event.reason}`, words }, () => recordEvent(kubernetes, regarding, event));
  };
  await Promise.all(events.map(tellOne));
}

/**
 * Writes a status. One that the API server refuses as it is, by its schema, by admission or for lack of rights, counts as
 * written: it is tried again when it changes, and with the next full snapshot.
 *
 * @throws KubernetesError when another try may succeed
 */
export async function unlessRefused(told: Told, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const isRefused = error instanceof KubernetesError && !mayPass(error) && !isConflict(error);
    if (!isRefused) throw error;
    letGo(told, error);
  }
}

/** The server may take it the next time: a token that has run out is renewed. */
const mayPass = (error: KubernetesError): boolean => isTransient(error) || isUnauthorized(error);

/** No answer at all: the connection failed. One that was only slow to answer may have a webhook to blame. */
const isUnreachable = ({ status, cause }: KubernetesError): boolean =>
  status === undefined && (cause as { name?: unknown } | undefined)?.name !== 'TimeoutError';

/** The same refusal is logged so often at most, in milliseconds: it is the same for each job, and for each Event. */
const LOGGED_AGAIN_MS = 10 * 60_000;

/** What is refused in so many ways is logged anew. */
const MOST_REFUSALS = 1_000;

/** When each refusal was last logged, and how many were not since. */
const refusals = new Map<string, { at: number; unsaid: number }>();

function letGo({ what, words }: Told, { message, subject, status }: KubernetesError): void {
  const key = [what, subject.verb, subject.resource, subject.namespace, status].join(' ');
  const before = refusals.get(key);
  const now = Date.now();
  if (before && now - before.at < LOGGED_AGAIN_MS) {
    before.unsaid += 1;
    return;
  }
  if (refusals.size >= MOST_REFUSALS) refusals.clear();
  refusals.set(key, { at: now, unsaid: 0 });
  Context.current().log.warn('The API server does not take it; it is let go.', {
    what,
    error: message,
    ...(words !== undefined && { words }),
    ...(before && before.unsaid > 0 && { unsaid: before.unsaid }),
  });
}
