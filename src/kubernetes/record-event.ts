import type { ResourceEvent } from '../api/event.ts';
import type { KubernetesClient } from './client/client.ts';
import { ignoreNotFound } from './client/errors.ts';
import { events } from './client/resources.ts';
import type { Regarding } from './objects/event.ts';
import { buildEvent } from './objects/event.ts';

/** Writes an Event about an object, in its namespace. In a namespace that is gone nobody would read it. */
export async function recordEvent(
  kubernetes: Pick<KubernetesClient, 'create'>,
  regarding: Regarding,
  { type, reason, message }: ResourceEvent,
): Promise<void> {
  const event = buildEvent({ regarding, type, reason, message });
  await ignoreNotFound(kubernetes.create(events, regarding.namespace, event));
}
