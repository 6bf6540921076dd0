import type { Runners } from '../../dev/runner/runners.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import type { CrashScene } from './support/crash-scene.ts';
import {
  expectCleanEnd,
  expectWhole,
  openCrashScene,
  untilRegistered,
  untilSettled,
} from './support/crash-scene.ts';
import { suiteServers } from './support/servers.ts';

/**
 * A worker dies by SIGKILL while 100 runners are being created: whatever the moment, there are 100 runners in the end,
 * each whole and registered once, and no JIT config was used twice.
 */
const RUNNERS = 100;

let runners: Runners;

beforeAll(async () => {
  runners = await startRunners({ kubeconfig: suiteServers().kubeconfig });
});

afterAll(() => runners.stop(), 30_000);

/** Kills one of `workers` workers when GitHub has registered `moment` runners; a new one takes its place at once. */
async function killAt(scene: CrashScene, moment: number, workers = 1): Promise<void> {
  const [first] = await Promise.all(Array.from({ length: workers }, () => scene.startWorker()));
  await scene.scaleTo(RUNNERS);
  await untilRegistered(scene, moment);
  await first?.kill();
  if (workers === 1) await scene.startWorker();
  await untilSettled(scene, RUNNERS);
  await expectWhole(scene, RUNNERS);
  await expectCleanEnd(scene);
}

async function inScene(name: string, act: (scene: CrashScene) => Promise<void>): Promise<void> {
  const scene = await openCrashScene(name, suiteServers());
  try {
    await act(scene);
  } finally {
    await scene.close();
  }
}

describe('the only worker is killed, a new one is started at once', () => {
  // Side by side, because each kill costs the time after which a lost worker's activities are handed on.
  test.each([[[0, 15, 45, 75, 95]], [[5, 30, 60, 85, 99]]])(
    'after %j registrations',
    async (moments) => {
      await Promise.all(moments.map((moment) => inScene(`kill-${moment}`, (scene) => killAt(scene, moment))));
    },
    180_000,
  );
});

test('one of two workers is killed: the other one goes on alone', async () => {
  await inScene('kill-one', (scene) => killAt(scene, 40, 2));
}, 120_000);
