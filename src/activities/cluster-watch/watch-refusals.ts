import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import type { KubernetesError } from '../../kubernetes/client/errors.ts';
import { isForbidden, isNotFound } from '../../kubernetes/client/errors.ts';
import type { Resource } from '../../kubernetes/client/resources.ts';
import { recordEvent } from '../../kubernetes/record-event.ts';

/** A resource that the API server does not let the watch see, and so does not get served. */
export interface WatchRefusal {
  /** Empty: all of them. */
  namespace: string;
  /** With its group: `ephemeralrunners.actions.github.com`. */
  resource: string;
  reason: 'Forbidden' | 'CrdMissing' | 'Refused';
  /** What is missing, and the remedy. */
  message: string;
}

/** To whom refusals are told. */
export interface WatchRefusalsOptions {
  kubernetes: Pick<KubernetesClient, 'create'>;
  /** All that there are now, whenever that changes. */
  report: (refusals: WatchRefusal[]) => void;
  /** Where Events may be written when the namespace itself is out of bounds, the best first. */
  namespaces: readonly string[];
  log: (message: string, facts: Record<string, unknown>) => void;
  signal: AbortSignal;
}

/** So long a refusal must be over until it counts as served again: a list may succeed whose watch is then refused. */
const CALM_MS = 10_000;

/** What the API server keeps the watch from seeing. People are told where they look: a metric, readiness, an Event. */
export class WatchRefusals {
  private readonly current = new Map<string, WatchRefusal>();
  private readonly calming = new Map<string, AbortController>();
  private readonly options: WatchRefusalsOptions;

  constructor(options: WatchRefusalsOptions) {
    this.options = options;
  }

  /**
   * A list or a watch failed. What is only out of reach is not refused: readiness tells of it by itself.
   *
   * @returns whether it is refused: then it is logged once, and not with each try
   */
  failed(resource: Resource<never>, namespace: string | undefined, error: KubernetesError): boolean {
    if (error.status === undefined || error.status === 429 || error.status === 410) return false;
    const key = `${resource.plural} ${namespace ?? ''}`;
    this.calming.get(key)?.abort();
    const refusal = refusalOf(resource, namespace, error);
    const before = this.current.get(key);
    this.current.set(key, refusal);
    if (before?.message === refusal.message) return true;
    this.report();
    this.options.log(refusal.message, { resource: refusal.resource, namespace: refusal.namespace });
    void this.tell(refusal);
    return true;
  }

  /** It was listed. */
  served({ plural }: Resource<never>, namespace: string | undefined): void {
    const key = `${plural} ${namespace ?? ''}`;
    if (!this.current.has(key) || this.calming.has(key)) return;
    void this.calm(key);
  }

  private async calm(key: string): Promise<void> {
    const relapse = new AbortController();
    this.calming.set(key, relapse);
    const signal = AbortSignal.any([relapse.signal, this.options.signal]);
    await sleep(CALM_MS, undefined, { signal }).catch(() => undefined);
    this.calming.delete(key);
    if (signal.aborted) return;
    this.current.delete(key);
    this.report();
  }

  private report(): void {
    this.options.report([...this.current.values()]);
  }

  /** An Event about the namespace, in it; where that is refused as well, in the first that takes it. */
  private async tell({ namespace, reason, message }: WatchRefusal): Promise<void> {
    const { kubernetes, log } = this.options;
    const about = { apiVersion: 'v1', kind: 'Namespace' };
    const event = { type: 'Warning', reason: `Watch${reason}`, message } as const;
    const places = [...(namespace ? [namespace] : []), ...this.options.namespaces];
    for (const place of new Set(places)) {
      try {
        await recordEvent(kubernetes, { ...about, name: namespace || place, namespace: place }, event);
        return;
      } catch (error) {
        log('An Event about what cannot be watched was refused.', { namespace: place, error: String(error) });
      }
    }
  }
}

function refusalOf(
  { plural, apiVersion }: Resource<never>,
  namespace: string | undefined,
  error: KubernetesError,
): WatchRefusal {
  const [group = ''] = apiVersion.includes('/') ? apiVersion.split('/') : [];
  const resource = group === '' ? plural : `${plural}.${group}`;
  const where = namespace === undefined ? 'the cluster' : `namespace ${namespace}`;
  const { subject, serverMessage } = error;
  const facts = { namespace: namespace ?? '', resource };
  if (isForbidden(error)) {
    const remedy = `grant get, list and watch on ${resource} to the worker's service account`;
    const other = namespace === undefined ? '' : `, or take ${namespace} off --watch-namespace`;
    const message = `The right to ${subject.verb} ${resource} in ${where} is missing, so it is not served: ${remedy}${other}.`;
    return { ...facts, reason: 'Forbidden', message };
  }
  if (isNotFound(error)) {
    const message = `The cluster does not know ${resource}, so what needs it in ${where} is not served: install the CRDs of the chart.`;
    return { ...facts, reason: 'CrdMissing', message };
  }
  const message = `${resource} in ${where} cannot be read, so what needs them is not served: ${serverMessage}`;
  return { ...facts, reason: 'Refused', message };
}
