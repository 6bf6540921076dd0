import { jest } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import {
  RUNNER_SCALE_SET_ID_ANNOTATION,
  RUNNER_SCALE_SET_NAME_ANNOTATION,
} from '../../src/api/annotations.ts';
import type { KubernetesError } from '../../src/kubernetes/client/errors.ts';
import { autoscalingRunnerSets, ephemeralRunners, pods } from '../../src/kubernetes/client/resources.ts';
import { ScaleSet, createScaleSet, scaleSetObject } from './support/scale-set-scene.ts';
import type { RunnerSet, Scene } from './support/scene.ts';
import { always, eventually, podTemplate, revision, startScene } from './support/scene.ts';

/** Texts near the limits of where they flow: nothing throws in a loop, and all others go on. */

jest.setTimeout(180_000);

let scene: Scene;
/** Lives through all of it. */
let bystander: RunnerSet;

beforeAll(async () => {
  scene = await startScene('huge-texts');
  bystander = await scene.createSet('bystander', { replicas: 1 });
  await bystander.ready(1);
});

/** Whatever happened: it is served as before. */
afterEach(async () => {
  const [name = ''] = await bystander.names();
  const { metadata } = await bystander.read();
  const replicas = metadata.generation! % 2 === 0 ? 1 : 2;
  await bystander.patch({ replicas });
  await bystander.ready(replicas);
  expect(name).not.toBe('');
});

afterAll(() => scene.stop());

const KIB = 1024;
/** More than the history of a workflow in its first seconds; less than any of the texts. */
const MOST_KIB = 250;
const env = (kib: number) => podTemplate({}, { env: [{ name: 'FILLER', value: 'x'.repeat(kib * KIB) }] });

/** So much may happen of itself in the time. */
async function rests(workflow: WorkflowHandle, forMs = 6_000): Promise<void> {
  const before = (await workflow.describe()).historyLength;
  await always(forMs, () => undefined);
  const { historyLength } = await workflow.describe();
  expect(historyLength - before).toBeLessThanOrEqual(60);
}

/** What a history holds, in bytes. */
const bytesOf = async (workflow: WorkflowHandle): Promise<number> =>
  (await workflow.describe()).historySize ?? 0;

test('a template of a mebibyte is served like any other', async () => {
  const scaleSet = await createScaleSet(scene, 'mebibyte', {
    minRunners: 1,
    maxRunners: 1,
    template: { spec: env(1_000) },
  });
  await (await scaleSet.runners()).ready(1);
  expect(await bytesOf(scaleSet.workflow())).toBeLessThan(MOST_KIB * KIB);
  await scaleSet.delete();
  await scaleSet.gone();
});

/** The largest scale set that the database takes: nothing fits beside it, no finalizer, no status, no child. */
async function createLargest(name: string): Promise<number> {
  for (let bytes = 1.5 * KIB * KIB; ; bytes -= 200) {
    const template = { spec: podTemplate({}, { env: [{ name: 'FILLER', value: 'x'.repeat(bytes) }] }) };
    const object = scaleSetObject(name, scene.github.configUrl('octo/app'), { template });
    try {
      await scene.kubernetes.create(autoscalingRunnerSets, scene.namespace, object);
      return bytes;
    } catch (error) {
      expect((error as KubernetesError).message).toContain('too large');
    }
  }
}

test('one that fills the database to the last byte is told of, rests, and can be mended and deleted', async () => {
  await createLargest('largest');
  const scaleSet = new ScaleSet(scene, 'largest');
  await eventually(async () => {
    const [event, ...others] = await scaleSet.events('InvalidTemplate');
    expect(event?.message).toContain('too large');
    expect(others).toEqual([]);
  });
  await rests(scaleSet.workflow());
  await scaleSet.edit({ template: { spec: podTemplate() } });
  await scaleSet.running();
  await scaleSet.delete();
  await scaleSet.gone();
});

test('annotations for a child that are more than an object can have are told of, and mended', async () => {
  const huge = { annotations: { 'example.com/huge': 'x'.repeat(300 * KIB) } };
  const scaleSet = await createScaleSet(scene, 'annotations', { ephemeralRunnerSetMetadata: huge });
  await eventually(async () =>
    expect(await scaleSet.condition('Ready')).toMatchObject({
      ...{ status: 'False', reason: 'InvalidTemplate' },
      message: expect.stringContaining('262144'),
    }),
  );
  await rests(scaleSet.workflow());
  await scaleSet.edit({ ephemeralRunnerSetMetadata: { annotations: { 'example.com/huge': 'small' } } });
  await scaleSet.running();
  await scaleSet.delete();
  await scaleSet.gone();
});

