import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import { API_VERSION } from '../../../src/api/v1alpha1/group.ts';
import type { KubernetesClient, RequestRecord } from '../../../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client/create-client.ts';
import type { KubernetesError } from '../../../src/kubernetes/client/errors.ts';
import { isAlreadyExists, isGone, isNotFound, isTransient } from '../../../src/kubernetes/client/errors.ts';
import type { Pod } from '../../../src/kubernetes/client/resources.ts';
import { ephemeralRunnerSets, namespaces, pods, secrets } from '../../../src/kubernetes/client/resources.ts';
import { ApiServer, eventually, status } from './api-server.ts';

const pod = (name: string): Pod => ({ metadata: { name }, spec: { containers: [{ name: 'runner' }] } });
const failure = (promise: Promise<unknown>): Promise<KubernetesError> =>
  promise.then(
    () => Promise.reject(new Error('did not reject')),
    (error: unknown) => error as KubernetesError,
  );

let server: ApiServer;
let client: KubernetesClient;
let records: RequestRecord[];

beforeEach(async () => {
  server = new ApiServer();
  records = [];
  await server.start();
  client = createKubernetesClient({
    kubeConfig: server.kubeConfig(),
    userAgent: 'temporal-arc/test',
    onRequest: (record) => records.push(record),
  });
});

afterEach(async () => {
  await client.close();
  await server.kill();
});

