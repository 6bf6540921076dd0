import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesClient, Selection } from './client.ts';
import { KubernetesError, isGone } from './errors.ts';
import { collectPages } from './pages.ts';
import type { KubernetesObject, Resource } from './resources.ts';
import { exponentialBackoffMs } from '../../api/exponential-backoff.ts';

type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** What is reflected, and who is told. */
export interface ReflectOptions<T extends KubernetesObject, D = T> extends Selection {
  client: Pick<KubernetesClient, 'listPages' | 'watch'>;
  resource: Resource<T>;
  /** What is kept of each object, taken as it arrives, so that no list is held whole. The object itself unless given. */
  transform?: (object: T) => D;
  /** Everything that exists: at the start, and again whenever changes may have been missed. */
  onSync: (objects: D[]) => void | Promise<void>;
  /** One change; the same may come twice. A change that is being handled holds up the next. */
  onEvent: (type: ChangeType, object: D) => void | Promise<void>;
  /** Ends the reflection in good order. */
  signal: AbortSignal;
  /** Told of each failure before it is tried again. */
  log?: (message: string, error: KubernetesError) => void;
  /** Shortest and longest wait after failures, in milliseconds: 200 and 5,000 unless given. */
  backoffMs?: readonly [shortest: number, longest: number];
  /** How long one watch lasts at most, in seconds: 240 to 300 unless given, so that watches do not all end together. */
  timeoutSeconds?: number;
}

/** Where a reflection stands. */
interface Position {
  /** Up to where changes were handed on; `undefined`: list first. */
  version: string | undefined;
  /** In a row. */
  failures: number;
}

/** A watch that ends sooner, and without a change, counts as a failure. */
const SHORT_WATCH_MS = 1_000;

/**
 * Hands on all objects of a resource and then every change to them, until the signal ends it. Keeps none of them. Lists
 * and watches; goes on from the last resource version after a broken connection, and lists again when that version may
 * mean nothing to the server any more: it is too old, the server was away (it may come back with another store), or
 * versions run backwards.
 *
 * @throws what `onSync` or `onEvent` throw; failures of the API server are retried for as long as it takes
 */
export async function reflect<T extends KubernetesObject, D = T>(
  options: ReflectOptions<T, D>,
): Promise<void> {
  const position: Position = { version: undefined, failures: 0 };
  while (!options.signal.aborted) {
    try {
      position.version ??= await synchronize(options);
      await follow(options, position);
    } catch (error) {
      if (isOver(options)) return;
      if (!(error instanceof KubernetesError)) throw error;
      position.failures += 1;
      options.log?.(position.version === undefined ? 'Listing again.' : 'Watching again.', error);
      await rest(options, waitAfter(error, position.failures, options.backoffMs));
    }
  }
}

async function synchronize<T extends KubernetesObject, D>(options: ReflectOptions<T, D>): Promise<string> {
  const { client, resource, namespace, labelSelector, fieldSelector, signal, transform } = options;
  const selection = { namespace, labelSelector, fieldSelector, signal, transform };
  const { items, resourceVersion } = await collectPages(client, resource, selection);
  await options.onSync(items);
  return resourceVersion;
}

/** One watch, from its position on, which it moves. Decides on failure whether the position still holds. */
async function follow<T extends KubernetesObject, D>(
  options: ReflectOptions<T, D>,
  position: Position,
): Promise<void> {
  const startedAt = performance.now();
  const seen = { opened: false, changed: false };
  try {
    for await (const { type, object } of openWatch(options, position, () => (seen.opened = true))) {
      const version = object.metadata?.resourceVersion;
      if (version !== undefined && position.version !== undefined && isOlder(version, position.version)) {
        position.version = undefined;
        return;
      }
      if (type !== 'BOOKMARK') await options.onEvent(type, transformed(options, object));
      position.version = version ?? position.version;
      position.failures = 0;
      seen.changed = true;
    }
  } catch (error) {
    if (isGone(error) || (!seen.opened && !isThrottled(error))) position.version = undefined;
    throw error;
  }
  if (!seen.changed && performance.now() - startedAt < SHORT_WATCH_MS) {
    position.failures += 1;
    await rest(options, backoff(position.failures, options.backoffMs));
  }
}

const openWatch = <T extends KubernetesObject, D>(
  options: ReflectOptions<T, D>,
  { version = '' }: Position,
  onOpen: () => void,
) =>
  options.client.watch(options.resource, {
    namespace: options.namespace,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    resourceVersion: version,
    timeoutSeconds: options.timeoutSeconds ?? 240 + Math.floor(Math.random() * 60),
    allowWatchBookmarks: true,
    signal: options.signal,
    onOpen,
  });

const transformed = <T extends KubernetesObject, D>({ transform }: ReflectOptions<T, D>, object: T): D =>
  transform ? transform(object) : (object as unknown as D);

const isOver = ({ signal }: { signal: AbortSignal }): boolean => signal.aborted;

/** The server asked for patience: it is there, and the position holds. */
const isThrottled = (error: unknown): boolean => error instanceof KubernetesError && error.status === 429;

/** Resource versions of one resource are comparable as decimal numbers (Kubernetes 1.35, KEP-5504). */
function isOlder(version: string, than: string): boolean {
  if (!/^[0-9]+$/.test(version) || !/^[0-9]+$/.test(than)) return false;
  return version.length === than.length ? version < than : version.length < than.length;
}

const waitAfter = (
  error: KubernetesError,
  failures: number,
  bounds: ReflectOptions<never>['backoffMs'],
): number => Math.max(error.retryAfterMs ?? 0, backoff(failures, bounds));

function backoff(failures: number, [firstMs, longestMs]: readonly [number, number] = [200, 5_000]): number {
  const whole = exponentialBackoffMs(failures, { firstMs, longestMs });
  return whole * (0.5 + Math.random() / 2);
}

async function rest({ signal }: { signal: AbortSignal }, milliseconds: number): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
