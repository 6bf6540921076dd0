import type {
  CollectionDeletion,
  CreateOptions,
  KubernetesClient,
  ListOptions,
  ObjectKey,
  RequestRecord,
  WatchOptions,
} from '../../src/kubernetes/client/client.ts';
import { KubernetesError } from '../../src/kubernetes/client/errors.ts';
import type { KubernetesObject, Resource } from '../../src/kubernetes/client/resources.ts';

interface Stored {
  metadata: {
    namespace?: string;
    name: string;
    uid: string;
    resourceVersion: string;
    creationTimestamp: string;
    deletionTimestamp?: string;
    finalizers?: string[];
    labels?: Record<string, string>;
    generateName?: string;
    [member: string]: unknown;
  };
  [member: string]: unknown;
}

type Write = Pick<RequestRecord, 'verb' | 'resource'> & { name: string };

/** Answers a request that it matches in place of the API server, once unless told otherwise. */
export interface ClusterFault {
  verb: 'create' | 'get' | 'list' | 'patch' | 'delete' | 'deletecollection';
  resource: Resource;
  /** Any of the resource unless given. */
  name?: string;
  /** Any unless given. */
  namespace?: string;
  /** Refused with this status, reason and message. */
  status: number;
  reason: string;
  message?: string;
  times?: number;
}

interface Change {
  version: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  plural: string;
  object: Stored;
}

/**
 * The part of a Kubernetes API server that activities need, in memory: merge patches, finalizers, versions, watches, and
 * refusals on demand.
 */
export class ClusterStandIn {
  readonly writes: Write[] = [];
  private readonly objects = new Map<string, Stored>();
  private readonly changes: Change[] = [];
  private readonly waiting = new Set<() => void>();
  private faults: { fault: ClusterFault; left: number }[] = [];
  private count = 0;
  private version = 0;

  readonly client = {
    create: (resource: Resource, namespace: string, object: object, options: CreateOptions = {}) =>
      Promise.resolve().then(() => this.create(resource, namespace, { object, ...options })),
    get: (resource: Resource, key: ObjectKey) => Promise.resolve().then(() => this.get(resource, key)),
    list: (resource: Resource, options: ListOptions = {}) =>
      Promise.resolve().then(() => this.list(resource, options)),
    listPages: (resource: Resource, options: ListOptions = {}) => this.pages(resource, options),
    watch: (resource: Resource, options: WatchOptions) => this.watch(resource, options),
    mergePatch: (resource: Resource, key: ObjectKey, patch: object) =>
      Promise.resolve().then(() => this.patch(resource, key, patch)),
    dropFinalizer: (resource: Resource, key: ObjectKey, finalizer: string) =>
      Promise.resolve().then(() => this.dropFinalizer(resource, key, finalizer)),
    delete: (resource: Resource, key: ObjectKey, options?: { uid?: string }) =>
      Promise.resolve().then(() => this.remove(resource, key, options?.uid)),
    deleteCollection: (resource: Resource, selection: CollectionDeletion) =>
      Promise.resolve().then(() => this.removeAll(resource, selection)),
  } as unknown as KubernetesClient;

  /** Refuses the next request that the fault matches. */
  failNext(fault: ClusterFault): void {
    this.faults.push({ fault, left: fault.times ?? 1 });
  }

  /** Puts an object there without a trace, and answers it as stored. */
  put<T extends KubernetesObject>(resource: Resource<T>, namespace: string, object: object): T {
    const stored = this.create(resource, namespace, { object });
    this.writes.pop();
    return stored as unknown as T;
  }

  find<T extends KubernetesObject>(resource: Resource<T>, key: ObjectKey): T | undefined {
    return this.objects.get(idOf(resource, key)) as unknown as T | undefined;
  }

  all(resource: Resource, namespace?: string): Stored[] {
    const prefix = namespace === undefined ? `${resource.plural}/` : `${resource.plural}/${namespace}/`;
    return [...this.objects].filter(([id]) => id.startsWith(prefix)).map(([, object]) => object);
  }