test('words of 400 KiB on a pod end its runner as any others do', async () => {
  const set = await scene.createSet('pod-words', { replicas: 1 });
  const [name = ''] = await set.ready(1);
  const words = { reason: 'Odd words! '.repeat(40 * KIB), message: '語'.repeat(100 * KIB) };
  const key = { namespace: scene.namespace, name };
  await scene.kubernetes.mergePatch(pods, key, { status: words }, { subresource: 'status' });
  await eventually(async () => {
    const [runner] = await set.runners();
    expect(runner?.status).toMatchObject({ phase: 'Running', ready: true });
  });
  const failed = { status: { ...words, phase: 'Failed' } };
  await scene.kubernetes.mergePatch(pods, key, failed, { subresource: 'status' });
  await eventually(async () => expect(await set.names()).not.toContain(name));
  await set.ready(1);
  const [event] = await set.events('RunnerFailed');
  expect(Buffer.byteLength(event?.message ?? '')).toBeLessThanOrEqual(1_024);
  expect(await bytesOf(set.workflow())).toBeLessThan(MOST_KIB * KIB);
});

test('a status and annotations that somebody filled are as they should be again', async () => {
  const scaleSet = await createScaleSet(scene, 'filled', { minRunners: 1, maxRunners: 1 });
  const set = await scaleSet.runners();
  const [name = ''] = await set.ready(1);
  const key = { namespace: scene.namespace, name };
  const status = { phase: 'x'.repeat(400 * KIB), jobResult: 'y'.repeat(400 * KIB) };
  await scene.kubernetes.mergePatch(ephemeralRunners, key, { status }, { subresource: 'status' });
  await scaleSet.patch({
    metadata: { annotations: { [RUNNER_SCALE_SET_NAME_ANNOTATION]: 'z'.repeat(200 * KIB) } },
  });
  await eventually(async () => {
    expect(await scaleSet.annotation(RUNNER_SCALE_SET_NAME_ANNOTATION)).toBe('filled');
    expect(await scaleSet.annotation(RUNNER_SCALE_SET_ID_ANNOTATION)).toBe(String(set.scaleSetId));
    expect((await scene.runner(name))?.status?.phase ?? 'Running').toBe('Running');
  });
  for (const workflow of [scaleSet.workflow(), set.workflow()])
    expect(await bytesOf(workflow)).toBeLessThan(MOST_KIB * KIB);
  await scaleSet.delete();
  await scaleSet.gone();
});

test('a job with a name of 100 KiB, for names at GitHub of 200 characters, is done', async () => {
  const [owner, repository] = ['o'.repeat(200), 'r'.repeat(200)];
  const url = `${scene.github.url}/${owner}/${repository}`;
  const scaleSet = await createScaleSet(scene, 'long-names', { githubConfigUrl: url, maxRunners: 1 });
  const { scaleSetId } = await scaleSet.runners();
  const [job] = scene.github.admin.queueJobs({
    ...{ scaleSetId, durationMs: 1_500, owner, repository },
    displayName: '🏃'.repeat(25 * KIB),
  });
  await eventually(() => expect(scene.job(job!.jobId).state).toBe('running'));
  await eventually(async () => {
    const [runner] = (await scene.allRunners()).filter(({ status }) => status?.jobDisplayName);
    expect(runner?.status?.jobDisplayName).toMatch(/^🏃+…$/u);
  });
  await eventually(() => expect(scene.job(job!.jobId).state).toBe('completed'));
  const { typedSearchAttributes } = await scaleSet.workflow().describe();
  for (const { value } of typedSearchAttributes.getAll())
    expect(Buffer.byteLength(String(value))).toBeLessThanOrEqual(255);
  await scaleSet.delete();
  await scaleSet.gone();
});

test('an error of 100 KiB from GitHub is told in a sentence', async () => {
  const words = 'no, because of ' + '理由 '.repeat(30 * KIB);
  const fault = { match: 'generatejitconfig', kind: 'status', status: 403, message: words } as const;
  scene.github.admin.addFault({ ...fault, forMs: 60_000 });
  const set = await scene.createSet('github-words', { replicas: 1 });
  await eventually(async () => {
    const { reason, message = '' } = (await set.condition('CreationBlocked')) ?? {};
    expect(reason).toBe('GitHubRefused');
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(2_000);
  });
  expect(await bytesOf(set.workflow())).toBeLessThan(MOST_KIB * KIB);
  scene.github.admin.clearFaults();
  await set.edit(revision('two'));
  await set.ready(1);
});
