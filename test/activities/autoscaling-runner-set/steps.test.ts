import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import type { ScaleSetActivities } from '../../../src/activities/autoscaling-runner-set/index.ts';
import { scaleSetActivities } from '../../../src/activities/autoscaling-runner-set/index.ts';
import type { ScaleSetOptions } from '../../../src/messages/settings.ts';
import {
  CLEANUP_GITHUB_SECRET_ANNOTATION,
  CLEANUP_MANAGER_ROLE_ANNOTATION,
  CLEANUP_NO_PERMISSION_SERVICE_ACCOUNT_ANNOTATION,
  DRAINING_ANNOTATION,
  PAUSED_ANNOTATION,
} from '../../../src/api/annotations.ts';
import type { AutoscalingRunnerSetSpec } from '../../../src/api/v1alpha1/autoscaling-runner-set.ts';
import {
  AUTOSCALING_RUNNER_SET_FINALIZER,
  CLEANUP_PROTECTION_FINALIZER,
} from '../../../src/api/finalizers.ts';
import { listenerName } from '../../../src/api/names.ts';
import type { GitHubConnections } from '../../../src/github/connections.ts';
import { createGitHubConnections } from '../../../src/github/connections.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunnerSets,
  events,
  roles,
  secrets,
} from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const namespace = 'team';
const name = 'demo';
const key = { namespace, name };

let github: GitHubStandIn;
let connections: GitHubConnections;
let cluster: ClusterStandIn;

beforeEach(async () => {
  github = await startGitHub();
  connections = createGitHubConnections({ timeoutMs: 5_000, registrationWaitsMs: [] });
  cluster = new ClusterStandIn();
  cluster.put(secrets, namespace, {
    metadata: { name: 'github' },
    data: { github_token: Buffer.from(github.token).toString('base64') },
  });
});
afterEach(async () => {
  await connections.close();
  await github.stop();
});

function create(spec: Partial<AutoscalingRunnerSetSpec> = {}, annotations: Record<string, string> = {}) {
  const { metadata } = cluster.put(autoscalingRunnerSets, namespace, {
    metadata: { name, annotations },
    spec: {
      githubConfigUrl: github.configUrl('octo/app'),
      githubConfigSecret: 'github',
      template: { spec: { containers: [{ name: 'runner', image: 'r' }] } },
      ...spec,
    },
  });
  return { ...key, uid: metadata.uid ?? '' };
}

const edit = (spec: object) => cluster.client.mergePatch(autoscalingRunnerSets, key, { spec });
const read = () => cluster.find(autoscalingRunnerSets, key)!;
const set = () => cluster.find(ephemeralRunnerSets, key)!;
const listenerKey = (over: object = {}) => ({
  namespace,
  name: listenerName({ ...key, githubConfigUrl: github.configUrl('octo/app'), ...over }),
});

/** Runs one activity as Temporal does. */
async function run<K extends keyof ScaleSetActivities>(
  step: K,
  input: Parameters<ScaleSetActivities[K]>[0],
  scaleSets: Partial<ScaleSetOptions> = {},
): Promise<Awaited<ReturnType<ScaleSetActivities[K]>>> {
  const activities = scaleSetActivities({ kubernetes: cluster.client, github: connections, scaleSets });
  const activity = activities[step] as (argument: typeof input) => Promise<unknown>;
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const result: unknown = await environment.run<[typeof input], unknown, typeof activity>(activity, input);
  return result as Awaited<ReturnType<ScaleSetActivities[K]>>;
}

