import { listCall } from './calls.ts';
import type { KubernetesClient, ListOptions, ObjectList } from './client.ts';
import { isGone } from './errors.ts';
import type { KubernetesObject, Resource } from './resources.ts';
import { completed } from './resources.ts';
import type { Wire } from './wire.ts';

/** Objects a page, as kubectl reads them. */
const PAGE = 500;

/** A page as it travels. */
interface WireList<T> {
  items?: T[] | null;
  metadata?: { resourceVersion?: string; continue?: string };
}

/** The pages of a list, each with the resource version of the list as a whole. */
export async function* readPages<T extends KubernetesObject>(
  wire: Pick<Wire, 'call'>,
  resource: Resource<T>,
  options: ListOptions,
): AsyncGenerator<ObjectList<T>> {
  let next: string | undefined;
  do {
    const page: WireList<T> = await wire.call(
      listCall(resource, { ...options, limit: options.limit ?? PAGE }, next),
    );
    const items = (page.items ?? []).map((item) => completed(resource, item));
    yield { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
    next = page.metadata?.continue;
  } while (next !== undefined && next !== '');
}

/**
 * A whole list, each object reduced to its digest as its page arrives. A list that grew too old between two pages is
 * read again, in one piece.
 */
export async function collectPages<T extends KubernetesObject, D = T>(
  client: Pick<KubernetesClient, 'listPages'>,
  resource: Resource<T>,
  options: ListOptions & { transform?: ((object: T) => D) | undefined },
): Promise<ObjectList<D>> {
  const { transform = (object: T) => object as unknown as D, ...selection } = options;
  const read = async (limit: number | undefined): Promise<ObjectList<D>> => {
    const whole: ObjectList<D> = { items: [], resourceVersion: '' };
    for await (const { items, resourceVersion } of client.listPages(resource, { ...selection, limit })) {
      for (const item of items) whole.items.push(transform(item));
      whole.resourceVersion = resourceVersion;
    }
    return whole;
  };
  try {
    return await read(options.limit);
  } catch (error) {
    if (!isGone(error)) throw error;
    return read(0);
  }
}
