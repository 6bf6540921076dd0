import { jest } from '@jest/globals';
import { DRAINING_ANNOTATION } from '../../src/api/annotations.ts';
import { eventually, startScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';
import { createScaleSet } from './support/scale-set-scene.ts';

jest.setTimeout(180_000);

let scene: Scene;

beforeAll(async () => {
  scene = await startScene('eventual', {
    scaleSets: { updateStrategy: 'eventual' },
    github: { keptLabels: 1 },
  });
});
afterEach(() => scene.clear());
afterAll(() => scene.stop());

it('a new template waits for the jobs that run, and no further job is taken meanwhile', async () => {
  const demo = await createScaleSet(scene, 'demo', { minRunners: 2, maxRunners: 5 });
  const runners = await demo.runners();
  const [busy = ''] = await runners.ready(2);
  await scene.startJob(busy);
  const before = await demo.running();
  await demo.editTemplate('two');
  await eventually(async () => {
    expect(await demo.condition('UpdatePending')).toMatchObject({ status: 'True', reason: 'WaitingForJobs' });
    const { set } = await demo.running();
    expect(set.metadata.annotations).toMatchObject({ [DRAINING_ANNOTATION]: 'true' });
    expect(set.spec.ephemeralRunnerSpec).toEqual(before.set.spec.ephemeralRunnerSpec);
    expect(demo.atGitHub()?.capacity).toBe(0);
  });
  expect(await runners.names()).toContain(busy);
  scene.github.admin.finishJob(busy);
  await eventually(async () => {
    expect(await demo.condition('UpdatePending')).toMatchObject({ status: 'False' });
    const { set, listener } = await demo.running();
    expect(set.metadata.uid).toBe(before.set.metadata.uid);
    expect(set.metadata.annotations).not.toHaveProperty([DRAINING_ANNOTATION]);
    expect(set.spec.ephemeralRunnerSpec?.spec?.containers[0]?.env).toEqual([
      { name: 'REVISION', value: 'two' },
    ]);
    expect(listener.metadata.uid).toBe(before.listener.metadata.uid);
    expect(demo.atGitHub()?.capacity).toBe(5);
  });
});

it('labels that GitHub drops are named by a condition and an Event', async () => {
  const labelled = await createScaleSet(scene, 'labelled', { runnerScaleSetLabels: ['gpu', 'arm64'] });
  await labelled.running();
  expect(labelled.atGitHub()?.labels).toEqual(['labelled']);
  const condition = await labelled.condition('LabelsDiffer');
  expect(condition).toMatchObject({ status: 'True', reason: 'LabelsDropped' });
  expect(condition?.message).toContain('gpu, arm64');
  expect(await labelled.events('LabelsDropped')).toHaveLength(1);
});