describe('prepareScaleSet', () => {
  test('finalizer first, then the scale set, then annotations and URL labels; a second time it writes nothing', async () => {
    const target = create({ runnerScaleSetLabels: ['x64', 'demo', 'x64'] });
    const prepared = await run('prepareScaleSet', target);
    expect(github.admin.scaleSets()).toMatchObject([
      { name, runnerGroupId: 1, labels: ['demo', 'x64'], disableUpdate: true },
    ]);
    expect(prepared).toMatchObject({ scaleSetId: 1, gitHubAnnotations: '1/Default/demo', missingLabels: [] });
    expect(read().metadata).toMatchObject({
      finalizers: [AUTOSCALING_RUNNER_SET_FINALIZER],
      annotations: { 'runner-scale-set-id': '1', 'actions.github.com/runner-group-name': 'Default' },
      labels: { 'actions.github.com/organization': 'octo', 'actions.github.com/repository': 'app' },
    });
    expect(read().spec.runnerScaleSetName).toBeUndefined();
    const writes = cluster.writes.length;
    expect(await run('prepareScaleSet', target)).toMatchObject({
      gitHubAnnotations: prepared!.gitHubAnnotations,
      events: [],
    });
    expect(cluster.writes).toHaveLength(writes);
  });

  test('without the Secret the finalizer stands, and nothing is at GitHub', async () => {
    const target = create({ githubConfigSecret: 'lost' });
    await expect(run('prepareScaleSet', target)).rejects.toMatchObject({
      type: 'SecretNotFound',
      nonRetryable: true,
    });
    expect(read().metadata.finalizers).toEqual([AUTOSCALING_RUNNER_SET_FINALIZER]);
    expect(github.admin.scaleSets()).toEqual([]);
  });

  test.each<[string, Partial<AutoscalingRunnerSetSpec>, string]>([
    ['min above max', { minRunners: 3, maxRunners: 1 }, 'InvalidSpec'],
    ['no container named runner', { template: { spec: { containers: [{ name: 'x' }] } } }, 'InvalidSpec'],
    ['a group that GitHub does not have', { runnerGroup: 'nowhere' }, 'RunnerGroupNotFound'],
  ])('%s: nobody but a person can help', async (_what, spec, type) => {
    await expect(run('prepareScaleSet', create(spec))).rejects.toMatchObject({ type, nonRetryable: true });
  });

  test('one of that name is taken over, also after an answer that got lost', async () => {
    github.admin.addFault({ match: 'createscaleset', kind: 'lost-answer' });
    const target = create();
    await expect(run('prepareScaleSet', target)).rejects.toMatchObject({ type: 'GitHubUnavailable' });
    expect(await run('prepareScaleSet', target)).toMatchObject({ scaleSetId: 1 });
    expect(github.admin.scaleSets()).toHaveLength(1);
  });

  test.each<[string, object, object]>([
    ['renamed', { runnerScaleSetName: 'other' }, { name: 'other', labels: ['other'] }],
    ['moved', { runnerGroup: 'standin-group' }, { runnerGroupId: 2 }],
    ['labelled', { runnerScaleSetLabels: ['gpu'] }, { labels: ['demo', 'gpu'] }],
    ['left alone when only upper and lower case differ', { runnerScaleSetName: 'DEMO' }, { name: 'demo' }],
  ])('one that exists is %s', async (_what, spec, expected) => {
    const target = create();
    await run('prepareScaleSet', target);
    await edit(spec);
    await run('prepareScaleSet', target);
    expect(github.admin.scaleSets()).toMatchObject([{ id: 1, ...expected }]);
  });

  test('one that vanished is created again', async () => {
    const target = create(
      {},
      { 'runner-scale-set-id': '41', 'actions.github.com/runner-group-name': 'Default' },
    );
    const prepared = await run('prepareScaleSet', target);
    expect(prepared).toMatchObject({ scaleSetId: 1, events: [{ reason: 'ScaleSetRecreated' }] });
    expect(read().metadata.annotations?.['runner-scale-set-id']).toBe('1');
  });

  test('at another URL it begins anew, and takes the old one away', async () => {
    const target = create();
    await run('prepareScaleSet', target);
    await edit({ githubConfigUrl: github.configUrl('octo/other') });
    expect(await run('prepareScaleSet', target)).toMatchObject({ scaleSetId: 2 });
    expect(github.admin.scaleSets()).toMatchObject([{ id: 2, configPath: 'octo/other' }]);
    expect(read().metadata.labels).toMatchObject({ 'actions.github.com/repository': 'other' });
  });

  test('labels that GitHub drops are named', async () => {
    await github.stop();
    github = await startGitHub({ keptLabels: 1 });
    expect(await run('prepareScaleSet', create({ runnerScaleSetLabels: ['gpu'] }))).toMatchObject({
      missingLabels: ['gpu'],
    });
  });

  test('one that is gone, going, or another of that name is left alone', async () => {
    const target = create();
    expect(await run('prepareScaleSet', { ...target, uid: 'another' })).toBeUndefined();
    expect(cluster.writes).toEqual([]);
  });
});

