import type { Cluster } from '../../dev/cluster.ts';
import { startCluster } from '../../dev/cluster.ts';
import type { Runners } from '../../dev/runner.ts';
import { startRunners } from '../../dev/runner.ts';
import type { Scene } from './crash-harness.ts';
import { expectCleanEnd, expectWhole, openScene, untilRegistered, untilSettled } from './crash-harness.ts';
import { world } from './world.ts';

/** The API server dies and comes back while runners are being created, in a cluster that serves nobody else. */
let cluster: Cluster;
let runners: Runners;
let scene: Scene;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 2 });
  runners = await startRunners({ kubeconfig: cluster.kubeconfig });
  scene = await openScene('api-server', { ...world(), kubeconfig: cluster.kubeconfig });
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
