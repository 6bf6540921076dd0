import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import type { CoreEvent } from '../../kubernetes/client/resources.ts';
import { events } from '../../kubernetes/client/resources.ts';
import type { PodState } from '../../kubernetes/pod-state.ts';
import { wordsOf } from '../../kubernetes/pod-state.ts';
import { inParallel } from '../parallel.ts';
import type { RunnerStore } from './runner-store.ts';

/** What looking for Events needs. `clock` gives milliseconds since the epoch. */
export interface PodEventsOptions {
  kubernetes: Pick<KubernetesClient, 'list'>;
  store: Pick<RunnerStore, 'startingPods' | 'noteTrouble'>;
  clock?: () => number;
}

/** A pod that takes longer than this to start (milliseconds) is looked after. */
const USUAL_START_MS = 5_000;

/** What the kubelet, or who attaches volumes, says in Events only: the pod itself shows nothing but ContainerCreating. */
const TROUBLES = new Set(['FailedAttachVolume', 'FailedCreatePodSandBox', 'FailedMapVolume', 'FailedMount']);

/** Warnings about pods but for those that are frequent, and that the pod shows as well. */
const SELECTOR = [
  ...['involvedObject.kind=Pod', 'type=Warning'],
  ...['BackOff', 'Failed', 'FailedScheduling', 'Unhealthy'].map((reason) => `reason!=${reason}`),
].join(',');

/**
 * Reads the Events about pods that do not start: that a Secret or ConfigMap of a volume is missing is told there alone.
 * Nothing is asked while pods start as usual; otherwise it is one request for each namespace. Where Events may not be
 * listed, such a pod runs into the time that pods may be pending.
 */
export class PodEvents {
  private readonly since = new Map<string, number>();
  private readonly options: PodEventsOptions;
  private readonly clock: () => number;
  private looking = false;

  constructor(options: PodEventsOptions) {
    this.options = options;
    this.clock = options.clock ?? Date.now;
  }

  /** One look; while one is under way, another is none. */
  async look(signal: AbortSignal): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      const slow = this.slowPods();
      const namespaces = new Set(slow.map(({ namespace }) => namespace));
      await inParallel([...namespaces], async (namespace) => {
        const here = slow.filter((pod) => pod.namespace === namespace);
        await this.lookAt(namespace, here, signal).catch(() => undefined);
      });
    } finally {
      this.looking = false;
    }
  }

  private slowPods(): Pick<PodState, 'namespace' | 'name' | 'uid'>[] {
    const starting = [...this.options.store.startingPods()];
    const present = new Set(starting.map(({ uid }) => uid));
    for (const uid of this.since.keys()) if (!present.has(uid)) this.since.delete(uid);
    const now = this.clock();
    for (const { uid } of starting) if (!this.since.has(uid)) this.since.set(uid, now);
    return starting.filter(({ uid }) => now - (this.since.get(uid) ?? now) >= USUAL_START_MS);
  }

  private async lookAt(
    namespace: string,
    slow: Pick<PodState, 'namespace' | 'name' | 'uid'>[],
    signal: AbortSignal,
  ): Promise<void> {
    const { items } = await this.options.kubernetes.list(events, {
      namespace,
      fieldSelector: SELECTOR,
      signal,
    });
    const told = new Map(
      items
        .filter(({ reason = '' }) => TROUBLES.has(reason))
        .sort((a, b) => timeOf(a) - timeOf(b))
        .map((event) => [event.involvedObject.uid, event]),
    );
    for (const pod of slow) {
      const { reason, message } = told.get(pod.uid) ?? {};
      if (reason === undefined) continue;
      this.options.store.noteTrouble(pod, wordsOf({ reason, ...(message !== undefined && { message }) }));
    }
  }
}

const timeOf = ({ lastTimestamp, eventTime, metadata }: CoreEvent): number =>
  Date.parse(String(lastTimestamp ?? eventTime ?? metadata.creationTimestamp)) || 0;
