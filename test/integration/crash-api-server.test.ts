import type { Cluster } from '../../dev/cluster/cluster.ts';
import { startCluster } from '../../dev/cluster/cluster.ts';
import { waitUntil } from '../../dev/processes.ts';
import type { Runners } from '../../dev/runner/runners.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import { configMaps } from '../../src/kubernetes/client/resources.ts';
import type { ConfigMap } from '../../src/kubernetes/client/resources.ts';
import { reflect } from '../../src/kubernetes/client/watch.ts';
import type { CrashScene } from './support/crash-scene.ts';
import {
  expectCleanEnd,
  expectWhole,
  openCrashScene,
  untilRegistered,
  untilSettled,
} from './support/crash-scene.ts';
import { suiteServers } from './support/servers.ts';

/** The API server dies and comes back while runners are being created, in a cluster that serves nobody else. */
let cluster: Cluster;
let runners: Runners;
let scene: CrashScene;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 });
  runners = await startRunners({ kubeconfig: cluster.kubeconfig });
  scene = await openCrashScene('api-server', { ...suiteServers(), kubeconfig: cluster.kubeconfig });
  await scene.startWorker();
}, 120_000);

afterAll(async () => {
  await scene.close();
  await runners.stop();
  await cluster.stop();
}, 60_000);

async function restartApiServer(): Promise<void> {
  await cluster.killApiServer();
  await cluster.startApiServer();
}

test('killed and restarted in the middle of 100 creations', async () => {
  await scene.scaleTo(100);
  await untilRegistered(scene, 40);
  await restartApiServer();
  await untilSettled(scene, 100);
  await expectWhole(scene, 100);
}, 180_000);

test('killed and restarted in the middle of a scale-down, and of the way up again', async () => {
  await scene.scaleTo(20);
  await restartApiServer();
  await untilSettled(scene, 20);
  await expectWhole(scene, 20);
  const registered = scene.github.admin.stats().calls.generatejitconfig?.statuses['200'] ?? 0;
  await scene.scaleTo(60);
  await untilRegistered(scene, registered + 10);
  await restartApiServer();
  await untilSettled(scene, 60);
  await expectWhole(scene, 60);
  await expectCleanEnd(scene);
}, 240_000);

test('what follows the API server by a watch goes on where it was', async () => {
  const seen: string[] = [];
  const isWatched = (found: string): boolean => found.startsWith('watched');
  const stop = new AbortController();
  const { kubernetes: client, namespace } = scene;
  const key = { namespace, name: 'watched' };
  const running = reflect<ConfigMap, string>({
    ...{ client, namespace, resource: configMaps, signal: stop.signal, backoffMs: [50, 200] },
    transform: ({ metadata, data }) => `${metadata?.name} ${data?.['turn'] ?? ''}`,
    onSync: (found) => void seen.push(`sync ${found.filter(isWatched).join()}`.trim()),
    onEvent: (type, found) => {
      if (isWatched(found)) seen.push(`${type} ${found}`);
    },
  });
  await waitUntil('The first list', () => Promise.resolve(seen.length === 1));
  await client.create(configMaps, namespace, { metadata: { name: 'watched' }, data: { turn: '1' } });
  await client.mergePatch(configMaps, key, { data: { turn: '2' } });
  await waitUntil('The changes', () => Promise.resolve(seen.length === 3));
  await restartApiServer();
  await client.mergePatch(configMaps, key, { data: { turn: '3' } });
  await waitUntil('The change after the restart', () =>
    Promise.resolve(['MODIFIED watched 3', 'sync watched 3'].includes(seen.at(-1) ?? '')),
  );
  stop.abort();
  await running;
  expect(seen.slice(0, 3)).toEqual(['sync', 'ADDED watched 1', 'MODIFIED watched 2']);
}, 60_000);
