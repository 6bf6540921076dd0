import { waitUntil } from '../../dev/processes.ts';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../../src/kubernetes/client/create-client.ts';
import type { KubernetesError } from '../../src/kubernetes/client/errors.ts';
import {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
  isQuotaExceeded,
} from '../../src/kubernetes/client/errors.ts';
import type { ConfigMap, Pod } from '../../src/kubernetes/client/resources.ts';
import { configMaps, events, pods, resourceQuotas, secrets } from '../../src/kubernetes/client/resources.ts';
import { buildEvent } from '../../src/kubernetes/objects/event.ts';
import type { FreshNamespace } from './support/servers.ts';
import { freshNamespace, suiteServers } from './support/servers.ts';

const failure = (promise: Promise<unknown>): Promise<KubernetesError> =>
  promise.then(
    () => Promise.reject(new Error('did not reject')),
    (error: unknown) => error as KubernetesError,
  );
const pod = (name: string): Pod => ({
  metadata: { name },
  spec: { automountServiceAccountToken: false, containers: [{ name: 'runner', image: 'i' }] },
});
const configMap = (name: string, data: Record<string, string> = {}, labels = {}): ConfigMap => ({
  metadata: { name, labels },
  data,
});

let namespace: FreshNamespace;
let ns: string;
let client: KubernetesClient;

beforeAll(async () => {
  namespace = await freshNamespace('client');
  ns = namespace.name;
  client = createKubernetesClient({ kubeConfig: suiteServers().kubeconfig });
});

afterAll(async () => {
  await namespace.remove();
  await client.close();
});

it('creates, patches, finds and deletes', async () => {
  const key = { namespace: ns, name: 'p1' };
  const created = await client.create(pods, ns, pod('p1'));
  const status = { phase: 'Running' };
  expect((await client.mergePatch(pods, key, { status }, { subresource: 'status' })).status?.phase).toBe(
    'Running',
  );
  expect(isAlreadyExists(await failure(client.create(pods, ns, pod('p1'))))).toBe(true);
  const labels = { metadata: { resourceVersion: created.metadata?.resourceVersion, labels: { a: 'b' } } };
  expect(isConflict(await failure(client.mergePatch(pods, key, labels)))).toBe(true);
  expect(isConflict(await failure(client.delete(pods, key, { uid: 'another' })))).toBe(true);
  await client.delete(pods, key, { uid: created.metadata?.uid, gracePeriodSeconds: 0 });
  expect(isNotFound(await failure(client.get(pods, key)))).toBe(true);
});

it('drops a finalizer unread, and deletes what is selected', async () => {
  const labels = { 'runner-pod': 'r1' };
  for (const name of ['s1', 's2', 's3'])
    await client.create(secrets, ns, {
      metadata: { name, ...(name !== 's3' && { labels }), finalizers: ['test/ours', 'test/others'] },
    });
  await client.dropFinalizer(secrets, { namespace: ns, name: 's1' }, 'test/ours');
  await client.dropFinalizer(secrets, { namespace: ns, name: 's1' }, 'test/ours');
  expect((await client.get(secrets, { namespace: ns, name: 's1' })).metadata?.finalizers).toEqual([
    'test/others',
  ]);
  await client.dropFinalizer(secrets, { namespace: ns, name: 's1' }, 'test/others');
  await client.deleteCollection(secrets, { namespace: ns, labelSelector: 'runner-pod=r1' });
  const { items } = await client.list(secrets, { namespace: ns });
  expect(items.map(({ metadata }) => [metadata?.name, metadata?.deletionTimestamp !== undefined])).toEqual([
    ['s2', true],
    ['s3', false],
  ]);
  for (const name of ['s2', 's3'])
    for (const each of ['test/ours', 'test/others'])
      await client.dropFinalizer(secrets, { namespace: ns, name }, each);
  expect(
    isNotFound(await failure(client.dropFinalizer(secrets, { namespace: ns, name: 's1' }, 'test/ours'))),
  ).toBe(true);
});

it('tells refusals apart', async () => {
  const invalid = await failure(
    client.create(pods, ns, { metadata: { name: 'p2' }, spec: { containers: [] } }),
  );
  expect(isInvalid(invalid)).toBe(true);
  expect(invalid.causes).toContainEqual(expect.objectContaining({ field: 'spec.containers' }));
  const spec = { ...pod('p3').spec!, priorityClassName: 'notexist' };
  const forbidden = await failure(client.create(pods, ns, { metadata: { name: 'p3' }, spec }));
  expect(isForbidden(forbidden)).toBe(true);
  expect(forbidden.serverMessage).toBe(
    'pods "p3" is forbidden: no PriorityClass with name notexist was found',
  );
});

it('recognizes a quota that is used up', async () => {
  const full = await freshNamespace('full');
  await client.create(resourceQuotas, full.name, { metadata: { name: 'q' }, spec: { hard: { pods: '0' } } });
  await waitUntil('The quota', async () => {
    const { status } = await client.get(resourceQuotas, { namespace: full.name, name: 'q' });
    return status?.used !== undefined;
  });
  const error = await failure(client.create(pods, full.name, pod('p')));
  await full.remove();
  expect(isQuotaExceeded(error)).toBe(true);
});

it('keeps the values of a Secret to itself', async () => {
  const data = { 'bad key': Buffer.from('hush').toString('base64'), jitToken: 'no base64, a token' };
  const error = await failure(client.create(secrets, ns, { metadata: { name: 's' }, data }));
  expect(error.status).toBe(400);
  expect(error.message).not.toContain('token');
});

it('takes Events', async () => {
  const regarding = { apiVersion: 'v1', kind: 'Pod', namespace: ns, name: 'p1' };
  const event = buildEvent({
    regarding,
    type: 'Normal',
    reason: 'Created',
    message: 'm',
    action: 'CreatePod',
  });
  const { metadata } = await client.create(events, ns, event);
  expect(metadata.name).toMatch(/^p1\./);
});

it('lists in pages', async () => {
  await Promise.all(
    Array.from({ length: 25 }, (_, i) =>
      client.create(configMaps, ns, configMap(`page-${i}`, {}, { test: 'pages' })),
    ),
  );
  expect(
    (await client.list(configMaps, { namespace: ns, labelSelector: 'test=pages', limit: 10 })).items,
  ).toHaveLength(25);
  let pages = 0;
  for await (const { items } of client.listPages(configMaps, {
    namespace: ns,
    labelSelector: 'test=pages',
    limit: 10,
  }))
    pages += items.length > 0 ? 1 : 0;
  expect(pages).toBe(3);
});

it('ends a watch in good order after its time', async () => {
  const { resourceVersion } = await client.list(configMaps, { namespace: ns });
  const types: string[] = [];
  for await (const { type } of client.watch(configMaps, {
    namespace: ns,
    resourceVersion,
    timeoutSeconds: 1,
  }))
    types.push(type);
  expect(types.filter((type) => type !== 'BOOKMARK')).toEqual([]);
});
