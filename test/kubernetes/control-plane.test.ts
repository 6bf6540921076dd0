import { createKubernetesClient } from '../../src/kubernetes/client.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import type { KubernetesError } from '../../src/kubernetes/errors.ts';
import {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
  isQuotaExceeded,
} from '../../src/kubernetes/errors.ts';
import { buildEvent } from '../../src/kubernetes/event.ts';
import {
  configMaps,
  events,
  namespaces,
  pods,
  resourceQuotas,
  secrets,
  serviceAccounts,
} from '../../src/kubernetes/resources.ts';
import type { ConfigMap, Pod } from '../../src/kubernetes/resources.ts';
import { reflect } from '../../src/kubernetes/watch.ts';
import { eventually } from './api-server.ts';
import { assets, ControlPlane } from './control-plane.ts';

const failure = (promise: Promise<unknown>): Promise<KubernetesError> =>
  promise.then(
    () => Promise.reject(new Error('did not reject')),
    (error: unknown) => error as KubernetesError,
  );
const pod = (name: string): Pod => ({
  metadata: { name },
  spec: { automountServiceAccountToken: false, containers: [{ name: 'runner', image: 'i' }] },
});
const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  metadata: { name },
  data,
});

(assets ? describe : describe.skip)('with a real API server (KUBEBUILDER_ASSETS)', () => {
  let plane: ControlPlane;
  let client: KubernetesClient;

  beforeAll(async () => {
    plane = await ControlPlane.start();
    client = createKubernetesClient({ kubeConfig: plane.kubeConfig() });
    await prepare('ns');
  }, 90_000);

  afterAll(async () => {
    await client.close();
    await plane.stop();
  });

  const prepare = async (name: string) => {
    await client.create(namespaces, undefined, { metadata: { name } });
    await client.create(serviceAccounts, name, { metadata: { name: 'default' } });
  };

  it('creates, patches, finds and deletes', async () => {
    const key = { namespace: 'ns', name: 'p1' };
    const created = await client.create(pods, 'ns', pod('p1'));
    const status = { phase: 'Running' };
    expect((await client.mergePatch(pods, key, { status }, { subresource: 'status' })).status?.phase).toBe(
      'Running',
    );
    expect(isAlreadyExists(await failure(client.create(pods, 'ns', pod('p1'))))).toBe(true);
    const labels = { metadata: { resourceVersion: created.metadata?.resourceVersion, labels: { a: 'b' } } };
    expect(isConflict(await failure(client.mergePatch(pods, key, labels)))).toBe(true);
    expect(isConflict(await failure(client.delete(pods, key, { uid: 'another' })))).toBe(true);
    await client.delete(pods, key, { uid: created.metadata?.uid, gracePeriodSeconds: 0 });
    expect(isNotFound(await failure(client.get(pods, key)))).toBe(true);
  });

  it('tells refusals apart', async () => {
    const invalid = await failure(
      client.create(pods, 'ns', { metadata: { name: 'p2' }, spec: { containers: [] } }),
    );
    expect(isInvalid(invalid)).toBe(true);
    expect(invalid.causes).toContainEqual(expect.objectContaining({ field: 'spec.containers' }));
    const spec = { ...pod('p3').spec!, priorityClassName: 'notexist' };
    const forbidden = await failure(client.create(pods, 'ns', { metadata: { name: 'p3' }, spec }));
    expect(isForbidden(forbidden)).toBe(true);
    expect(forbidden.serverMessage).toBe(
      'pods "p3" is forbidden: no PriorityClass with name notexist was found',
    );
  });

  it('recognizes a quota that is used up', async () => {
    await prepare('full');
    await client.create(resourceQuotas, 'full', { metadata: { name: 'q' }, spec: { hard: { pods: '0' } } });
    await client.mergePatch(
      resourceQuotas,
      { namespace: 'full', name: 'q' },
      { status: { hard: { pods: '0' }, used: { pods: '0' } } },
      { subresource: 'status' },
    );
    let error = await failure(client.create(pods, 'full', pod('p')));
    for (let tries = 0; tries < 50 && !isQuotaExceeded(error); tries += 1)
      error = await failure(client.create(pods, 'full', pod('p')));
    expect(isQuotaExceeded(error)).toBe(true);
  });

  it('keeps the values of a Secret to itself', async () => {
    const data = { 'bad key': Buffer.from('hush').toString('base64'), jitToken: 'no base64, a token' };
    const error = await failure(client.create(secrets, 'ns', { metadata: { name: 's' }, data }));
    expect(error.status).toBe(400);
    expect(error.message).not.toContain('token');
  });

  it('takes Events', async () => {
    const regarding = { apiVersion: 'v1', kind: 'Pod', namespace: 'ns', name: 'p1' };
    const event = buildEvent({
      regarding,
      type: 'Normal',
      reason: 'Created',
      message: 'm',
      action: 'CreatePod',
    });
    const { metadata } = await client.create(events, 'ns', event);
    expect(metadata.name).toMatch(/^p1\./);
  });

  it('lists in pages', async () => {
    await prepare('pages');
    await Promise.all(
      Array.from({ length: 25 }, (_, i) => client.create(configMaps, 'pages', configMap(`c${i}`))),
    );
    expect((await client.list(configMaps, { namespace: 'pages', limit: 10 })).items).toHaveLength(25);
    let pages = 0;
    for await (const { items } of client.listPages(configMaps, { namespace: 'pages', limit: 10 }))
      pages += items.length > 0 ? 1 : 0;
    expect(pages).toBe(3);
  });

  it('ends a watch in good order after its time', async () => {
    const { resourceVersion } = await client.list(configMaps, { namespace: 'ns' });
    const types: string[] = [];
    for await (const { type } of client.watch(configMaps, {
      namespace: 'ns',
      resourceVersion,
      timeoutSeconds: 1,
    }))
      types.push(type);
    expect(types.filter((type) => type !== 'BOOKMARK')).toEqual([]);
  });

  it('reflects, through a restart and through the loss of everything', async () => {
    await prepare('live');
    const stop = new AbortController();
    const log: string[] = [];
    const running = reflect<ConfigMap, string>({
      client,
      resource: configMaps,
      namespace: 'live',
      digest: ({ metadata }) => metadata?.name ?? '',
      onSync: (names) => void log.push(`sync ${names.join(',')}`.trim()),
      onEvent: (type, name) => void log.push(`${type} ${name}`),
      signal: stop.signal,
      backoffMs: [50, 200],
    });
    await eventually(() => log.length === 1);
    await client.create(configMaps, 'live', configMap('a'));
    await client.mergePatch(configMaps, { namespace: 'live', name: 'a' }, { data: { x: 'y' } });
    await client.delete(configMaps, { namespace: 'live', name: 'a' });
    await client.create(configMaps, 'live', configMap('b'));
    await eventually(() => log.length === 5);
    expect(log).toEqual(['sync', 'ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED b']);

    await plane.kill();
    await plane.revive();
    await eventually(() => log.at(-1) === 'sync b');

    for (let i = 0; i < 300; i += 1)
      await client.mergePatch(configMaps, { namespace: 'live', name: 'b' }, { data: { i: String(i) } });
    await plane.kill();
    await plane.wipe();
    await plane.revive();
    await eventually(() => log.at(-1) === 'sync');
    await prepare('live');
    await client.create(configMaps, 'live', configMap('c'));
    await eventually(() => log.at(-1) === 'ADDED c');
    stop.abort();
    await running;
  }, 120_000);
});
