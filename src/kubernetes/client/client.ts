import type { KubernetesObject, Resource } from './resources.ts';
import type { CallOptions } from './wire.ts';

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

/** Which objects of a namespace are deleted together: never all of them. */
export interface CollectionDeletion extends CallOptions {
  namespace: string;
  labelSelector: string;
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

/** One change that a watch tells of. */
export interface WatchEvent<T> {
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
  /** Takes one finalizer off an object of Kubernetes' own, unread: no right to see it is needed. The others stay. */
  dropFinalizer<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    finalizer: string,
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Asks for the deletion, which finalizers and grace periods may hold up: then the object is returned, as it remains.
   * One that is gone is `isNotFound`.
   */
  delete<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options?: DeleteOptions,
  ): Promise<T | undefined>;
  /** Asks for the deletion of all that are selected. The server's answer shows them: it is not handed on. */
  deleteCollection<T extends KubernetesObject>(
    resource: Resource<T>,
    selection: CollectionDeletion,
  ): Promise<void>;
  /**
   * Changes from a resource version on. Ends when the server ends it in good order; rejects when the connection breaks
   * or stays silent past the time agreed, and with the server's `KubernetesError` for an ERROR event (`isGone`).
   */
  watch<T extends KubernetesObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>>;
  /**
   * What the API server says of the objects of a group and version, as OpenAPI 3: every account may read it.
   *
   * @param groupVersion `actions.github.com/v1alpha1`
   */
  openApi(groupVersion: string, options?: CallOptions): Promise<OpenApi>;
  /** What answers as an API server: every account may ask. */
  serverVersion(options?: CallOptions): Promise<{ gitVersion?: string }>;
  /** Certificates (PEM) by which the API server is known; empty: those that Node trusts. No request. */
  authorities(): Promise<string>;
  close(): Promise<void>;
}

/** The part of an OpenAPI document that describes objects: a JSON schema for each, by a name of the server's choice. */
export interface OpenApi {
  components?: { schemas?: Record<string, unknown> };
}