describe('applyChildren', () => {
  async function prepared(spec: Partial<AutoscalingRunnerSetSpec> = {}) {
    const target = create(spec);
    await run('prepareScaleSet', target);
    await run('applyChildren', target);
    cluster.writes.length = 0;
    return target;
  }

  test('creates both, and a second time writes nothing', async () => {
    const target = await prepared();
    expect(set().spec).toMatchObject({
      replicas: 0,
      patchID: 0,
      ephemeralRunnerSpec: { runnerScaleSetId: 1 },
    });
    expect(cluster.find(autoscalingListeners, listenerKey())?.spec.ephemeralRunnerSetName).toBe(name);
    await run('applyChildren', target);
    expect(cluster.writes).toEqual([]);
  });

  test('a new template is patched where it stands; replicas and the listener are not touched', async () => {
    const target = await prepared();
    const { uid } = set().metadata;
    await cluster.client.mergePatch(ephemeralRunnerSets, key, { spec: { replicas: 9, patchID: 4 } });
    cluster.writes.length = 0;
    await edit({ template: { spec: { containers: [{ name: 'runner', image: 'new' }] } } });
    cluster.writes.length = 0;
    await run('applyChildren', target);
    expect(cluster.writes).toEqual([{ verb: 'patch', resource: 'ephemeralrunnersets', name }]);
    expect(set()).toMatchObject({
      metadata: { uid },
      spec: { replicas: 9, patchID: 4, ephemeralRunnerSpec: { spec: { containers: [{ image: 'new' }] } } },
    });
  });

  test('a template that waits leaves its mark, and takes effect later', async () => {
    const target = await prepared();
    await edit({ githubConfigSecret: 'other' });
    await run('applyChildren', { ...target, hold: true });
    expect(set().metadata.annotations).toMatchObject({ [DRAINING_ANNOTATION]: 'true' });
    expect(set().spec.ephemeralRunnerSpec?.githubConfigSecret).toBe('github');
    await run('applyChildren', target);
    expect(set().metadata.annotations).not.toHaveProperty([DRAINING_ANNOTATION]);
    expect(set().spec.ephemeralRunnerSpec?.githubConfigSecret).toBe('other');
  });

  test('other limits patch the listener where it stands', async () => {
    const target = await prepared();
    const { uid } = cluster.find(autoscalingListeners, listenerKey())!.metadata;
    await edit({ maxRunners: 5 });
    await run('applyChildren', target);
    expect(cluster.find(autoscalingListeners, listenerKey())).toMatchObject({
      metadata: { uid },
      spec: { maxRunners: 5, minRunners: 0 },
    });
  });

  const image = (name: string) => ({ template: { spec: { containers: [{ name: 'runner', image: name }] } } });
  const hash = (object: { metadata: { annotations?: Record<string, string> } }) =>
    object.metadata.annotations?.['actions.github.com/integrity-hash'];

  test('a new template and new labels go down with one write, and the hash tells of the template', async () => {
    const target = await prepared();
    const before = hash(set());
    await cluster.client.mergePatch(autoscalingRunnerSets, key, { metadata: { labels: { team: 'b' } } });
    await edit(image('new'));
    cluster.writes.length = 0;
    await run('applyChildren', target);
    expect(cluster.writes.filter(({ resource }) => resource === 'ephemeralrunnersets')).toHaveLength(1);
    expect(set()).toMatchObject({
      metadata: { labels: { team: 'b' } },
      spec: { ephemeralRunnerSpec: { spec: { containers: [{ image: 'new' }] } } },
    });
    expect(hash(set())).not.toBe(before);
  });

  test('labels go down while a template waits, and the hash waits with it', async () => {
    const target = await prepared();
    const before = hash(set());
    await cluster.client.mergePatch(autoscalingRunnerSets, key, { metadata: { labels: { team: 'b' } } });
    await edit(image('new'));
    await run('applyChildren', { ...target, hold: true });
    expect(set().metadata.labels).toMatchObject({ team: 'b' });
    expect(hash(set())).toBe(before);
  });

  test.each<[string, Partial<AutoscalingRunnerSetSpec>, object]>([
    [
      'annotations for sets',
      { ephemeralRunnerSetMetadata: { annotations: { note: 'two' } } },
      { metadata: { annotations: { note: 'two' } } },
    ],
    [
      'metadata for runners',
      { ephemeralRunnerMetadata: { labels: { note: 'two' } } },
      { spec: { ephemeralRunnerMetadata: { labels: { note: 'two' } } } },
    ],
  ])('%s: the template stays as it is, and so does the listener', async (_what, spec, expected) => {
    const target = await prepared({
      ephemeralRunnerSetMetadata: { annotations: { note: 'one' } },
      ephemeralRunnerMetadata: { labels: { note: 'one' } },
    });
    const before = set();
    await edit(spec);
    cluster.writes.length = 0;
    await run('applyChildren', target);
    expect(cluster.writes).toEqual([{ verb: 'patch', resource: 'ephemeralrunnersets', name }]);
    expect(set()).toMatchObject(expected);
    expect(hash(set())).toBe(hash(before));
    expect(set().spec.ephemeralRunnerSpec).toEqual(before.spec.ephemeralRunnerSpec);
  });

  test('another Secret goes down to the set and to the listener, both where they stand', async () => {
    const target = await prepared();
    const [uid, listenerUid] = [
      set().metadata.uid,
      cluster.find(autoscalingListeners, listenerKey())!.metadata.uid,
    ];
    await edit({ githubConfigSecret: 'other' });
    await run('applyChildren', target);
    expect(set()).toMatchObject({
      metadata: { uid },
      spec: { ephemeralRunnerSpec: { githubConfigSecret: 'other' } },
    });
    expect(cluster.find(autoscalingListeners, listenerKey())).toMatchObject({
      metadata: { uid: listenerUid },
      spec: { githubConfigSecret: 'other' },
    });
  });

  test('without the id of the scale set nothing is written: children would belong to none', async () => {
    const target = await prepared();
    const annotations = { 'runner-scale-set-id': null };
    await cluster.client.mergePatch(autoscalingRunnerSets, key, { metadata: { annotations } });
    cluster.writes.length = 0;
    await run('applyChildren', target);
    expect(cluster.writes).toEqual([]);
    await run('prepareScaleSet', target);
    expect(read().metadata.annotations?.['runner-scale-set-id']).toBe('1');
    expect(github.admin.scaleSets()).toHaveLength(1);
  });

  test('pause and resume go down; a set that was paused by itself stays so', async () => {
    const target = await prepared();
    const pause = (paused: string | null) =>
      cluster.client.mergePatch(autoscalingRunnerSets, key, {
        metadata: { annotations: { [PAUSED_ANNOTATION]: paused } },
      });
    const isPaused = () => set().metadata.annotations?.[PAUSED_ANNOTATION] === 'true';
    await pause('true');
    await run('applyChildren', target);
    expect(isPaused()).toBe(true);
    await pause(null);
    await run('applyChildren', target);
    expect(isPaused()).toBe(false);
    const annotations = { [PAUSED_ANNOTATION]: 'true' };
    await cluster.client.mergePatch(ephemeralRunnerSets, key, { metadata: { annotations } });
    await run('applyChildren', target);
    expect(isPaused()).toBe(true);
  });

  test('the newest of several sets is the one that counts', async () => {
    const target = create();
    await run('prepareScaleSet', target);
    for (const each of ['demo-aaaaa', 'demo-bbbbb'])
      cluster.put(ephemeralRunnerSets, namespace, {
        metadata: {
          name: each,
          ownerReferences: [{ kind: 'AutoscalingRunnerSet', name, controller: true, uid: target.uid }],
        },
        spec: { replicas: 1, patchID: 1 },
      });
    await run('applyChildren', target);
    expect(set()).toBeUndefined();
    expect(cluster.find(autoscalingListeners, listenerKey())?.spec.ephemeralRunnerSetName).toBe('demo-bbbbb');
    const [older, newer] = ['demo-aaaaa', 'demo-bbbbb'].map((each) =>
      cluster.find(ephemeralRunnerSets, { namespace, name: each }),
    );
    expect(older?.spec).toEqual({ replicas: 1, patchID: 1 });
    expect(newer?.spec).toMatchObject({ replicas: 1, ephemeralRunnerSpec: { runnerScaleSetId: 1 } });
  });

  test('the listener lives in the controller namespace when there is one', async () => {
    const target = create();
    await run('prepareScaleSet', target);
    await run('applyChildren', target, { controllerNamespace: 'systems' });
    expect(cluster.find(autoscalingListeners, { ...listenerKey(), namespace: 'systems' })).toBeDefined();
  });
});