describe('requests', () => {
  it('create, get, patch and delete', async () => {
    const created = await client.create(pods, 'ns', pod('r1'));
    expect(created.metadata?.uid).toBeDefined();
    expect(await client.get(pods, { namespace: 'ns', name: 'r1' })).toEqual(created);
    await client.mergePatch(
      pods,
      { namespace: 'ns', name: 'r1' },
      { status: { phase: 'Failed' } },
      { subresource: 'status' },
    );
    await client.delete(pods, { namespace: 'ns', name: 'r1' }, { uid: 'u1', gracePeriodSeconds: 0 });
    expect(isNotFound(await failure(client.get(pods, { namespace: 'ns', name: 'r1' })))).toBe(true);
    expect(server.requests.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
      'POST /api/v1/namespaces/ns/pods',
      'GET /api/v1/namespaces/ns/pods/r1',
      'PATCH /api/v1/namespaces/ns/pods/r1/status',
      'DELETE /api/v1/namespaces/ns/pods/r1',
      'GET /api/v1/namespaces/ns/pods/r1',
    ]);
    const [create, , patch, remove] = server.requests;
    expect(JSON.parse(create!.body)).toMatchObject({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'r1' },
    });
    expect(create!.headers).toMatchObject({
      authorization: 'Bearer test-token',
      'user-agent': 'temporal-arc/test',
    });
    expect(patch!.headers['content-type']).toBe('application/merge-patch+json');
    expect(JSON.parse(remove!.body)).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u1' },
    });
  });

  it('delete what is selected, and never all', async () => {
    server.failNext({ status: 200, body: JSON.stringify({ kind: 'SecretList', items: [] }) });
    await client.deleteCollection(secrets, { namespace: 'ns', labelSelector: 'runner-pod=r1' });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'DELETE' });
    expect(`${request!.url.pathname}${request!.url.search}`).toBe(
      '/api/v1/namespaces/ns/secrets?labelSelector=runner-pod%3Dr1',
    );
    expect(records).toMatchObject([{ verb: 'deletecollection', resource: 'secrets', namespace: 'ns' }]);
    for (const selection of [
      { namespace: 'ns', labelSelector: '' },
      { namespace: '', labelSelector: 'a=b' },
    ])
      await expect(client.deleteCollection(secrets, selection)).rejects.toThrow(
        /Secret: (labelSelector|namespace)/,
      );
    expect(server.requests).toHaveLength(1);
  });

  it('ask what the server is, and say by what it is known', async () => {
    server.failNext({ status: 200, body: JSON.stringify({ gitVersion: 'v1.35.0' }) });
    expect(await client.serverVersion()).toEqual({ gitVersion: 'v1.35.0' });
    expect(server.requests.map(({ url }) => url.pathname)).toEqual(['/version']);
    expect(await client.authorities()).toBe('');
  });

  it('keep the connection after a deletion', async () => {
    const narrow = createKubernetesClient({ kubeConfig: server.kubeConfig(), connections: 1 });
    const before = server.connections;
    for (const name of ['a', 'b', 'c'])
      await narrow.delete(pods, { namespace: 'ns', name }).catch(() => undefined);
    expect(server.connections - before).toBe(1);
    await narrow.close();
  });

  it('keep few connections open, and use them again', async () => {
    const narrow = createKubernetesClient({ kubeConfig: server.kubeConfig(), connections: 3 });
    await Promise.all(Array.from({ length: 60 }, () => narrow.list(pods)));
    await Promise.all(Array.from({ length: 60 }, () => narrow.list(pods)));
    await narrow.close();
    expect(server.connections).toBe(3);
  });

  it('may only check what would be created', async () => {
    await client.create(pods, 'ns', pod('r1'), { dryRun: true });
    expect(server.requests[0]?.url.searchParams.get('dryRun')).toBe('All');
  });

  it('return what remains of a deleted object, if anything does', async () => {
    server.put('held', { kind: 'Pod' });
    server.put('gone', { kind: 'Status' });
    const remaining = await client.delete(pods, { namespace: 'ns', name: 'held' });
    expect(remaining?.metadata?.name).toBe('held');
    expect(await client.delete(pods, { namespace: 'ns', name: 'gone' })).toBeUndefined();
  });

  it("reject with the server's refusal", async () => {
    server.put('r1');
    const error = await failure(client.create(pods, 'ns', pod('r1')));
    expect(isAlreadyExists(error)).toBe(true);
    expect(error.message).toBe('create pods ns/r1: pods "r1" already exists');
  });

  it('carry Retry-After', async () => {
    server.failNext({ status: 429, headers: { 'retry-after': '2' }, body: 'Too many requests' });
    const error = await failure(client.list(pods));
    expect(isTransient(error)).toBe(true);
    expect(error.retryAfterMs).toBe(2000);
  });

  it('of an answer that is not JSON do not quote it', async () => {
    server.failNext({ status: 200, body: '<html>secret' });
    const error = await failure(client.get(secrets, { namespace: 'ns', name: 's' }));
    expect(error.message).not.toContain('secret>');
    expect(error.message).toContain('not JSON');
  });

  it('are transient failures when nobody answers', async () => {
    await server.kill();
    const error = await failure(client.get(pods, { namespace: 'ns', name: 'r1' }));
    expect(isTransient(error)).toBe(true);
    expect(error.message).toContain('ECONNREFUSED');
    await server.start();
  });

  it('end at their deadline', async () => {
    server.silent = true;
    const error = await failure(client.get(pods, { namespace: 'ns', name: 'r1' }, { timeoutMs: 50 }));
    expect(isTransient(error)).toBe(true);
    expect(error.message).toContain('not within 50 ms');
  });

  it("end with the caller's signal, and with its reason", async () => {
    server.silent = true;
    const reason = new Error('shutting down');
    const controller = new AbortController();
    const pending = failure(client.list(pods, { signal: controller.signal }));
    await eventually(() => server.requests.length === 1);
    controller.abort(reason);
    expect(await pending).toBe(reason);
    expect(await failure(client.list(pods, { signal: controller.signal }))).toBe(reason);
  });

  it('are refused here when they would address a whole collection', async () => {
    await expect(client.delete(pods, { namespace: 'ns', name: '' })).rejects.toThrow('name is empty');
    await expect(client.get(pods, { name: 'r1' })).rejects.toThrow('namespace is missing');
    expect(server.requests).toEqual([]);
  });

  it.each(['.', '..', '../..', 'a/b', '%2e%2e'])(
    'find none that is called %j: it would be another path',
    async (name) => {
      await expect(client.get(pods, { namespace: 'ns', name })).rejects.toMatchObject({
        status: 404,
        reason: 'NotFound',
      });
      await expect(client.delete(pods, { namespace: 'ns', name })).rejects.toMatchObject({ status: 404 });
      expect(server.requests).toEqual([]);
    },
  );

  it('reach objects outside namespaces', async () => {
    await client.get(namespaces, { name: 'ns1' });
    expect(server.requests[0]?.url.pathname).toBe('/api/v1/namespaces/ns1');
  });

  it('are recorded', async () => {
    await failure(client.get(pods, { namespace: 'ns', name: 'r1' }));
    expect(records).toEqual([
      {
        verb: 'get',
        resource: 'pods',
        namespace: 'ns',
        name: 'r1',
        status: 404,
        durationMs: expect.any(Number) as number,
      },
    ]);
  });
});

describe('lists', () => {
  it('are read page by page, as one', async () => {
    for (let i = 0; i < 5; i += 1) server.put(`r${i}`);
    const { items, resourceVersion } = await client.list(pods, {
      namespace: 'ns',
      limit: 2,
      labelSelector: 'a=b',
    });
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(['r0', 'r1', 'r2', 'r3', 'r4']);
    expect(resourceVersion).toBe('105');
    expect(server.requests).toHaveLength(3);
    expect(server.requests[2]?.url.searchParams.get('labelSelector')).toBe('a=b');
  });

  it('that expire between two pages are read again in one piece', async () => {
    for (let i = 0; i < 4; i += 1) server.put(`r${i}`);
    server.failNext({ matches: ({ url }) => url.searchParams.has('continue'), status: 410 });
    expect((await client.list(pods, { limit: 2 })).items).toHaveLength(4);
  });
});

