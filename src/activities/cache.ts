import { createHash } from 'node:crypto';
import type { KubernetesClient } from '../kubernetes/client/client.ts';

/** Remembers what was made for a key, for a while. Those who ask at the same time share one making. */
export interface Cache<T> {
  get(key: string, make: () => Promise<T>): Promise<T>;
}

/**
 * What failed is forgotten at once.
 *
 * @param lastsMs how long a value is remembered, from the moment it was asked for, in milliseconds
 * @param now milliseconds since the epoch
 */
export function createCache<T>(lastsMs: number, now: () => number): Cache<T> {
  const entries = new Map<string, { value: Promise<T>; until: number }>();
  const sweep = (): void => {
    for (const [key, { until }] of entries) if (until <= now()) entries.delete(key);
  };
  return {
    get: (key, make) => {
      sweep();
      const known = entries.get(key);
      if (known) return known.value;
      const entry = { value: make(), until: now() + lastsMs };
      entries.set(key, entry);
      entry.value.catch(() => entries.get(key) === entry && entries.delete(key));
      return entry.value;
    },
  };
}

/** A key that does not give away what it is made of. */
export const fingerprint = (...parts: unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64');

/** So long an answer serves everyone who asks. */
const LASTS_MS = 100;

/**
 * Reads that many activities make at the same moment, such as the lanes of one set: one request serves them all. What
 * changed a tenth of a second ago may not be in the answer, so it suits templates and credentials, not what an activity
 * is about to change.
 */
export function createSharedReads(
  kubernetes: Pick<KubernetesClient, 'get'>,
  now: () => number = Date.now,
): Pick<KubernetesClient, 'get'> {
  const kept = createCache<unknown>(LASTS_MS, now);
  return {
    get: (resource, { namespace = '', name }) =>
      kept.get(`${resource.plural} ${namespace}/${name}`, () =>
        kubernetes.get(resource, { namespace, name }),
      ) as never,
  };
}
