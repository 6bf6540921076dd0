import type {
  CollectionDeletion,
  CreateOptions,
  DeleteOptions,
  ListOptions,
  ObjectKey,
  PatchOptions,
  WatchOptions,
} from './client.ts';
import { KubernetesError } from './errors.ts';
import type { KubernetesObject, Resource } from './resources.ts';
import type { Call, CallOptions } from './wire.ts';

/** One function per verb: the request that the API expects. Pure. */

const WATCH_SECONDS = 300;

/** What a watch may outlast the time agreed with the server, before its connection is taken for dead. */
const WATCH_GRACE_MS = 15_000;

/** An object to be created; `namespace` is undefined for one of the whole cluster. */
export interface Creation<T> {
  namespace: string | undefined;
  object: T;
  options: CreateOptions | undefined;
}

/** POST of a new object. */
export const createCall = <T extends KubernetesObject>(
  resource: Resource<T>,
  { namespace, object, options }: Creation<T>,
): Call => ({
  method: 'POST',
  subject: { verb: 'create', resource: resource.plural, namespace, name: object.metadata?.name },
  path: collectionPath(resource, requireNamespace(resource, namespace)),
  query: { dryRun: options?.dryRun ? 'All' : undefined },
  body: { apiVersion: resource.apiVersion, kind: resource.kind, ...object },
  options,
});

/** GET of one object. */
export const getCall = (resource: Resource, key: ObjectKey, options: CallOptions | undefined): Call => ({
  method: 'GET',
  subject: { verb: 'get', resource: resource.plural, ...key },
  path: objectPath(resource, key),
  options,
});

/** JSON merge patch of one object, or of its subresource. */
export function patchCall(
  resource: Resource,
  key: ObjectKey,
  patch: { body: object; options: PatchOptions },
): Call {
  const { body, options } = patch;
  const suffix = options.subresource ? `/${options.subresource}` : '';
  return {
    method: 'PATCH',
    subject: { verb: 'patch', resource: resource.plural + suffix, ...key },
    path: objectPath(resource, key) + suffix,
    body,
    contentType: 'application/merge-patch+json',
    options,
  };
}

/** Strategic merge patch, which custom resources do not know, of the one finalizer. */
export const dropFinalizerCall = (
  resource: Resource,
  key: ObjectKey,
  { finalizer, options }: { finalizer: string; options: CallOptions | undefined },
): Call => ({
  method: 'PATCH',
  subject: { verb: 'patch', resource: resource.plural, ...key },
  path: objectPath(resource, key),
  body: { metadata: { '$deleteFromPrimitiveList/finalizers': [finalizer] } },
  contentType: 'application/strategic-merge-patch+json',
  options,
});

/** GET of the schemas of a group and version. */
export const openApiCall = (groupVersion: string, options: CallOptions | undefined): Call => ({
  method: 'GET',
  subject: { verb: 'get', resource: 'openapi', name: groupVersion },
  path: `/openapi/v3/apis/${groupVersion}`,
  options,
});

/** GET of what the server says of itself. */
export const serverVersionCall = (options: CallOptions | undefined): Call => ({
  method: 'GET',
  subject: { verb: 'get', resource: 'version' },
  path: '/version',
  options,
});

/** DELETE of one object, with its preconditions in the body. */
export const deleteCall = (resource: Resource, key: ObjectKey, options: DeleteOptions): Call => ({
  method: 'DELETE',
  subject: { verb: 'delete', resource: resource.plural, ...key },
  path: objectPath(resource, key),
  body: deleteBody(options),
  options,
});

function deleteBody({ propagationPolicy, gracePeriodSeconds, uid, resourceVersion }: DeleteOptions): object {
  // JSON leaves out what is undefined.
  const preconditions =
    uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
  return { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, gracePeriodSeconds, preconditions };
}

/** DELETE of all objects of a namespace that are selected. */
export function deleteCollectionCall(resource: Resource, selection: CollectionDeletion): Call {
  const { namespace, labelSelector } = selection;
  if (labelSelector === '')
    throw new TypeError(`${resource.kind}: labelSelector is empty; say which objects are deleted.`);
  return {
    method: 'DELETE',
    subject: { verb: 'deletecollection', resource: resource.plural, namespace },
    path: collectionPath(resource, requireNamespace(resource, namespace)),
    query: { labelSelector },
    body: deleteBody({}),
    options: selection,
  };
}

/** GET of one page of a list; `page` is the continue token of the page before. */
export const listCall = (resource: Resource, options: ListOptions, page: string | undefined): Call => ({
  method: 'GET',
  subject: { verb: 'list', resource: resource.plural, namespace: options.namespace },
  path: collectionPath(resource, options.namespace),
  query: {
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    limit: options.limit,
    continue: page,
  },
  options,
});

/** GET of the changes since a resource version, as a stream of lines. */
export function watchCall(resource: Resource, options: WatchOptions): Call {
  const { labelSelector, fieldSelector, resourceVersion, allowWatchBookmarks = true } = options;
  const timeoutSeconds = options.timeoutSeconds ?? WATCH_SECONDS;
  return {
    method: 'GET',
    subject: { verb: 'watch', resource: resource.plural, namespace: options.namespace },
    path: collectionPath(resource, options.namespace),
    query: {
      watch: true,
      labelSelector,
      fieldSelector,
      resourceVersion,
      allowWatchBookmarks,
      timeoutSeconds,
    },
    options: { ...options, timeoutMs: options.timeoutMs ?? timeoutSeconds * 1000 + WATCH_GRACE_MS },
    onOpen: options.onOpen,
  };
}

function collectionPath({ apiVersion, plural, namespaced }: Resource, namespace: string | undefined): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const within = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${within}/${plural}`;
}

/** An empty name or namespace would address the whole collection, `..` something else: no object is called so. */
function objectPath(resource: Resource, { namespace, name }: ObjectKey): string {
  if (name === '') throw new TypeError(`${resource.kind}: name is empty; give the name of one object.`);
  if (/^\.\.?$|[/%]/.test(name)) {
    const subject = { verb: 'find', resource: resource.plural, namespace, name };
    throw new KubernetesError(subject, {
      message: 'no object can be called so',
      status: 404,
      reason: 'NotFound',
    });
  }
  return `${collectionPath(resource, requireNamespace(resource, namespace))}/${encodeURIComponent(name)}`;
}

function requireNamespace({ kind, namespaced }: Resource, namespace: string | undefined): string | undefined {
  if (!namespaced || namespace) return namespace;
  throw new TypeError(`${kind}: namespace is missing; objects of this kind live in one.`);
}
