import { jest } from '@jest/globals';
import {
  CLEANUP_GITHUB_SECRET_ANNOTATION,
  CLEANUP_KUBERNETES_MODE_ROLE_ANNOTATION,
  CLEANUP_KUBERNETES_MODE_ROLE_BINDING_ANNOTATION,
  CLEANUP_KUBERNETES_MODE_SERVICE_ACCOUNT_ANNOTATION,
  CLEANUP_MANAGER_ROLE_ANNOTATION,
  CLEANUP_MANAGER_ROLE_BINDING_ANNOTATION,
  CLEANUP_NO_PERMISSION_SERVICE_ACCOUNT_ANNOTATION,
  RUNNER_GROUP_NAME_ANNOTATION,
  RUNNER_SCALE_SET_ID_ANNOTATION,
  RUNNER_SCALE_SET_NAME_ANNOTATION,
} from '../../src/api/annotations.ts';
import {
  AUTOSCALING_RUNNER_SET_FINALIZER,
  CLEANUP_PROTECTION_FINALIZER,
  EPHEMERAL_RUNNER_SET_FINALIZER,
} from '../../src/api/finalizers.ts';
import { listenerName } from '../../src/api/names.ts';
import { revisionOf } from '../../src/api/revision.ts';
import type { EphemeralRunnerSet } from '../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { EphemeralRunner } from '../../src/api/v1alpha1/ephemeral-runner.ts';
import { createScaleSetClient } from '../../src/github/create-scale-set-client.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunnerSets,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
} from '../../src/kubernetes/client/resources.ts';
import { ScaleSet, createScaleSet, scaleSetObject } from './support/scale-set-scene.ts';
import type { Scene } from './support/scene.ts';
import { TOKEN_SECRET, always, eventually, podTemplate, startScene } from './support/scene.ts';

jest.setTimeout(180_000);

/** What older releases of ARC left behind: a scale set with two EphemeralRunnerSets, of which the newer one counts. */
const ADOPTED = 'adopted';

const arcRunnerSpec = ({ configUrl, id, image }: { configUrl: string; id: number; image: string }) =>
  ({
    githubConfigUrl: configUrl,
    githubConfigSecret: TOKEN_SECRET,
    runnerScaleSetId: id,
    metadata: { creationTimestamp: null },
    spec: podTemplate({}, { image, resources: {} }),
  }) as unknown as EphemeralRunnerSpec;

