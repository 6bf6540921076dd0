import { jest } from '@jest/globals';
import type { Resource } from '../../src/kubernetes/client/resources.ts';
import { autoscalingRunnerSets, ephemeralRunnerSets } from '../../src/kubernetes/client/resources.ts';
import { createScaleSet } from './support/scale-set-scene.ts';
import type { RunnerSet, Scene } from './support/scene.ts';
import { always, eventually, startScene } from './support/scene.ts';

jest.setTimeout(180_000);

let scene: Scene;

beforeAll(async () => {
  scene = await startScene('deletion');
});
afterEach(() => scene.clear());
afterAll(() => scene.stop());

const removeInForeground = (resource: Resource, name: string) =>
  scene.kubernetes.delete(
    resource,
    { namespace: scene.namespace, name },
    { propagationPolicy: 'Foreground' },
  );

/** A runner that has a job, its pod marked. */
async function busyRunner(set: RunnerSet, among: number): Promise<{ name: string; job: string }> {
  const [name = ''] = await set.ready(among);
  const job = await scene.startJob(name);
  await eventually(async () =>
    expect((await scene.pod(name))?.metadata).not.toHaveProperty('ownerReferences'),
  );
  return { name, job };
}

/** The garbage collector acts within two seconds. */
async function goesOn({ name, job }: { name: string; job: string }): Promise<void> {
  await always(4_000, async () => {
    expect((await scene.pod(name))?.metadata).not.toHaveProperty('deletionTimestamp');
    expect(scene.job(job).state).toBe('running');
  });
}

/** The job ends well, and nothing is left of its runner. */
async function endsWell({ name, job }: { name: string; job: string }): Promise<void> {
  scene.github.admin.finishJob(name);
  await eventually(async () => {
    expect(await scene.runner(name)).toBeUndefined();
    expect(await scene.pod(name)).toBeUndefined();
  });
  expect(scene.job(job).result).toBe('succeeded');
  expect(scene.github.admin.runners().map((runner) => runner.name)).not.toContain(name);
}

describe('a deletion in the foreground, as Argo CD does it', () => {
  it('of an EphemeralRunnerSet lets its jobs end', async () => {
    const set = await scene.createSet('set', { replicas: 2 });
    const busy = await busyRunner(set, 2);
    const [idle = ''] = (await set.names()).filter((name) => name !== busy.name);
    await removeInForeground(ephemeralRunnerSets, set.name);
    await goesOn(busy);
    expect(await scene.pod(idle)).toBeUndefined();
    await endsWell(busy);
    await eventually(() => expect(set.read()).rejects.toMatchObject({ status: 404 }));
  });

  it('of an AutoscalingRunnerSet lets its jobs end', async () => {
    const scaleSet = await createScaleSet(scene, 'whole', { minRunners: 2, maxRunners: 2 });
    const set = await scaleSet.runners();
    const busy = await busyRunner(set, 2);
    await removeInForeground(autoscalingRunnerSets, scaleSet.name);
    await goesOn(busy);
    await endsWell(busy);
    await scaleSet.gone();
    expect(scaleSet.atGitHub()).toBeUndefined();
  });
});
