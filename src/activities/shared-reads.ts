import type { KubernetesClient } from '../kubernetes/client/client.ts';
import { createKept } from './cache.ts';

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
  const kept = createKept<unknown>(LASTS_MS, now);
  return {
    get: (resource, { namespace = '', name }) =>
      kept.get(`${resource.plural} ${namespace}/${name}`, () =>
        kubernetes.get(resource, { namespace, name }),
      ) as never,
  };
}
