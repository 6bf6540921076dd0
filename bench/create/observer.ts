import type { EphemeralRunner } from '../../src/api/v1alpha1/ephemeral-runner.ts';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import type { KubernetesObject, Pod, Resource, Secret } from '../../src/kubernetes/client/resources.ts';
import { ephemeralRunners, pods, secrets } from '../../src/kubernetes/client/resources.ts';
import { reflect } from '../../src/kubernetes/client/watch.ts';
import type { Counts, Sighting } from './tally.ts';
import { Tally } from './tally.ts';

interface Expectation {
  holds: (counts: Counts) => boolean;
  met: (at: number) => void;
}

/** Sees all runners of one namespace through three watches, which cost the API server next to nothing. */
export class Observer {
  /** When each pod was first seen, by name; milliseconds since the epoch. For whoever measures to clear. */
  readonly podsSeenAt = new Map<string, number>();
  readonly #tally = new Tally();
  readonly #stopping = new AbortController();
  readonly #expectations = new Set<Expectation>();
  #following: Promise<unknown> = Promise.resolve();

  /** Resolves when the watches have begun. The namespace must hold no runners yet. */
  async start(client: KubernetesClient, namespace: string): Promise<void> {
    const place: Place = { client, namespace };
    const synced: Promise<void>[] = [];
    const following = [
      this.#follow<EphemeralRunner>(place, ephemeralRunners, {
        sight: ({ status }) => ({ of: 'runner', ready: status?.ready === true }),
        synced,
      }),
      this.#follow<Pod>(place, pods, {
        sight: ({ status }) => ({ of: 'pod', running: status?.phase === 'Running' }),
        synced,
      }),
      this.#follow<Secret>(place, secrets, {
        // The credentials are a Secret as well, and belong to nobody.
        sight: ({ metadata }) => (metadata?.ownerReferences ? { of: 'secret' } : undefined),
        synced,
      }),
    ];
    this.#following = Promise.all(following);
    await Promise.race([Promise.all(synced), this.#following]);
  }

  get counts(): Counts {
    return { ...this.#tally.counts };
  }

  /**
   * The moment (`performance.now()`) at which the counts were first seen to be so.
   *
   * @throws Error with the counts as they stand, after `timeoutMs`
   */
  async until(what: string, holds: Expectation['holds'], timeoutMs: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const expectation: Expectation = { holds, met: resolve };
    this.#expectations.add(expectation);
    const timer = setTimeout(() => {
      reject(new Error(`Not ${what} within ${timeoutMs / 1000} s: ${JSON.stringify(this.counts)}.`));
    }, timeoutMs);
    this.#look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#expectations.delete(expectation);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  #follow<T extends KubernetesObject>(
    place: Place,
    resource: Resource<T>,
    { sight, synced }: { sight: (object: T) => Sighting | undefined; synced: Promise<void>[] },
  ): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    synced.push(promise);
    const take = (type: string, object: T): void => {
      const sighting = sight(object);
      const name = object.metadata?.name ?? '';
      if (sighting?.of === 'pod' && !this.podsSeenAt.has(name)) this.podsSeenAt.set(name, Date.now());
      if (sighting && type === 'DELETED') this.#tally.remove(name, sighting.of);
      else if (sighting) this.#tally.put(name, sighting);
      this.#look();
    };
    return reflect<T>({
      ...place,
      resource,
      signal: this.#stopping.signal,
      onSync: (objects) => {
        for (const object of objects) take('ADDED', object);
        resolve(undefined);
      },
      onEvent: take,
    });
  }

  #look(): void {
    const at = performance.now();
    for (const { holds, met } of this.#expectations) if (holds(this.#tally.counts)) met(at);
  }
}

interface Place {
  client: KubernetesClient;
  namespace: string;
}