  private create(
    resource: Resource,
    namespace: string,
    { object, dryRun }: { object: object } & CreateOptions,
  ): Stored {
    this.count += 1;
    const given = structuredClone(object) as Partial<Stored>;
    const name = given.metadata?.name ?? `${given.metadata?.generateName ?? ''}${this.count}`;
    const key = { namespace, name };
    this.mayFail('create', resource, key);
    if (this.objects.has(idOf(resource, key)))
      throw refusal(resource, key, { status: 409, reason: 'AlreadyExists' });
    const stored: Stored = {
      ...given,
      metadata: {
        creationTimestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, this.count)).toISOString(),
        uid: `uid-${this.count}`,
        ...given.metadata,
        ...key,
        resourceVersion: '',
      },
    };
    if (dryRun) return stored;
    this.store('ADDED', resource, stored);
    this.writes.push({ verb: 'create', resource: resource.plural, name });
    return stored;
  }

  private get(resource: Resource, key: ObjectKey): Stored {
    this.mayFail('get', resource, key);
    return this.read(resource, key);
  }

  private list(
    resource: Resource,
    { namespace, labelSelector }: ListOptions,
  ): { items: Stored[]; resourceVersion: string } {
    this.mayFail('list', resource, { namespace, name: '' });
    const items = this.all(resource, namespace).filter((object) => isSelected(object, labelSelector));
    return { items: structuredClone(items), resourceVersion: String(this.version) };
  }

  private async *pages(resource: Resource, options: ListOptions) {
    yield await Promise.resolve().then(() => this.list(resource, options));
  }

  /** Changes from a version on, until the signal ends it. */
  private async *watch(resource: Resource, { resourceVersion, signal, ...selection }: WatchOptions) {
    let seen = Number(resourceVersion);
    selection.onOpen?.();
    for (;;) {
      for (const { version, type, plural, object } of [...this.changes]) {
        if (version <= seen) continue;
        seen = version;
        const isWithin =
          selection.namespace === undefined || selection.namespace === object.metadata.namespace;
        if (plural === resource.plural && isWithin && isSelected(object, selection.labelSelector))
          yield { type, object: structuredClone(object) };
      }
      if (this.version > seen) continue;
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.waiting.add(resolve);
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
      signal?.throwIfAborted();
    }
  }

  private read(resource: Resource, key: ObjectKey): Stored {
    const found = this.objects.get(idOf(resource, key));
    if (!found) throw refusal(resource, key, { status: 404, reason: 'NotFound' });
    return structuredClone(found);
  }

  private patch(resource: Resource, key: ObjectKey, patch: object): Stored {
    this.mayFail('patch', resource, key);
    const before = this.read(resource, key);
    const { resourceVersion = before.metadata.resourceVersion, uid = before.metadata.uid } =
      (patch as { metadata?: Partial<Stored['metadata']> }).metadata ?? {};
    if (resourceVersion !== before.metadata.resourceVersion || uid !== before.metadata.uid)
      throw refusal(resource, key, { status: 409, reason: 'Conflict' });
    const after = merged(before, patch) as Stored;
    this.store('MODIFIED', resource, after);
    this.writes.push({ verb: 'patch', resource: resource.plural, name: key.name });
    this.sweep(resource, key);
    return structuredClone(after);
  }

  private dropFinalizer(resource: Resource, key: ObjectKey, finalizer: string): void {
    const { finalizers = [] } = this.objects.get(idOf(resource, key))?.metadata ?? {};
    const metadata = { finalizers: finalizers.filter((each) => each !== finalizer) };
    this.patch(resource, key, { metadata });
  }

  private remove(resource: Resource, key: ObjectKey, uid: string | undefined): Stored {
    this.mayFail('delete', resource, key);
    const found = this.read(resource, key);
    if (uid !== undefined && uid !== found.metadata.uid)
      throw refusal(resource, key, { status: 409, reason: 'Conflict' });
    found.metadata.deletionTimestamp ??= '2026-01-02T00:00:00Z';
    this.store('MODIFIED', resource, found);
    this.writes.push({ verb: 'delete', resource: resource.plural, name: key.name });
    this.sweep(resource, key);
    return found;
  }

  private removeAll(resource: Resource, { namespace, labelSelector }: CollectionDeletion): void {
    this.mayFail('deletecollection', resource, { namespace, name: '' });
    for (const object of this.all(resource, namespace))
      if (isSelected(object, labelSelector)) this.remove(resource, object.metadata, undefined);
  }

  /** What is to be deleted goes when nothing holds it any more. */
  private sweep(resource: Resource, key: ObjectKey): void {
    const object = this.objects.get(idOf(resource, key));
    if (!object?.metadata.deletionTimestamp || object.metadata.finalizers?.length) return;
    this.store('DELETED', resource, structuredClone(object));
    this.objects.delete(idOf(resource, key));
  }

  private store(type: Change['type'], resource: Resource, object: Stored): void {
    this.version += 1;
    object.metadata.resourceVersion = String(this.version);
    this.objects.set(idOf(resource, object.metadata), object);
    const { version } = this;
    this.changes.push({ version, type, plural: resource.plural, object: structuredClone(object) });
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }

  private mayFail(verb: ClusterFault['verb'], resource: Resource, key: ObjectKey): void {
    const hit = this.faults.find(
      ({ fault, left }) =>
        left > 0 &&
        fault.verb === verb &&
        fault.resource.plural === resource.plural &&
        (fault.name ?? key.name) === key.name &&
        (fault.namespace ?? key.namespace) === key.namespace,
    );
    if (!hit) return;
    hit.left -= 1;
    throw refusal(resource, key, hit.fault);
  }
}

/** Selectors of one label. */
function isSelected({ metadata }: Stored, selector: string | undefined): boolean {
  if (selector === undefined) return true;
  const [label = '', value] = selector.split('=');
  return metadata.labels?.[label] === value;
}

const idOf = ({ plural }: Resource, { namespace = '', name }: ObjectKey): string =>
  `${plural}/${namespace}/${name}`;

const refusal = (
  { plural: resource }: Resource,
  key: ObjectKey,
  { status, reason, message = reason }: { status: number; reason: string; message?: string },
): KubernetesError => new KubernetesError({ verb: 'test', resource, ...key }, { message, status, reason });

/** RFC 7386. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else if (value !== undefined) result[key] = merged(result[key], value);
  }
  return result;
}