describe('watches', () => {
  const open = async (
    options: { signal?: AbortSignal; timeoutMs?: number; resourceVersion?: string } = {},
  ) => {
    const seen: string[] = [];
    let opened = false;
    const done = (async () => {
      const stream = client.watch(pods, {
        resourceVersion: '100',
        ...options,
        onOpen: () => (opened = true),
      });
      for await (const { type, object } of stream) seen.push(`${type} ${object.metadata?.name ?? ''}`.trim());
    })();
    done.catch(() => undefined);
    await eventually(() => opened);
    return { seen, done };
  };

  it('give changes, also ones cut into pieces, until the server ends them', async () => {
    const { seen, done } = await open();
    server.put('r1');
    server.sendToWatches('{"type":"MODIFIED","object":{"metadata":{"na');
    server.sendToWatches('me":"jür"}}}\n{"type":"DELETED","object":{"metadata":{"name":"r1"}}}\n');
    server.sendBookmark();
    await eventually(() => seen.length === 4);
    server.endWatches();
    await done;
    expect(seen).toEqual(['ADDED r1', 'MODIFIED jür', 'DELETED r1', 'BOOKMARK']);
  });

  it('reject when the connection breaks', async () => {
    const { done } = await open();
    server.breakWatches();
    expect(isTransient(await failure(done))).toBe(true);
  });

  it('reject with an ERROR event', async () => {
    server.compact();
    const { done } = await open({ resourceVersion: '1' });
    const error = await failure(done);
    expect(isGone(error)).toBe(true);
    expect(error.message).toContain('too old resource version');
  });

  it('reject when the server refuses', async () => {
    const refusal = status(403, 'Forbidden', 'pods is forbidden');
    server.failNext({ status: 403, body: JSON.stringify(refusal) });
    const stream = client.watch(pods, { resourceVersion: '1' })[Symbol.asyncIterator]();
    expect((await failure(stream.next())).message).toBe('watch pods: pods is forbidden');
  });

  it('take a connection for dead that outlasts its time', async () => {
    const { done } = await open({ timeoutMs: 50 });
    expect((await failure(done)).message).toContain('not within 50 ms');
  });

  it('let go of the connection when the reader stops', async () => {
    server.put('r1');
    for await (const event of client.watch(pods, { resourceVersion: '100' })) {
      expect(event.type).toBe('ADDED');
      break;
    }
    await eventually(() => server.openWatches === 0);
  });

  it('do not take the connections of requests', async () => {
    const narrow = createKubernetesClient({ kubeConfig: server.kubeConfig(), connections: 1 });
    const controller = new AbortController();
    const streams = [1, 2, 3].map(() =>
      narrow.watch(pods, { resourceVersion: '100', signal: controller.signal })[Symbol.asyncIterator](),
    );
    const pending = streams.map((stream) => stream.next().catch(() => undefined));
    await eventually(() => server.openWatches === 3);
    await narrow.list(pods);
    controller.abort();
    await Promise.all(pending);
    await narrow.close();
  });
});

describe('the configuration', () => {
  it('authenticates by user and password', async () => {
    const basic = createKubernetesClient({
      kubeConfig: server.kubeConfig({ username: 'me', password: 'pw' }),
    });
    await basic.list(pods);
    await basic.close();
    expect(server.requests[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from('me:pw').toString('base64')}`,
    );
  });

  it('is asked for credentials again after a refusal', async () => {
    const config = server.kubeConfig();
    const turning = createKubernetesClient({ kubeConfig: config });
    server.failNext({ status: 401, body: JSON.stringify(status(401, 'Unauthorized', 'Unauthorized')) });
    await failure(turning.list(pods));
    config.users = [{ name: 'u', token: 'second' }];
    await turning.list(pods);
    await turning.close();
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer test-token',
      'Bearer second',
    ]);
  });

  it('that cannot give credentials fails the request, not the program', async () => {
    const exec = { command: '/nonexistent/credentials' };
    const broken = createKubernetesClient({ kubeConfig: server.kubeConfig({ exec }) });
    expect((await failure(broken.list(pods))).message).toContain('authentication gave no credentials');
    await broken.close();
  });

  it('without a current cluster is refused', () => {
    const config = server.kubeConfig();
    config.setCurrentContext('other');
    expect(() => createKubernetesClient({ kubeConfig: config })).toThrow('no current cluster');
  });
});

describe('an object of ours without a spec, which the CRDs allow', () => {
  const key = { namespace: 'ns', name: 'bare' };
  const bare = { apiVersion: API_VERSION, kind: 'EphemeralRunnerSet', metadata: key } as EphemeralRunnerSet;

  it('asks for nothing, however it is read', async () => {
    expect(await client.create(ephemeralRunnerSets, 'ns', bare)).toMatchObject({ spec: {} });
    expect(await client.get(ephemeralRunnerSets, key)).toMatchObject({ spec: {} });
    expect((await client.list(ephemeralRunnerSets)).items).toMatchObject([{ spec: {} }]);
  });

  it('of others, a missing spec stays missing', async () => {
    await client.create(secrets, 'ns', { metadata: { name: 's' } });
    expect(await client.get(secrets, { namespace: 'ns', name: 's' })).not.toHaveProperty('spec');
  });
});
