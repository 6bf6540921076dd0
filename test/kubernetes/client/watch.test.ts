import type { KubernetesClient } from '../../../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client/create-client.ts';
import type { KubernetesError } from '../../../src/kubernetes/client/errors.ts';
import { isForbidden } from '../../../src/kubernetes/client/errors.ts';
import type { Pod } from '../../../src/kubernetes/client/resources.ts';
import { pods } from '../../../src/kubernetes/client/resources.ts';
import type { ReflectOptions } from '../../../src/kubernetes/client/watch.ts';
import { reflect } from '../../../src/kubernetes/client/watch.ts';
import { ApiServer, eventually, status } from './api-server.ts';

const nameOf = (pod: Pod): string => pod.metadata?.name ?? '';

let server: ApiServer;
let client: KubernetesClient;
let stop: AbortController;
let running: Promise<void> | undefined;
let log: string[];
let errors: KubernetesError[];

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = createKubernetesClient({ kubeConfig: server.kubeConfig() });
  stop = new AbortController();
  log = [];
  errors = [];
});

afterEach(async () => {
  stop.abort();
  await running?.catch(() => undefined);
  running = undefined;
  await client.close();
  await server.kill();
});

const start = (options: Partial<ReflectOptions<Pod, string>> = {}): Promise<void> => {
  running = reflect<Pod, string>({
    client,
    resource: pods,
    transform: nameOf,
    onSync: (names) => void log.push(`sync ${names.join(',')}`.trim()),
    onEvent: (type, name) => void log.push(`${type} ${name}`),
    signal: stop.signal,
    log: (_, error) => void errors.push(error),
    backoffMs: [10, 50],
    ...options,
  });
  running.catch(() => undefined);
  return running;
};
const requests = (kind: 'list' | 'watch') =>
  server.requests.filter(({ url }) => url.searchParams.has('watch') === (kind === 'watch'));
const watching = () => eventually(() => server.openWatches === 1);

