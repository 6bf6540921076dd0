import type { KubeConfig } from '@kubernetes/client-node';
import {
  createCall,
  deleteCall,
  deleteCollectionCall,
  dropFinalizerCall,
  getCall,
  openApiCall,
  patchCall,
  serverVersionCall,
  watchCall,
} from './calls.ts';
import type { KubernetesClient, WatchEvent, WatchOptions } from './client.ts';
import { connect, loadKubeConfig } from './connection.ts';
import { errorFromStatus } from './errors.ts';
import { collectPages, readPages } from './pages.ts';
import type { KubernetesObject, Resource, Status } from './resources.ts';
import { completed } from './resources.ts';
import type { RequestRecord, Wire } from './wire.ts';
import { createWire } from './wire.ts';

/** Which API server, and how it is reached. */
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
      completed(resource, await wire.call(createCall(resource, { namespace, object, options }))),
    get: async (resource, key, options) =>
      completed(resource, await wire.call(getCall(resource, key, options))),
    list: (resource, options = {}) => collectPages(pages, resource, options),
    // eslint-disable-next-line max-params -- the interface: what, which, how
    mergePatch: async (resource, key, patch, options = {}) =>
      completed(resource, await wire.call(patchCall(resource, key, { body: patch, options }))),
    // eslint-disable-next-line max-params -- the interface: what, which, how
    dropFinalizer: async (resource, key, finalizer, options) => {
      await wire.call(dropFinalizerCall(resource, key, { finalizer, options }));
    },
    delete: async (resource, key, options = {}) =>
      remaining(resource, await wire.call<KubernetesObject>(deleteCall(resource, key, options))),
    deleteCollection: async (resource, selection) => {
      await wire.call(deleteCollectionCall(resource, selection));
    },
    watch: (resource, options) => watchEvents(wire, resource, options),
    openApi: (groupVersion, options) => wire.call(openApiCall(groupVersion, options)),
    serverVersion: (options) => wire.call(serverVersionCall(options)),
    authorities: () => wire.authorities(),
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
    yield { ...event, object: completed(resource, event.object) };
  }
}

/** A deletion answers with the object while finalizers or a grace period hold it, else with a `Status`. */
const remaining = <T extends KubernetesObject>(
  resource: Resource<T>,
  answer: KubernetesObject,
): T | undefined => (answer.kind === resource.kind ? completed(resource, answer as T) : undefined);
