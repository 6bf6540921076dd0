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

test('of thousands of labels that GitHub drops the first are named: the state must stay small', async () => {
  await scene.github.stop();
  scene.github = await startGitHub({ keptLabels: 1 });
  const labels = Array.from({ length: 3_000 }, (_each, i) => `${i}-${'l'.repeat(300)}`);
  const prepared = await scene.run('prepareScaleSet', scene.create({ runnerScaleSetLabels: labels }));
  expect(prepared?.missingLabels).toHaveLength(20);
  expect(JSON.stringify(prepared).length).toBeLessThan(10_000);
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

describe('what GitHub would not change', () => {
  const group = 'standin-group';

  test('a group that was renamed: the scale set goes on where it is, and both groups are named', async () => {
    const target = scene.create({ runnerGroup: group });
    await scene.run('prepareScaleSet', target);
    scene.github.admin.renameRunnerGroup(group, 'renamed');
    await scene.edit({ runnerScaleSetLabels: ['gpu'] });
    expect(await scene.run('prepareScaleSet', target)).toMatchObject({
      scaleSetId: 1,
      group: 'renamed',
      refused: {
        reason: 'RunnerGroupNotFound',
        message: expect.stringMatching(/"standin-group".* goes on as "demo" in runner group "renamed"/),
      },
    });
    await scene.edit({ runnerGroup: 'renamed' });
    const repaired = await scene.run('prepareScaleSet', target);
    expect(repaired).toMatchObject({ group: 'renamed' });
    expect(repaired).not.toHaveProperty('refused');
    expect(scene.github.admin.scaleSets()).toMatchObject([{ labels: ['demo', 'gpu'] }]);
  });

  test.each<[string, object, object]>([
    ['another name', { name: 'other' }, { runnerScaleSetName: 'other' }],
    ['another group', { name, runnerGroupId: 2 }, { runnerGroup: group }],
  ])('%s, which a namesake has: it goes on as it is, with GitHub’s words', async (_what, namesake, spec) => {
    const target = scene.create();
    await scene.run('prepareScaleSet', target);
    scene.github.admin.createScaleSet(namesake as never);
    await scene.edit(spec);
    expect(await scene.run('prepareScaleSet', target)).toMatchObject({
      ...{ scaleSetId: 1, scaleSetName: name, group: 'Default' },
      refused: {
        reason: 'ScaleSetNameTaken',
        message: expect.stringMatching(/RunnerScaleSetExistsException.*Scale set 1 goes on as "demo"/),
      },
    });
  });

  test.each([400, 403, 422])('whatever it refuses with %i, once it is known', async (status) => {
    const target = scene.create();
    await scene.run('prepareScaleSet', target);
    await scene.edit({ runnerScaleSetLabels: ['gpu'] });
    scene.github.admin.addFault({ match: 'updatescaleset', kind: 'status', status });
    expect(await scene.run('prepareScaleSet', target)).toMatchObject({
      refused: { reason: 'GitHubRefused', message: expect.stringContaining(`status="${status}`) },
    });
  });

  test.each([500, 503, 429])('but %i is tried again', async (status) => {
    const target = scene.create();
    await scene.run('prepareScaleSet', target);
    await scene.edit({ runnerScaleSetLabels: ['gpu'] });
    scene.github.admin.addFault({ match: 'updatescaleset', kind: 'status', status });
    await expect(scene.run('prepareScaleSet', target)).rejects.toMatchObject({ nonRetryable: false });
  });

  test('a name that GitHub does not give out: a person chooses another', async () => {
    scene.github.admin.addFault({ match: 'createscaleset', kind: 'status', status: 409, typeName: 'Exists' });
    await expect(scene.run('prepareScaleSet', scene.create())).rejects.toMatchObject({
      ...{ type: 'ScaleSetNameTaken', nonRetryable: true },
      message: expect.stringMatching(/another scale set "demo".*spec\.runnerScaleSetName.*Exists/),
    });
  });
});

describe('a second one of the same name and URL', () => {
  test('waits for the first, changes nothing at GitHub, and is next', async () => {
    await scene.run('prepareScaleSet', scene.create());
    const second = scene.createOther('other', {}, { runnerScaleSetLabels: ['gpu'] });
    for (let tries = 0; tries < 2; tries += 1)
      await expect(scene.run('prepareScaleSet', second)).rejects.toMatchObject({
        ...{ type: 'ScaleSetTaken', nonRetryable: true },
        message: expect.stringContaining('team/demo has scale set 1'),
      });
    expect(scene.github.admin.scaleSets()).toMatchObject([{ id: 1, labels: ['demo'] }]);
    await scene.cluster.client.mergePatch(autoscalingRunnerSets, key, { metadata: { finalizers: null } });
    await scene.markDeleted();
    expect(await scene.run('prepareScaleSet', second)).toMatchObject({ scaleSetId: 1 });
    expect(scene.github.admin.scaleSets()).toMatchObject([{ id: 1, labels: ['demo', 'gpu'] }]);
  });

  test('that is older does not take it from the one that has it', async () => {
    const older = scene.create();
    const younger = scene.createOther('other');
    await scene.run('prepareScaleSet', younger);
    await expect(scene.run('prepareScaleSet', older)).rejects.toMatchObject({ type: 'ScaleSetTaken' });
    expect(scene.read().metadata.annotations).not.toHaveProperty('runner-scale-set-id');
    expect(await scene.run('prepareScaleSet', younger)).toMatchObject({ scaleSetId: 1 });
  });
});

test('another one of the same name, made while GitHub was asked, gets nothing of the first', async () => {
  const target = scene.create();
  scene.github.admin.setLatency({ createscaleset: 300 });
  const preparing = scene.run('prepareScaleSet', target);
  const failed = expect(preparing).rejects.toMatchObject({ type: 'KubernetesRefused' });
  while (scene.github.admin.calls().every(({ name: call }) => call !== 'createscaleset'))
    await new Promise((resolve) => setTimeout(resolve, 10));
  await scene.cluster.client.mergePatch(autoscalingRunnerSets, key, { metadata: { finalizers: null } });
  await scene.markDeleted();
  scene.create();
  await failed;
  expect(scene.read().metadata.annotations).toEqual({});
});
