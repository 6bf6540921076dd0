import { startGitHub } from '../../../dev/github/stand-in.ts';
import { AUTOSCALING_RUNNER_SET_FINALIZER } from '../../../src/api/finalizers.ts';
import type { AutoscalingRunnerSetSpec } from '../../../src/api/v1alpha1/autoscaling-runner-set.ts';
import { autoscalingRunnerSets } from '../../../src/kubernetes/client/resources.ts';
import { aScene, key, name } from './scene.ts';

const scene = aScene();

test('finalizer first, then the scale set, then annotations and URL labels; a second time it writes nothing', async () => {
  const target = scene.create({ runnerScaleSetLabels: ['x64', 'demo', 'x64'] });
  const prepared = await scene.run('prepareScaleSet', target);
  expect(scene.github.admin.scaleSets()).toMatchObject([
    { name, runnerGroupId: 1, labels: ['demo', 'x64'], disableUpdate: true },
  ]);
  expect(prepared).toMatchObject({ scaleSetId: 1, gitHubAnnotations: '1/Default/demo', missingLabels: [] });
  expect(scene.read().metadata).toMatchObject({
    finalizers: [AUTOSCALING_RUNNER_SET_FINALIZER],
    annotations: { 'runner-scale-set-id': '1', 'actions.github.com/runner-group-name': 'Default' },
    labels: { 'actions.github.com/organization': 'octo', 'actions.github.com/repository': 'app' },
  });
  expect(scene.read().spec.runnerScaleSetName).toBeUndefined();
  const writes = scene.cluster.writes.length;
  expect(await scene.run('prepareScaleSet', target)).toMatchObject({
    gitHubAnnotations: prepared!.gitHubAnnotations,
    events: [],
  });
  expect(scene.cluster.writes).toHaveLength(writes);
});

test('without the Secret the finalizer stands, and nothing is at GitHub', async () => {
  const target = scene.create({ githubConfigSecret: 'lost' });
  await expect(scene.run('prepareScaleSet', target)).rejects.toMatchObject({
    type: 'SecretNotFound',
    nonRetryable: true,
  });
  expect(scene.read().metadata.finalizers).toEqual([AUTOSCALING_RUNNER_SET_FINALIZER]);
  expect(scene.github.admin.scaleSets()).toEqual([]);
});

test.each<[string, Partial<AutoscalingRunnerSetSpec>, string]>([
  ['min above max', { minRunners: 3, maxRunners: 1 }, 'InvalidSpec'],
  ['no container named runner', { template: { spec: { containers: [{ name: 'x' }] } } }, 'InvalidSpec'],
  ['a group that GitHub does not have', { runnerGroup: 'nowhere' }, 'RunnerGroupNotFound'],
])('%s: nobody but a person can help', async (_what, spec, type) => {
  await expect(scene.run('prepareScaleSet', scene.create(spec))).rejects.toMatchObject({
    type,
    nonRetryable: true,
  });
});

test('one of that name is taken over, also after an answer that got lost', async () => {
  scene.github.admin.addFault({ match: 'createscaleset', kind: 'lost-answer' });
  const target = scene.create();
  await expect(scene.run('prepareScaleSet', target)).rejects.toMatchObject({ type: 'GitHubUnavailable' });
  expect(await scene.run('prepareScaleSet', target)).toMatchObject({ scaleSetId: 1 });
  expect(scene.github.admin.scaleSets()).toHaveLength(1);
});

test.each<[string, object, object]>([
  ['renamed', { runnerScaleSetName: 'other' }, { name: 'other', labels: ['other'] }],
  ['moved', { runnerGroup: 'standin-group' }, { runnerGroupId: 2 }],
  ['labelled', { runnerScaleSetLabels: ['gpu'] }, { labels: ['demo', 'gpu'] }],
  ['left alone when only upper and lower case differ', { runnerScaleSetName: 'DEMO' }, { name: 'demo' }],
])('one that exists is %s', async (_what, spec, expected) => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  await scene.edit(spec);
  await scene.run('prepareScaleSet', target);
  expect(scene.github.admin.scaleSets()).toMatchObject([{ id: 1, ...expected }]);
});

