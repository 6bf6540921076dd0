import type { KubernetesClient, ObjectKey, RequestRecord } from '../../src/kubernetes/client/client.ts';
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
    generateName?: string;
    [member: string]: unknown;
  };
  [member: string]: unknown;
}

type Write = Pick<RequestRecord, 'verb' | 'resource'> & { name: string };

/** The part of a Kubernetes API server that one-step activities need, in memory: merge patches, finalizers, versions. */
export class ClusterStandIn {
  readonly writes: Write[] = [];
  private readonly objects = new Map<string, Stored>();
  private count = 0;

  readonly client = {
    create: (resource: Resource, namespace: string, object: object) =>
      Promise.resolve().then(() => this.create(resource, namespace, object)),
    get: (resource: Resource, key: ObjectKey) => Promise.resolve().then(() => this.read(resource, key)),
    list: (resource: Resource, { namespace }: { namespace: string }) =>
      Promise.resolve({ items: this.all(resource, namespace), resourceVersion: '1' }),
    mergePatch: (resource: Resource, key: ObjectKey, patch: object) =>
      Promise.resolve().then(() => this.patch(resource, key, patch)),
    delete: (resource: Resource, key: ObjectKey, options?: { uid?: string }) =>
      Promise.resolve().then(() => this.remove(resource, key, options?.uid)),
  } as unknown as KubernetesClient;

  /** Puts an object there without a trace, and answers it as stored. */
  put<T extends KubernetesObject>(resource: Resource<T>, namespace: string, object: object): T {
    const stored = this.create(resource, namespace, object);
    this.writes.pop();
    return stored as unknown as T;
  }

  find<T extends KubernetesObject>(resource: Resource<T>, key: ObjectKey): T | undefined {
    return this.objects.get(idOf(resource, key)) as unknown as T | undefined;
  }

  all(resource: Resource, namespace: string): Stored[] {
    const prefix = `${resource.plural}/${namespace}/`;
    return [...this.objects].filter(([id]) => id.startsWith(prefix)).map(([, object]) => object);
  }

  private create(resource: Resource, namespace: string, object: object): Stored {
    this.count += 1;
    const given = structuredClone(object) as Partial<Stored>;
    const name = given.metadata?.name ?? `${given.metadata?.generateName ?? ''}${this.count}`;
    const key = { namespace, name };
    if (this.objects.has(idOf(resource, key)))
      throw refusal(resource, key, { status: 409, reason: 'AlreadyExists' });
    const stored: Stored = {
      ...given,
      metadata: {
        creationTimestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, this.count)).toISOString(),
        uid: `uid-${this.count}`,
        ...given.metadata,
        ...key,
        resourceVersion: '1',
      },
    };
    this.objects.set(idOf(resource, key), stored);
    this.writes.push({ verb: 'create', resource: resource.plural, name });
    return stored;
  }

  private read(resource: Resource, key: ObjectKey): Stored {
    const found = this.objects.get(idOf(resource, key));
    if (!found) throw refusal(resource, key, { status: 404, reason: 'NotFound' });
    return structuredClone(found);
  }

  private patch(resource: Resource, key: ObjectKey, patch: object): Stored {
    const before = this.read(resource, key);
    const asked = (patch as Partial<Stored>).metadata?.resourceVersion;
    if (asked !== undefined && asked !== before.metadata.resourceVersion)
      throw refusal(resource, key, { status: 409, reason: 'Conflict' });
    const after = merged(before, patch) as Stored;
    after.metadata.resourceVersion = String(Number(before.metadata.resourceVersion) + 1);
    this.objects.set(idOf(resource, key), after);
    this.writes.push({ verb: 'patch', resource: resource.plural, name: key.name });
    this.sweep(resource, key);
    return structuredClone(after);
  }

  private remove(resource: Resource, key: ObjectKey, uid: string | undefined): Stored {
    const found = this.read(resource, key);
    if (uid !== undefined && uid !== found.metadata.uid)
      throw refusal(resource, key, { status: 409, reason: 'Conflict' });
    found.metadata.deletionTimestamp ??= '2026-01-02T00:00:00Z';
    this.objects.set(idOf(resource, key), found);
    this.writes.push({ verb: 'delete', resource: resource.plural, name: key.name });
    this.sweep(resource, key);
    return found;
  }

  /** What is to be deleted goes when nothing holds it any more. */
  private sweep(resource: Resource, key: ObjectKey): void {
    const { metadata } = this.objects.get(idOf(resource, key)) ?? {};
    if (metadata?.deletionTimestamp && !metadata.finalizers?.length) this.objects.delete(idOf(resource, key));
  }
}

const idOf = ({ plural }: Resource, { namespace = '', name }: ObjectKey): string =>
  `${plural}/${namespace}/${name}`;

const refusal = (
  { plural: resource }: Resource,
  key: ObjectKey,
  { status, reason }: { status: number; reason: string },
): KubernetesError =>
  new KubernetesError({ verb: 'test', resource, ...key }, { message: reason, status, reason });

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