describe('the end', () => {
  test('dropChildren deletes only those that were meant', async () => {
    cluster.put(ephemeralRunnerSets, namespace, { metadata: { name: 'a' }, spec: { replicas: 3 } });
    const { metadata } = cluster.put(ephemeralRunnerSets, namespace, { metadata: { name: 'b' }, spec: {} });
    await run('dropChildren', {
      namespace,
      empty: ['a', 'not-there'],
      runnerSets: [
        { name: 'b', uid: metadata.uid ?? '' },
        { name: 'a', uid: 'another' },
        { name: 'c', uid: 'gone' },
      ],
      listeners: [],
    });
    expect(cluster.all(ephemeralRunnerSets, namespace)).toMatchObject([
      { metadata: { name: 'a' }, spec: { replicas: 0, patchID: 0 } },
    ]);
  });

  test('removeScaleSet deletes at GitHub, then the id; one that is not there counts', async () => {
    const target = create();
    await run('prepareScaleSet', target);
    expect(await run('removeScaleSet', target)).toEqual({});
    expect(github.admin.scaleSets()).toEqual([]);
    expect(read().metadata.annotations).not.toHaveProperty('runner-scale-set-id');
    await cluster.client.mergePatch(autoscalingRunnerSets, key, {
      metadata: { annotations: { 'runner-scale-set-id': '99' } },
    });
    expect(await run('removeScaleSet', target)).toEqual({});
  });

  test('removeScaleSet without the Secret fails, and when forced says what was left', async () => {
    const target = create();
    await run('prepareScaleSet', target);
    await cluster.client.delete(secrets, { namespace, name: 'github' });
    await expect(run('removeScaleSet', target)).rejects.toMatchObject({ type: 'SecretNotFound' });
    const { leaked } = await run('removeScaleSet', { ...target, force: true });
    expect(leaked).toContain('Scale set 1 was left');
    expect(read().metadata.annotations).not.toHaveProperty('runner-scale-set-id');
  });

  test('releaseScaleSet frees what the chart protects, as far as it is there, then the set itself', async () => {
    const finalizers = [CLEANUP_PROTECTION_FINALIZER, 'of/others'];
    cluster.put(secrets, namespace, { metadata: { name: 'chart', finalizers } });
    cluster.put(roles, namespace, { metadata: { name: 'manager', finalizers } });
    const target = create(
      {},
      {
        [CLEANUP_NO_PERMISSION_SERVICE_ACCOUNT_ANNOTATION]: 'not-there',
        [CLEANUP_GITHUB_SECRET_ANNOTATION]: 'chart',
        [CLEANUP_MANAGER_ROLE_ANNOTATION]: 'manager',
      },
    );
    await run('prepareScaleSet', target);
    cluster.writes.length = 0;
    await run('releaseScaleSet', target);
    expect(cluster.writes.map(({ resource }) => resource)).toEqual([
      'secrets',
      'roles',
      'autoscalingrunnersets',
    ]);
    expect(cluster.find(roles, { namespace, name: 'manager' })?.metadata?.finalizers).toEqual(['of/others']);
    expect(read().metadata.finalizers).toEqual([]);
  });

  test('publishScaleSet writes status and Events; an unchanged condition keeps its time', async () => {
    const target = create();
    const status = {
      ...{
        currentRunners: 1,
        pendingEphemeralRunners: 0,
        runningEphemeralRunners: 1,
        failedEphemeralRunners: 0,
      },
      phase: 'Running' as const,
      conditions: [{ type: 'Ready', status: 'True' as const, reason: 'Listening', message: 'm' }],
    };
    const told = [{ type: 'Normal' as const, reason: 'ScaleSetCreated', message: 'm' }];
    await run('publishScaleSet', { ...target, generation: 3, status, events: told });
    expect(read().status).toMatchObject({
      phase: 'Running',
      conditions: [{ type: 'Ready', observedGeneration: 3 }],
    });
    expect(cluster.all(events, namespace)).toMatchObject([
      { reason: 'ScaleSetCreated', involvedObject: { kind: 'AutoscalingRunnerSet', name } },
    ]);
    await run('publishScaleSet', { ...target, uid: 'another', generation: 4, status, events: [] });
    expect(read().status?.conditions?.[0]?.observedGeneration).toBe(3);
  });
});