test('one that vanished is created again', async () => {
  const target = scene.create(
    {},
    { 'runner-scale-set-id': '41', 'actions.github.com/runner-group-name': 'Default' },
  );
  const prepared = await scene.run('prepareScaleSet', target);
  expect(prepared).toMatchObject({ scaleSetId: 1, events: [{ reason: 'ScaleSetRecreated' }] });
  expect(scene.read().metadata.annotations?.['runner-scale-set-id']).toBe('1');
});

test('at another URL it begins anew, and takes the old one away', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  await scene.edit({ githubConfigUrl: scene.github.configUrl('octo/other') });
  expect(await scene.run('prepareScaleSet', target)).toMatchObject({ scaleSetId: 2 });
  expect(scene.github.admin.scaleSets()).toMatchObject([{ id: 2, configPath: 'octo/other' }]);
  expect(scene.read().metadata.labels).toMatchObject({ 'actions.github.com/repository': 'other' });
});

test('labels that GitHub drops are named', async () => {
  await scene.github.stop();
  scene.github = await startGitHub({ keptLabels: 1 });
  expect(await scene.run('prepareScaleSet', scene.create({ runnerScaleSetLabels: ['gpu'] }))).toMatchObject({
    missingLabels: ['gpu'],
  });
});

test('one that is gone, going, or another of that name is left alone', async () => {
  const target = scene.create();
  expect(await scene.run('prepareScaleSet', { ...target, uid: 'another' })).toBeUndefined();
  expect(scene.cluster.writes).toEqual([]);
});

test('one that is being deleted, or gone, gets nothing', async () => {
  const target = scene.create();
  await scene.cluster.client.mergePatch(autoscalingRunnerSets, key, {
    metadata: { finalizers: ['of/others'] },
  });
  await scene.markDeleted();
  scene.cluster.writes.length = 0;
  expect(await scene.run('prepareScaleSet', target)).toBeUndefined();
  await scene.cluster.client.mergePatch(autoscalingRunnerSets, key, { metadata: { finalizers: [] } });
  expect(scene.read()).toBeUndefined();
  expect(await scene.run('prepareScaleSet', target)).toBeUndefined();
  expect(scene.github.admin.scaleSets()).toEqual([]);
});

test('when somebody else changes it at the same moment, it is tried again', async () => {
  const fault = { verb: 'patch', resource: autoscalingRunnerSets, status: 409, reason: 'Conflict' } as const;
  const target = scene.create();
  scene.cluster.failNext(fault);
  await expect(scene.run('prepareScaleSet', target)).rejects.toMatchObject({
    type: 'KubernetesRefused',
    nonRetryable: false,
  });
  expect(scene.github.admin.scaleSets()).toEqual([]);
  expect(await scene.run('prepareScaleSet', target)).toMatchObject({ scaleSetId: 1 });
});

test('a scale set at the old URL that cannot be deleted is told of, and does not stand in the way', async () => {
  const target = scene.create();
  await scene.run('prepareScaleSet', target);
  await scene.edit({ githubConfigUrl: scene.github.configUrl('octo/other') });
  scene.github.admin.addFault({ match: 'deletescaleset', kind: 'status', status: 403 });
  expect(await scene.run('prepareScaleSet', target)).toMatchObject({
    scaleSetId: 2,
    events: [
      { type: 'Normal', reason: 'ScaleSetCreated' },
      {
        type: 'Warning',
        reason: 'ScaleSetLeftBehind',
        message: expect.stringContaining('Scale set 1 was left behind'),
      },
    ],
  });
  expect(scene.github.admin.scaleSets()).toHaveLength(2);
});
