import type { KubeConfig } from '@kubernetes/client-node';
import { createCall, deleteCall, getCall, patchCall, watchCall } from './calls.ts';
import { connect, loadKubeConfig } from './connection.ts';
import { errorFromStatus } from './errors.ts';
import { collectPages, readPages } from './pages.ts';
import type { KubernetesObject, Resource, Status } from './resources.ts';
import type { CallOptions, RequestRecord, Wire } from './wire.ts';
import { createWire } from './wire.ts';

export type { RequestRecord } from './wire.ts';

/** Which object is meant. */
export interface ObjectKey {
  /** Of a namespaced resource. */
  namespace?: string | undefined;
  name: string;
}

/** Which objects are meant; selectors in kubectl's syntax. */
export interface Selection {
  /** Unset: all namespaces. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

/** Which objects are listed, and how. */
export interface ListOptions extends Selection, CallOptions {
  /** Objects a page; 500 unless told otherwise. All pages are read. */
  limit?: number | undefined;
}

/** Everything that was selected, all pages together. */
export interface ObjectList<T> {
  items: T[];
  /** Of the list as a whole: where a watch continues. */
  resourceVersion: string;
}

/** How an object is created. */
export interface CreateOptions extends CallOptions {
  /** Checks everything, admission included, and creates nothing. */
  dryRun?: boolean | undefined;
}

/** What of an object is patched: the object itself unless a subresource is named. */
export interface PatchOptions extends CallOptions {
  subresource?: 'status' | 'scale' | undefined;
}

/** How an object is deleted, and on which conditions. */
export interface DeleteOptions extends CallOptions {
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  /** Delete only this very object; another of the same name is a conflict. */
  uid?: string | undefined;
  resourceVersion?: string | undefined;
  gracePeriodSeconds?: number | undefined;
}

/** Which changes are watched, and from which version on. */
export interface WatchOptions extends Selection, CallOptions {
  resourceVersion: string;
  /** After this time the server ends the watch; 300 unless told otherwise. */
  timeoutSeconds?: number | undefined;
  /** Until the connection is taken for dead; 15 s past `timeoutSeconds` unless told otherwise. */
  timeoutMs?: number | undefined;
  allowWatchBookmarks?: boolean | undefined;
  /** Called once the server has accepted the watch. */
  onOpen?: (() => void) | undefined;
}

interface WatchEvent<T> {
  /** The object of a bookmark carries a resource version and nothing else. */
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

/** All calls reject with a `KubernetesError`, or with the reason of the caller's signal. */
export interface KubernetesClient {
  create<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    object: T,
    options?: CreateOptions,
  ): Promise<T>;
  get<T extends KubernetesObject>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T>;
  list<T extends KubernetesObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /** One page after another: `list` for those who keep only a part of each object. A page may reject with `isGone`. */
  listPages<T extends KubernetesObject>(
    resource: Resource<T>,
    options?: ListOptions,
  ): AsyncIterable<ObjectList<T>>;
  /** A JSON merge patch (RFC 7386): lists are replaced, `null` removes. Put in a `resourceVersion` to patch only that. */
  mergePatch<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: object,
    options?: PatchOptions,
  ): Promise<T>;
  /**
   * Asks for the deletion, which finalizers and grace periods may hold up: then the object is returned, as it remains.
   * One that is gone is `isNotFound`.
   */
  delete<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options?: DeleteOptions,
  ): Promise<T | undefined>;
  /**
   * Changes from a resource version on. Ends when the server ends it in good order; rejects when the connection breaks
   * or stays silent past the time agreed, and with the server's `KubernetesError` for an ERROR event (`isGone`).
   */
  watch<T extends KubernetesObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>>;
  close(): Promise<void>;
}

/** Which cluster is spoken to, and with how many connections. */
export interface KubernetesClientOptions {
  /** A configuration, or the path of a file; as kubectl finds it unless given. */
  kubeConfig?: KubeConfig | string;
  /** Requests in flight at most; watches do not count. */
  connections?: number;
  userAgent?: string;
  onRequest?: (record: RequestRecord) => void;
}

/**
 * A client of the Kubernetes API that keeps its connections. JSON in and out, no retries (callers know better when).
 *
 * @throws Error when the configuration cannot be read or names no cluster
 */
export function createKubernetesClient(settings: KubernetesClientOptions = {}): KubernetesClient {
  const { kubeConfig, connections = 20, userAgent = 'temporal-arc', onRequest } = settings;
  const wire = createWire(connect(loadKubeConfig(kubeConfig), connections), { userAgent, onRequest });
  const pages: Pick<KubernetesClient, 'listPages'> = {
    listPages: (resource, options = {}) => readPages(wire, resource, options),
  };
  return {
    ...pages,
    // eslint-disable-next-line max-params -- the interface: what, where, which, how
    create: async (resource, namespace, object, options) =>
      wire.call(createCall(resource, { namespace, object, options })),
    get: async (resource, key, options) => wire.call(getCall(resource, key, options)),
    list: (resource, options = {}) => collectPages(pages, resource, options),
    // eslint-disable-next-line max-params -- the interface: what, which, how
    mergePatch: async (resource, key, patch, options = {}) =>
      wire.call(patchCall(resource, key, { body: patch, options })),
    delete: async (resource, key, options = {}) =>
      remaining(resource, await wire.call<KubernetesObject>(deleteCall(resource, key, options))),
    watch: (resource, options) => watchEvents(wire, resource, options),
    close: () => wire.close(),
  };
}

async function* watchEvents<T extends KubernetesObject>(
  wire: Wire,
  resource: Resource<T>,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  const call = watchCall(resource, options);
  for await (const line of wire.stream(call)) {
    const event = JSON.parse(line) as WatchEvent<T> | { type: 'ERROR'; object: Status };
    if (event.type === 'ERROR') throw errorFromStatus(call.subject, event.object);
    yield event;
  }
}

/** A deletion answers with the object while finalizers or a grace period hold it, else with a `Status`. */
const remaining = <T extends KubernetesObject>(
  { kind }: Resource<T>,
  answer: KubernetesObject,
): T | undefined => (answer.kind === kind ? (answer as T) : undefined);
