import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Runners } from '../../dev/runner/runners.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import { startTemporal } from '../../dev/temporal.ts';
import type { TemporalServer } from '../../dev/temporal.ts';
import { waitUntil } from '../../dev/processes.ts';
import type { Census, CrashScene } from './support/crash-scene.ts';
import {
  SCALE_SET_ID,
  expectCleanEnd,
  expectWhole,
  openCrashScene,
  untilRegistered,
  untilSettled,
} from './support/crash-scene.ts';
import { suiteServers } from './support/servers.ts';

/**
 * Temporal dies and comes back, with its database or without: the cluster says what is wanted and what exists, so no
 * runner is lost, none is made twice, and whoever has a job never notices.
 */
let folder: string;
let temporal: TemporalServer;
let runners: Runners;
let scene: CrashScene;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-arc-crash-temporal-'));
  temporal = await startTemporal({ storage: { file: join(folder, 'temporal.db') } });
  runners = await startRunners({ kubeconfig: suiteServers().kubeconfig });
}, 60_000);

afterAll(async () => {
  await Promise.all([temporal.stop(), runners.stop()]);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

beforeEach(async () => {
  scene = await openCrashScene('temporal', { ...suiteServers(), temporalAddress: temporal.address });
  await scene.startWorker();
}, 60_000);

afterEach(() => scene.close(), 30_000);

async function restartEmpty(): Promise<void> {
  await temporal.kill();
  temporal.deleteDatabase();
  await temporal.start();
}

/** Whether the set's workflow, which knows nothing of earlier runs, has been started anew. */
async function untilAdopted(): Promise<void> {
  const running = async () => (await scene.workflow.describe()).status.name === 'RUNNING';
  await waitUntil('The set’s new workflow', running, { timeoutMs: 60_000 });
}

const identities = ({ runners: found, pods }: Census) => ({
  runners: found.map(({ metadata }) => metadata.uid),
  pods: pods.map(({ uid }) => uid),
});

test('killed and restarted while 100 runners are being created', async () => {
  await scene.scaleTo(100);
  await untilRegistered(scene, 35);
  await temporal.kill();
  await temporal.start();
  await untilSettled(scene, 100);
  await expectWhole(scene, 100);
  await expectCleanEnd(scene);
}, 180_000);

test('its database is lost while 100 runners are being created', async () => {
  await scene.scaleTo(100);
  await untilRegistered(scene, 35);
  await restartEmpty();
  await untilAdopted();
  await untilSettled(scene, 100);
  await expectWhole(scene, 100);
  await expectCleanEnd(scene);
}, 180_000);

test('its database is lost while 50 runners run, some of them busy: nobody notices', async () => {
  await scene.scaleTo(50);
  await untilSettled(scene, 50);
  const before = identities(await expectWhole(scene, 50));
  scene.github.admin.queueJobs({ scaleSetId: SCALE_SET_ID, count: 12 });
  await waitUntil('12 busy runners', () => Promise.resolve(busy().length === 12));
  const working = busy();
  await restartEmpty();
  await untilAdopted();
  await untilSettled(scene, 50);
  expect(identities(await expectWhole(scene, 50))).toEqual(before);
  expect(busy()).toEqual(working);

  // GitHub has the last word on who is busy, also towards a workflow that has just been born.
  await scene.scaleTo(5);
  await waitUntil('Only the busy ones', () => Promise.resolve(scene.github.admin.runners().length === 12));
  expect(busy()).toEqual(working);
  expect(scene.github.admin.jobs().filter(({ state }) => state === 'running')).toHaveLength(12);

  for (const { name } of working) scene.github.admin.finishJob(name);
  await untilSettled(scene, 5);
  await expectWhole(scene, 5);
  await expectCleanEnd(scene);
}, 240_000);

const busy = () =>
  scene.github.admin
    .runners()
    .filter((runner) => runner.busy)
    .map(({ id, name }) => ({ id, name }))
    .sort((a, b) => a.id - b.id);