describe('a reflection', () => {
  it('lists, then follows changes', async () => {
    server.put('r1');
    void start({ namespace: 'ns', labelSelector: 'a=b' });
    await watching();
    server.put('r2');
    server.put('r1');
    server.remove('r1');
    await eventually(() => log.length === 4);
    expect(log).toEqual(['sync r1', 'ADDED r2', 'MODIFIED r1', 'DELETED r1']);
    expect(requests('watch')[0]?.url.searchParams.get('resourceVersion')).toBe('101');
    expect(requests('watch')[0]?.url.searchParams.get('allowWatchBookmarks')).toBe('true');
    for (const { url } of server.requests) expect(url.searchParams.get('labelSelector')).toBe('a=b');
  });

  it('misses nothing that happens between list and watch', async () => {
    server.put('r1');
    void start({
      onSync: (names) => {
        log.push(`sync ${names.join(',')}`);
        server.put('r2');
      },
    });
    await eventually(() => log.length === 2);
    expect(log).toEqual(['sync r1', 'ADDED r2']);
  });

  it('goes on from where it was when the connection breaks', async () => {
    void start();
    await watching();
    server.put('r1');
    await eventually(() => log.length === 2);
    server.breakWatches();
    await eventually(() => requests('watch').length === 2);
    await watching();
    server.put('r2');
    await eventually(() => log.length === 3);
    expect(log).toEqual(['sync', 'ADDED r1', 'ADDED r2']);
    expect(requests('watch')[1]?.url.searchParams.get('resourceVersion')).toBe('101');
    expect(errors).toHaveLength(1);
  });

  it('goes on when the server ends a watch in good order', async () => {
    void start();
    await watching();
    server.endWatches();
    await eventually(() => requests('watch').length === 2);
    await watching();
    server.put('r1');
    await eventually(() => log.length === 2);
    expect(errors).toEqual([]);
    expect(requests('list')).toHaveLength(1);
  });

  it('moves on with bookmarks', async () => {
    void start();
    await watching();
    server.sendBookmark(500);
    server.endWatches();
    await eventually(() => requests('watch').length === 2);
    expect(requests('watch')[1]?.url.searchParams.get('resourceVersion')).toBe('500');
    expect(log).toEqual(['sync']);
  });

  it('lists again when its version has expired: an ERROR event', async () => {
    void start();
    await watching();
    server.put('r1');
    await eventually(() => log.length === 2);
    server.put('unseen');
    server.breakWatches();
    server.put('r2');
    server.compact();
    await eventually(() => log.at(-1) === 'sync r1,unseen,r2');
    await watching();
  });

  it('lists again when its version has expired: a refusal', async () => {
    void start();
    await watching();
    server.failNext({
      matches: ({ url }) => url.searchParams.has('watch'),
      status: 410,
      body: JSON.stringify(status(410, 'Expired', 'too old')),
    });
    server.endWatches();
    await eventually(() => log.length === 2);
    expect(log).toEqual(['sync', 'sync']);
  });

  it('lists again after the server was away: it may have lost everything', async () => {
    server.put('r1');
    void start();
    await watching();
    const { port } = server;
    await server.kill();
    await eventually(() => errors.length >= 2);
    server.wipe();
    const revived = server;
    await revived.start(port);
    await eventually(() => log.length === 2);
    await watching();
    server.put('new');
    await eventually(() => log.length === 3);
    expect(log).toEqual(['sync r1', 'sync', 'ADDED new']);
  });

  it('lists again when versions run backwards', async () => {
    void start();
    await watching();
    server.sendBookmark(5);
    await eventually(() => log.length === 2);
    expect(log).toEqual(['sync', 'sync']);
  });

  it('takes its time when the server is overloaded, and keeps its place', async () => {
    void start();
    await watching();
    server.failNext({
      matches: ({ url }) => url.searchParams.has('watch'),
      status: 429,
      headers: { 'retry-after': '0.3' },
      body: '',
    });
    const startedAt = performance.now();
    server.endWatches();
    await eventually(() => requests('watch').length === 3);
    expect(performance.now() - startedAt).toBeGreaterThan(290);
    expect(log).toEqual(['sync']);
  });

  it('keeps trying what is forbidden, and says so', async () => {
    const refusal = JSON.stringify(status(403, 'Forbidden', 'pods is forbidden'));
    server.failNext({ status: 403, body: refusal });
    server.failNext({ status: 403, body: refusal });
    void start();
    await eventually(() => log.length === 1);
    expect(errors.map(isForbidden)).toEqual([true, true]);
  });

  it('gives up a connection that is silent', async () => {
    const impatient: Pick<KubernetesClient, 'listPages' | 'watch'> = {
      listPages: (resource, options) => client.listPages(resource, options),
      watch: (resource, options) => client.watch(resource, { ...options, timeoutMs: 50 }),
    };
    void start({ client: impatient });
    await eventually(() => requests('watch').length >= 2);
    expect(requests('list')).toHaveLength(1);
    expect(errors[0]?.message).toContain('not within 50 ms');
  });

  it('waits for a change to be handled before the next', async () => {
    let busy = 0;
    let most = 0;
    void start({
      onEvent: async (type, name) => {
        most = Math.max(most, ++busy);
        await new Promise((resolve) => setTimeout(resolve, 5));
        busy -= 1;
        log.push(`${type} ${name}`);
      },
    });
    await watching();
    for (let i = 0; i < 5; i += 1) server.put(`r${i}`);
    await eventually(() => log.length === 6);
    expect(most).toBe(1);
  });

  it("rejects with a handler's own failure", async () => {
    const failure = new Error('mine');
    await expect(
      start({
        onSync: () => {
          throw failure;
        },
      }),
    ).rejects.toBe(failure);
  });

  it.each(['while it watches', 'while it waits', 'before it begins'])(
    'ends in good order %s',
    async (when) => {
      if (when === 'while it waits') server.failNext({ status: 500 });
      if (when === 'before it begins') stop.abort();
      const ended = start({ backoffMs: [60_000, 60_000] });
      if (when === 'while it watches') await watching();
      if (when === 'while it waits') await eventually(() => errors.length === 1);
      stop.abort();
      await ended;
      await eventually(() => server.openWatches === 0);
    },
  );
});