async function leaveAsArcDid({ namespace, kubernetes, github }: Parameters<NonNullable<Found>>[0]) {
  const configUrl = github.configUrl('octo/app');
  const { id } = github.admin.createScaleSet({ name: ADOPTED });
  const object = scaleSetObject(ADOPTED, configUrl, {
    labels: { 'app.kubernetes.io/version': '0.12.1', 'app.kubernetes.io/part-of': 'gha-rs' },
    annotations: {
      [RUNNER_SCALE_SET_ID_ANNOTATION]: String(id),
      [RUNNER_GROUP_NAME_ANNOTATION]: 'Default',
      [RUNNER_SCALE_SET_NAME_ANNOTATION]: ADOPTED,
      'actions.github.com/values-hash': 'abc',
    },
  });
  const { metadata } = await kubernetes.create(autoscalingRunnerSets, namespace, object);
  const owner = {
    apiVersion: 'actions.github.com/v1alpha1',
    kind: 'AutoscalingRunnerSet',
    name: ADOPTED,
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  for (const [suffix, image] of [
    ['older', 'ghcr.io/actions/actions-runner:1'],
    ['newer', 'ghcr.io/actions/actions-runner:2'],
  ] as const) {
    await kubernetes.create(ephemeralRunnerSets, namespace, {
      metadata: {
        name: `${ADOPTED}-${suffix}`,
        ownerReferences: [owner],
        finalizers: [EPHEMERAL_RUNNER_SET_FINALIZER],
        annotations: { 'actions.github.com/runner-spec-hash': 'def' },
        labels: { 'actions.github.com/scale-set-name': ADOPTED },
      },
      spec: {
        replicas: 1,
        patchID: 0,
        ephemeralRunnerSpec: arcRunnerSpec({ configUrl, id, image }),
      },
    } as unknown as EphemeralRunnerSet);
    // Times of creation are whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
  }
}

type EphemeralRunnerSpec = EphemeralRunner['spec'];
type Found = NonNullable<Parameters<typeof startScene>[1]>['found'];

let scene: Scene;
const deletionDeadlineSeconds = 3;

beforeAll(async () => {
  scene = await startScene('scale-set', {
    found: leaveAsArcDid,
    settings: { deletionDeadlineSeconds },
  });
});
afterAll(() => scene.stop());

const group = 'standin-group';

/** Removes a scale set at GitHub behind our back. */
async function vanish(id: number): Promise<void> {
  const credentials = { kind: 'token' as const, token: scene.github.token };
  const github = createScaleSetClient({
    configUrl: scene.github.configUrl('octo/app'),
    credentials,
  });
  await github.deleteScaleSet(id);
}

/** The longest time in which nobody polled the message queue, in milliseconds; one scale set is there. */
function longestSilence(since: number): number {
  const polls = scene.github.admin.calls().filter(({ name }) => name === 'getmessage');
  let [end, longest] = [since, 0];
  for (const { at, durationMs, status } of polls.sort((a, b) => a.at - b.at)) {
    longest = Math.max(longest, at - end);
    end = Math.max(end, status === 0 ? Date.now() : at + durationMs);
  }
  return Math.max(longest, Date.now() - end);
}

describe('what ARC left', () => {
  afterAll(() => scene.clear());

  it('is adopted: the newest EphemeralRunnerSet is kept as it is, older ones go, whatever the version label', async () => {
    const adopted = new ScaleSet(scene, ADOPTED);
    const [older, newer] = await eventually(async () => {
      const sets = await adopted.runnerSets();
      expect(sets.length).toBeGreaterThan(0);
      return [`${ADOPTED}-older`, `${ADOPTED}-newer`] as const;
    });
    const { set, listener, object } = await adopted.running();
    expect(set.metadata.name).toBe(newer);
    expect(older).not.toBe(newer);
    expect(set.metadata.annotations).toMatchObject({ 'actions.github.com/runner-spec-hash': 'def' });
    expect(set.metadata.labels).toMatchObject({ 'app.kubernetes.io/version': '0.12.1' });
    expect(listener.spec.ephemeralRunnerSetName).toBe(newer);
    expect(object.metadata.deletionTimestamp).toBeUndefined();
    expect(scene.calls('createscaleset')).toBe(0);
    // Nothing that ARC's own client wrote counts as another template: no runner is replaced.
    expect(revisionOf(set.spec.ephemeralRunnerSpec!)).toBe(
      revisionOf(
        arcRunnerSpec({
          configUrl: object.spec.githubConfigUrl ?? '',
          id: adopted.atGitHub()!.id,
          image: 'ghcr.io/actions/actions-runner:2',
        }),
      ),
    );
    await always(1_500, async () => {
      expect((await adopted.runnerSets())[0]?.metadata.uid).toBe(set.metadata.uid);
    });
  });
});

describe('a scale set', () => {
  afterEach(() => scene.clear());

  it('gets a finalizer, a scale set at GitHub, an EphemeralRunnerSet and a listener', async () => {
    const fresh = await createScaleSet(scene, 'fresh', {
      runnerScaleSetLabels: ['linux', 'fresh', 'x64'],
      maxRunners: 7,
      labels: { 'app.kubernetes.io/version': '0.14.2', team: 'a' },
    });
    const { set, listener, object } = await fresh.running();
    const there = fresh.atGitHub()!;
    expect(there).toMatchObject({ name: 'fresh', runnerGroupId: 1, disableUpdate: true });
    expect(there.labels).toEqual(['fresh', 'linux', 'x64']);
    expect(object.metadata.finalizers).toEqual([AUTOSCALING_RUNNER_SET_FINALIZER]);
    expect(object.metadata.annotations).toMatchObject({
      [RUNNER_SCALE_SET_ID_ANNOTATION]: String(there.id),
      [RUNNER_GROUP_NAME_ANNOTATION]: 'Default',
      [RUNNER_SCALE_SET_NAME_ANNOTATION]: 'fresh',
    });
    const scope = { 'actions.github.com/organization': 'octo', 'actions.github.com/repository': 'app' };
    expect(object.metadata.labels).toMatchObject(scope);
    expect(set.metadata).toMatchObject({
      name: 'fresh',
      ownerReferences: [{ kind: 'AutoscalingRunnerSet', name: 'fresh', controller: true }],
      labels: { ...scope, team: 'a', 'app.kubernetes.io/version': '0.14.2' },
    });
    expect(set.metadata.finalizers).toContain(EPHEMERAL_RUNNER_SET_FINALIZER);
    expect(set.spec.ephemeralRunnerSpec?.runnerScaleSetId).toBe(there.id);
    const { githubConfigUrl = '' } = object.spec;
    const name = listenerName({ name: 'fresh', namespace: scene.namespace, githubConfigUrl });
    expect(listener).toMatchObject({
      metadata: { name, labels: { ...scope, team: 'a' } },
      spec: {
        ephemeralRunnerSetName: 'fresh',
        runnerScaleSetId: there.id,
        minRunners: 0,
        maxRunners: 7,
        autoscalingRunnerSetName: 'fresh',
      },
    });
    expect(await fresh.condition('ScaleSetReady')).toMatchObject({ status: 'True' });
    expect(await fresh.condition('LabelsDiffer')).toMatchObject({ status: 'False' });
    expect(await fresh.events('ScaleSetCreated')).toHaveLength(1);
    expect((await fresh.state()).scaleSetId).toBe(there.id);
    // Nothing is done again and again.
    const before = scene.requests.filter(({ verb }) => verb === 'patch').length;
    await always(2_000, () => undefined);
    expect(scene.requests.filter(({ verb }) => verb === 'patch').length - before).toBeLessThan(4);
    expect(scene.calls('createscaleset')).toBe(1);
  });

  it('is renamed and moved at GitHub, and keeps its id', async () => {
    const moved = await createScaleSet(scene, 'moved');
    const { set, listener } = await moved.running();
    const { id } = moved.atGitHub()!;
    await moved.edit({ runnerScaleSetName: 'renamed', runnerGroup: group });
    await eventually(() => {
      const there = scene.github.admin.scaleSets().find((each) => each.id === id);
      expect(there).toMatchObject({ name: 'renamed', runnerGroupId: 2, labels: ['renamed'] });
    });
    await eventually(async () => {
      expect(await moved.annotation(RUNNER_GROUP_NAME_ANNOTATION)).toBe(group);
      expect(await moved.annotation(RUNNER_SCALE_SET_NAME_ANNOTATION)).toBe('renamed');
      const [only, ...others] = await moved.listeners();
      expect(others).toEqual([]);
      expect(only?.metadata.name).not.toBe(listener.metadata.name);
      const [kept] = await moved.runnerSets();
      expect(kept?.metadata.uid).toBe(set.metadata.uid);
      expect(kept?.metadata.annotations).toMatchObject({ [RUNNER_GROUP_NAME_ANNOTATION]: group });
    });
  });

  it('says so when its runner group does not exist, and goes on when it does not have to', async () => {
    const lost = await createScaleSet(scene, 'lost', { runnerGroup: 'nowhere' });
    await eventually(async () => {
      expect(await lost.condition('ScaleSetReady')).toMatchObject({
        status: 'False',
        reason: 'RunnerGroupNotFound',
      });
    });
    expect(await lost.events('RunnerGroupNotFound')).toHaveLength(1);
    await lost.edit({ runnerGroup: null });
    await lost.running();
  });

  it('that vanished at GitHub is created again, with its runners, and takes the jobs that waited', async () => {
    const vanished = await createScaleSet(scene, 'vanished', { minRunners: 1 });
    const { set } = await vanished.running();
    const { id } = vanished.atGitHub()!;
    await vanished.patch({ metadata: { annotations: { 'temporal-arc/paused': 'true' } } });
    await eventually(() => expect(vanished.atGitHub()?.capacity).toBe(0));
    const waiting = scene.github.admin.queueJobs({ scaleSetId: id, count: 2, durationMs: 50 });
    await vanish(id);
    await vanished.patch({ metadata: { annotations: { 'temporal-arc/paused': null } } });
    await vanished.edit({ minRunners: 2 });
    await eventually(async () => {
      const there = vanished.atGitHub();
      expect(there).toBeDefined();
      expect(there!.id).not.toBe(id);
      const [kept] = await vanished.runnerSets();
      expect(kept?.metadata.uid).toBe(set.metadata.uid);
      expect(kept?.spec.ephemeralRunnerSpec?.runnerScaleSetId).toBe(there!.id);
      expect(scene.github.admin.runners(there!.id).length).toBeGreaterThan(0);
    });
    expect(await vanished.events('ScaleSetRecreated')).toHaveLength(1);
    await eventually(() => {
      const jobs = waiting.map(({ jobId }) => scene.job(jobId));
      expect(jobs).toMatchObject([{ state: 'completed' }, { state: 'completed' }]);
    });
  });

  it('whose annotations are taken away gets them back, and its children keep what they have', async () => {
    const stripped = await createScaleSet(scene, 'stripped', { minRunners: 1 });
    const { set, listener } = await stripped.running();
    const runners = await stripped.runners();
    const names = await runners.ready(1);
    const { id } = stripped.atGitHub()!;
    const created = scene.calls('createscaleset');
    await stripped.patch({
      metadata: {
        annotations: {
          [RUNNER_SCALE_SET_ID_ANNOTATION]: null,
          [RUNNER_GROUP_NAME_ANNOTATION]: null,
          [RUNNER_SCALE_SET_NAME_ANNOTATION]: null,
        },
      },
    });
    await eventually(async () => {
      expect(await stripped.annotation(RUNNER_SCALE_SET_ID_ANNOTATION)).toBe(String(id));
      expect(await stripped.annotation(RUNNER_SCALE_SET_NAME_ANNOTATION)).toBe('stripped');
    });
    const after = await stripped.running();
    expect(after.set.spec.ephemeralRunnerSpec).toEqual(set.spec.ephemeralRunnerSpec);
    expect(after.listener.spec).toEqual(listener.spec);
    expect(await runners.ready(1)).toEqual(names);
    expect(scene.calls('createscaleset')).toBe(created);
  });

  it('whose template changes keeps its EphemeralRunnerSet, its busy runner and its polling', async () => {
    const changed = await createScaleSet(scene, 'changed', { minRunners: 4 });
    const { set, listener } = await changed.running();
    const runners = await changed.runners();
    const [busy = '', ...idle] = await runners.ready(4);
    const job = await scene.startJob(busy);
    const since = Date.now();
    await changed.editTemplate('two');
    const [queued] = scene.github.admin.queueJobs({ scaleSetId: runners.scaleSetId });
    await eventually(async () => {
      const now = await runners.names();
      const { state, runnerName } = scene.job(queued!.jobId);
      expect(state).toBe('running');
      expect(now).toContain(busy);
      // The job may have come just before: then its runner has it, and lives.
      expect(now.filter((name) => idle.includes(name) && name !== runnerName)).toEqual([]);
    });
    expect(scene.job(job).state).toBe('running');
    const after = await changed.running();
    expect(after.set.metadata.uid).toBe(set.metadata.uid);
    expect(after.listener.metadata.uid).toBe(listener.metadata.uid);
    expect(after.listener.metadata.generation).toBe(listener.metadata.generation);
    await changed.edit({ maxRunners: 5 });
    await eventually(async () => {
      const [now] = await changed.listeners();
      expect(now?.spec.maxRunners).toBe(5);
      expect(now?.metadata.uid).toBe(listener.metadata.uid);
      expect(scene.github.admin.scaleSets().find(({ id }) => id === runners.scaleSetId)?.capacity).toBe(5);
    });
    expect(longestSilence(since)).toBeLessThan(5_000);
  });

  it('hands its labels and metadata blocks down, leaves what others add, and restores what is removed', async () => {
    const parent = await createScaleSet(scene, 'parent', {
      labels: { team: 'a' },
      ephemeralRunnerSetMetadata: { labels: { 'for-sets': 'yes' } },
      autoscalingListener: { annotations: { 'for-listeners': 'yes' } },
      ephemeralRunnerMetadata: { labels: { 'for-runners': 'yes' } },
    });
    const { set, listener } = await parent.running();
    expect(set.metadata.labels).toMatchObject({ team: 'a', 'for-sets': 'yes' });
    expect(set.spec.ephemeralRunnerMetadata).toMatchObject({ labels: { 'for-runners': 'yes' } });
    expect(listener.metadata.annotations).toMatchObject({ 'for-listeners': 'yes' });
    const key = { namespace: scene.namespace, name: 'parent' };
    const labels = { stranger: 'here', team: null };
    await scene.kubernetes.mergePatch(ephemeralRunnerSets, key, { metadata: { labels } });
    await eventually(async () => {
      const { metadata } = await scene.kubernetes.get(ephemeralRunnerSets, key);
      expect(metadata.labels).toMatchObject({ team: 'a', stranger: 'here' });
    });
    await parent.patch({ metadata: { labels: { team: 'b' } } });
    await eventually(async () => {
      const { set: changedSet, listener: changedListener } = await parent.running();
      expect(changedSet.metadata.labels).toMatchObject({ team: 'b', stranger: 'here' });
      expect(changedListener.metadata.labels).toMatchObject({ team: 'b' });
      expect(changedListener.metadata.uid).toBe(listener.metadata.uid);
    });
    await parent.edit({ ephemeralRunnerMetadata: null });
    await eventually(async () => {
      expect((await parent.running()).set.spec.ephemeralRunnerMetadata).toBeUndefined();
    });
  });

  it('copies each change of its counters, and says that its runners are outdated', async () => {
    const outdated = await createScaleSet(scene, 'outdated', { minRunners: 1 });
    await eventually(async () => {
      expect((await outdated.read()).status).toMatchObject({
        currentRunners: 1,
        runningEphemeralRunners: 1,
        pendingEphemeralRunners: 0,
      });
    });
    scene.runners.rules.add({ namespace: scene.namespace, exitCode: 7, times: 1 });
    await outdated.edit({ minRunners: 2 });
    await eventually(async () => {
      expect((await outdated.read()).status?.phase).toBe('Outdated');
      expect(await outdated.condition('Outdated')).toMatchObject({ status: 'True' });
      expect(await outdated.events('Outdated')).toHaveLength(1);
    });
    expect(outdated.atGitHub()).toBeDefined();
    await outdated.editTemplate('newer');
    await outdated.running();
    expect(await outdated.condition('Outdated')).toMatchObject({ status: 'False' });
  });
});

describe('a deletion', () => {
  afterEach(() => scene.clear());

  it('takes listener, runners and the scale set at GitHub along, and frees what the chart protects', async () => {
    const { namespace, kubernetes } = scene;
    const finalizers = [CLEANUP_PROTECTION_FINALIZER];
    const named = (name: string) => ({ metadata: { name, finalizers } });
    const role = { rules: [] };
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'kube-role' };
    await kubernetes.create(roles, namespace, { ...named('kube-role'), ...role });
    await kubernetes.create(roles, namespace, { ...named('manager-role'), ...role });
    await kubernetes.create(roleBindings, namespace, { ...named('kube-binding'), roleRef });
    await kubernetes.create(roleBindings, namespace, { ...named('manager-binding'), roleRef });
    await kubernetes.create(serviceAccounts, namespace, named('kube-account'));
    await kubernetes.create(serviceAccounts, namespace, named('no-permission-account'));
    await kubernetes.create(secrets, namespace, named('chart-secret'));
    const cleaned = await createScaleSet(scene, 'cleaned', {
      minRunners: 2,
      annotations: {
        [CLEANUP_KUBERNETES_MODE_ROLE_ANNOTATION]: 'kube-role',
        [CLEANUP_KUBERNETES_MODE_ROLE_BINDING_ANNOTATION]: 'kube-binding',
        [CLEANUP_KUBERNETES_MODE_SERVICE_ACCOUNT_ANNOTATION]: 'kube-account',
        [CLEANUP_NO_PERMISSION_SERVICE_ACCOUNT_ANNOTATION]: 'no-permission-account',
        [CLEANUP_GITHUB_SECRET_ANNOTATION]: 'chart-secret',
        [CLEANUP_MANAGER_ROLE_ANNOTATION]: 'manager-role',
        [CLEANUP_MANAGER_ROLE_BINDING_ANNOTATION]: 'manager-binding',
      },
    });
    const runners = await cleaned.runners();
    await runners.ready(2);
    await cleaned.delete();
    await cleaned.gone();
    expect(cleaned.atGitHub()).toBeUndefined();
    for (const [resource, names] of [
      [roles, ['kube-role', 'manager-role']],
      [roleBindings, ['kube-binding', 'manager-binding']],
      [serviceAccounts, ['kube-account', 'no-permission-account']],
      [secrets, ['chart-secret']],
    ] as const) {
      for (const name of names) {
        const { metadata } = await kubernetes.get(resource, { namespace, name });
        expect(metadata?.finalizers ?? []).toEqual([]);
        await kubernetes.delete(resource, { namespace, name });
      }
    }
    await eventually(async () => {
      expect((await cleaned.workflow().describe()).status.name).toBe('COMPLETED');
    });
  });

  it('without the id annotation comes to its end; the scale set at GitHub is nobody’s any more', async () => {
    const anonymous = await createScaleSet(scene, 'anonymous', { minRunners: 1 });
    const runners = await anonymous.runners();
    const [busy = ''] = await runners.ready(1);
    await scene.startJob(busy);
    await anonymous.delete();
    // The job holds it up until the annotation is gone.
    await anonymous.patch({ metadata: { annotations: { [RUNNER_SCALE_SET_ID_ANNOTATION]: null } } });
    scene.github.admin.finishJob(busy);
    await anonymous.gone();
    expect(anonymous.atGitHub()).toMatchObject({ id: runners.scaleSetId });
    await vanish(runners.scaleSetId);
  });

  it('does not hang when the Secret went first: what leaked is named in Events', async () => {
    const { namespace, kubernetes, github } = scene;
    const token = { github_token: Buffer.from(github.token).toString('base64') };
    await kubernetes.create(secrets, namespace, { metadata: { name: 'doomed' }, data: token });
    const orphan = await createScaleSet(scene, 'orphan', { githubConfigSecret: 'doomed', minRunners: 2 });
    const runners = await orphan.runners();
    const names = await runners.ready(2);
    await kubernetes.delete(secrets, { namespace, name: 'doomed' });
    await orphan.delete();
    await orphan.gone();
    expect(await scene.allRunners()).toEqual([]);
    const [leaked] = await orphan.events('ScaleSetLeaked');
    expect(leaked?.message).toContain(String(runners.scaleSetId));
    const text = (await runners.events('RunnersLeaked')).map(({ message }) => message).join();
    for (const name of names) expect(text).toContain(name);
    for (const { id } of github.admin.runners()) await removeRunner(id);
    await vanish(runners.scaleSetId);
  });
});

async function removeRunner(id: number): Promise<void> {
  const credentials = { kind: 'token' as const, token: scene.github.token };
  const github = createScaleSetClient({
    configUrl: scene.github.configUrl('octo/app'),
    credentials,
  });
  await github.removeRunner(id);
}

test('all listeners are gone', async () => {
  const { namespace } = scene;
  expect((await scene.kubernetes.list(autoscalingListeners, { namespace })).items).toEqual([]);
});
