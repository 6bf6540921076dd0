import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { isConditionTrue } from '../../src/api/conditions.ts';
import { runnerProxySecretName } from '../../src/api/names.ts';
import type { Resource } from '../../src/kubernetes/client/resources.ts';
import { ephemeralRunnerSets, pods, secrets } from '../../src/kubernetes/client/resources.ts';
import type { ScaleRequest } from '../../src/messages/ephemeral-runner-set.ts';
import {
  pauseSignal,
  pauseUpdate,
  resumeUpdate,
  runnerSetStateQuery,
  scaleSignal,
  scaleUpdate,
} from '../../src/messages/ephemeral-runner-set.ts';
import { always, eventually, podTemplate, randomFrom, revision, startScene } from './support/scene.ts';
import type { RunnerSet, Scene } from './support/scene.ts';

jest.setTimeout(180_000);

let scene: Scene;

beforeAll(async () => {
  scene = await startScene('runner-set');
});
afterEach(() => scene.clear());
afterAll(() => scene.stop());

const [first, second] = [0, 1] as const;

describe('replicas', () => {
  it('go from 0 to 100 by a patch, all registered and Ready, and down to 20 without touching a runner that has a job', async () => {
    const set = await scene.createSet('demo');
    await set.ready(0);
    await set.patch({ replicas: 100 });
    await scene.kubectl('wait', '--for=condition=Ready', 'ephemeralrunnerset/demo', '--timeout=60s');
    const all = await set.ready(100);
    // What kubectl wait looks for, of each: kubectl itself takes one after the other.
    expect(
      (await set.runners()).filter(({ status }) => isConditionTrue(status?.conditions, 'Ready')),
    ).toHaveLength(100);
    await scene.kubectl('wait', '--for=condition=Ready', `ephemeralrunner/${all[0]!}`, '--timeout=10s');
    const reported = await Promise.all(all.slice(10, 15).map((name) => scene.startJob(name)));
    // GitHub knows of these jobs; the cluster does not yet.
    const unreported = await Promise.all(
      all.slice(40, 45).map((name) => scene.startJob(name, { reported: false })),
    );
    await set.patch({ replicas: 20 });
    const left = await eventually(async () => {
      const names = await set.names();
      expect(names).toHaveLength(20);
      return names;
    });
    expect(left).toEqual(expect.arrayContaining([...all.slice(10, 15), ...all.slice(40, 45)]));
    expect([...reported, ...unreported].map((id) => scene.job(id).state)).toEqual(Array(10).fill('running'));
    await set.ready(20);
    await eventually(async () =>
      expect(await set.read()).toMatchObject({
        status: {
          currentReplicas: 20,
          runningEphemeralRunners: 20,
          pendingEphemeralRunners: 0,
          failedEphemeralRunners: 0,
        },
      }),
    );
  });

  it('are no runner that has just got a job, whenever it got it', async () => {
    const set = await scene.createSet('race', { replicas: 16 });
    scene.github.admin.clearStats();
    // A removal takes this long at GitHub: jobs start between its request and its answer.
    scene.github.admin.setLatency({ removerunner: 150 });
    const random = randomFrom(7);
    for (let round = 0; round < 4; round += 1) {
      await set.patch({ replicas: 16 });
      await set.ready(16);
      await set.patch({ replicas: 2 });
      const jobs: string[] = [];
      for (let count = 0; count < 8; count += 1) {
        await sleep(20 + 100 * random());
        jobs.push(...scene.github.admin.queueJobs({ scaleSetId: set.scaleSetId }).map(({ jobId }) => jobId));
      }
      await eventually(async () => {
        const running = jobs.filter((id) => scene.job(id).state === 'running');
        expect(await set.names()).toHaveLength(Math.max(2, running.length));
      });
      const running = jobs.map((id) => scene.job(id)).filter(({ state }) => state === 'running');
      const existing = await set.names();
      for (const { runnerName } of running) {
        expect(existing).toContain(runnerName);
        expect((await scene.pod(runnerName!))?.status?.phase).toBe('Running');
        scene.github.admin.finishJob(runnerName!);
      }
      await eventually(() => {
        // Jobs that found no runner meanwhile get the one that takes a finished one's place.
        for (const { name, busy } of set.registered()) if (busy) scene.github.admin.finishJob(name);
        expect(jobs.map((id) => scene.job(id))).toEqual(
          jobs.map(() => expect.objectContaining({ state: 'completed', result: 'succeeded' })),
        );
      });
    }
    scene.github.admin.setLatency({ removerunner: 0 });
    expect(scene.github.admin.stats().calls.removerunner?.statuses['400']).toBeGreaterThan(0);
  });

  it('follow kubectl scale, the update and the signal; what makes no sense changes nothing', async () => {
    const set = await scene.createSet('orders');
    await set.ready(0);
    await scene.kubectl('scale', 'ephemeralrunnerset/orders', '--replicas=2');
    await set.ready(2);
    const workflow = set.workflow();
    expect(await workflow.executeUpdate(scaleUpdate, { args: [{ replicas: 4 }] })).toEqual({
      replicas: 4,
      previous: 2,
    });
    await set.ready(4);
    for (const malformed of [{ replicas: -1 }, { replicas: 1.5 }, { replicas: '3' }, {}, null]) {
      const bad = malformed as ScaleRequest;
      const refused = await workflow
        .executeUpdate(scaleUpdate, { args: [bad] })
        .catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(WorkflowUpdateFailedError);
      expect((refused as WorkflowUpdateFailedError).cause?.message).toMatch(/^replicas: a whole number/);
      await workflow.signal(scaleSignal, bad);
    }
    await workflow.signal(scaleSignal, { replicas: 3 });
    await set.ready(3);
    expect(scene.logs.filter((line) => line.includes('A scale signal was ignored'))).toHaveLength(5);
    const names = await set.names();
    const ids = set.registered().map(({ id }) => id);
    // The workflow hears a moment later than we do that a runner is gone.
    await eventually(async () => {
      const state = await set.state();
      expect(state).toMatchObject({ desired: 3, current: 3, busy: 0, paused: false, pastFailures: [] });
      const shown = state.runners.map(({ name, stage }) => [name, stage]).sort();
      expect(shown).toEqual(names.map((name) => [name, 'idle']));
      expect(state.runners.map(({ runnerId }) => runnerId).sort()).toEqual(ids.sort());
    });
  });

  it('are reported Ready for the generation that kubectl waits for, when an edit changes nothing else', async () => {
    const set = await scene.createSet('generation');
    await set.ready(0);
    await set.edit(revision('two'));
    await scene.kubectl('wait', '--for=condition=Ready', 'ephemeralrunnerset/generation', '--timeout=20s');
  });
});

describe('a workflow that was terminated', () => {
  const restart = async (set: RunnerSet): Promise<void> => {
    const before = (await set.workflow().describe()).runId;
    await set.workflow().terminate('a test');
    // The watch notices with its next message.
    await set.patch({ patchID: 0, ephemeralRunnerMetadata: { labels: { touched: 'yes' } } });
    await eventually(async () => expect((await set.workflow().describe()).runId).not.toBe(before));
  };

  it('is started again, takes over every runner, and stays paused', async () => {
    const set = await scene.createSet('paused', { replicas: 4 });
    const before = await set.ready(4);
    const job = await scene.startJob(before[second]!);
    expect(await set.workflow().executeUpdate(pauseUpdate)).toEqual({ paused: true });
    await restart(set);
    await set.patch({ replicas: 7 });
    await eventually(async () => expect(await set.condition('Paused')).toMatchObject({ status: 'True' }));
    await eventually(async () =>
      expect(await set.state()).toMatchObject({ desired: 7, current: 4, paused: true }),
    );
    await always(1_500, async () => expect(await set.names()).toEqual(before));
    expect(set.onlineNames()).toEqual(before);
    expect(await set.workflow().executeUpdate(resumeUpdate)).toEqual({ paused: false });
    expect(await set.ready(7)).toEqual(expect.arrayContaining(before));
    expect(scene.job(job).state).toBe('running');
  });

  it('while it creates runners leaves none behind and makes none twice', async () => {
    scene.github.admin.setLatency({ generatejitconfig: 200 });
    const set = await scene.createSet('cut-short', { replicas: 40 });
    await eventually(async () => expect((await set.names()).length).toBeGreaterThan(8));
    await restart(set);
    const names = await set.ready(40);
    scene.github.admin.setLatency({ generatejitconfig: 0 });
    expect(set.registeredNames()).toEqual(names);
  });
});

describe('a numbered patch', () => {
  it('neither removes runners nor replaces completed ones, and replaces lost and failed ones', async () => {
    const set = await scene.createSet('numbered', { replicas: 5, patchID: 1 });
    const before = await set.ready(5);
    await scene.startJob(before[first]!);
    scene.github.admin.finishJob(before[first]!);
    await eventually(async () => expect(await set.names()).toEqual(before.slice(1)));
    await always(1_500, async () => expect(await set.names()).toEqual(before.slice(1)));
    await scene.startJob(before[second]!);
    await scene.deletePod(before[second]!);
    await eventually(async () => expect(await set.names()).not.toContain(before[second]));
    const replaced = await eventually(async () => {
      expect(set.onlineNames()).toHaveLength(4);
      expect(set.onlineNames()).toEqual(await set.names());
      return set.names();
    });
    scene.runners.end({ namespace: scene.namespace, name: replaced[first]! }, 1);
    await eventually(async () => {
      expect(await set.names()).not.toContain(replaced[first]);
      expect(set.onlineNames()).toHaveLength(4);
    });
    await set.patch({ replicas: 0, patchID: 2 });
    await eventually(async () => expect(await set.state()).toMatchObject({ desired: 0 }));
    await always(1_500, () => expect(set.onlineNames()).toHaveLength(4));
    expect(
      new Set(
        (await set.runners()).map(({ metadata }) => metadata.annotations?.['actions.github.com/patch-id']),
      ),
    ).toEqual(new Set(['1']));
    await set.patch({ patchID: 0 });
    await set.ready(0);
  });

  it('leaves pending runners, and 0 takes them', async () => {
    const set = await scene.createSet('pending', {
      replicas: 3,
      patchID: 4,
      runner: { spec: podTemplate({ nodeSelector: { nowhere: 'here' } }) },
    });
    await eventually(async () =>
      expect(await set.read()).toMatchObject({ status: { pendingEphemeralRunners: 3 } }),
    );
    const before = await eventually(async () => {
      const runners = await set.runners();
      expect(runners.map(({ status }) => status?.runnerId)).toEqual([
        expect.any(Number),
        expect.any(Number),
        expect.any(Number),
      ]);
      // No node, hence no container state, and yet a phase.
      expect(runners.map(({ status }) => status?.phase)).toEqual(['Pending', 'Pending', 'Pending']);
      return set.names();
    });
    await set.patch({ replicas: 0, patchID: 5 });
    await eventually(async () => expect(await set.state()).toMatchObject({ desired: 0 }));
    await always(1_500, async () => expect(await set.names()).toEqual(before));
    await set.patch({ patchID: 0 });
    await eventually(async () => expect(await set.names()).toEqual([]));
    expect(set.registered()).toEqual([]);
  });
});

describe('a new template', () => {
  it('replaces idle runners at once; busy ones live and finish', async () => {
    const set = await scene.createSet('rotate', { replicas: 4, runner: revision('one') });
    const before = await set.ready(4);
    const reported = await scene.startJob(before[first]!);
    const unreported = await scene.startJob(before[second]!, { reported: false });
    await set.edit(revision('two'));
    await eventually(async () => {
      const names = await set.names();
      expect(names).toHaveLength(4);
      expect(names).toEqual(expect.arrayContaining(before.slice(0, 2)));
      expect(names).not.toEqual(expect.arrayContaining([before[2]]));
      expect(names).not.toEqual(expect.arrayContaining([before[3]]));
    });
    await set.ready(4);
    expect([reported, unreported].map((id) => scene.job(id).state)).toEqual(['running', 'running']);
    for (const name of before.slice(0, 2)) scene.github.admin.finishJob(name);
    await eventually(async () => expect(await set.names()).not.toEqual(expect.arrayContaining([before[0]])));
    const after = await eventually(async () => {
      expect((await set.names()).filter((name) => before.includes(name))).toEqual([]);
      return set.ready(4);
    });
    for (const name of after) {
      const container = (await scene.pod(name))?.spec?.containers.find((each) => each.name === 'runner');
      expect(container?.env).toContainEqual({ name: 'REVISION', value: 'two' });
    }
    expect([reported, unreported].map((id) => scene.job(id).result)).toEqual(['succeeded', 'succeeded']);
  });
});

describe('a runner that ends', () => {
  it('with 0 is gone with all that was its own, and replaced when wanted', async () => {
    const set = await scene.createSet('done', { replicas: 2 });
    const before = await set.ready(2);
    await scene.startJob(before[first]!);
    scene.github.admin.finishJob(before[first]!);
    const after = await eventually(async () => {
      expect(await scene.runner(before[first]!)).toBeUndefined();
      return set.ready(2);
    });
    expect(after).toContain(before[second]);
    expect(await scene.pod(before[first]!)).toBeUndefined();
    const { items } = await scene.kubernetes.list(secrets, { namespace: scene.namespace });
    expect(items.map(({ metadata }) => metadata?.name)).not.toContain(before[first]);
    expect(await set.state()).toMatchObject({ pastFailures: [], failures: { inARow: 0 } });
  });

  it('with 7 taints its revision: nothing more is made of it, and a new one resumes by itself', async () => {
    const set = await scene.createSet('outdated', { replicas: 3 });
    const before = await set.ready(3);
    const job = await scene.startJob(before[second]!);
    scene.runners.end({ namespace: scene.namespace, name: before[first]! }, 7);
    await eventually(async () => {
      expect(await set.condition('Outdated')).toMatchObject({
        status: 'True',
        reason: 'RunnerVersionDeprecated',
      });
      expect(await set.read()).toMatchObject({ status: { phase: 'Outdated' } });
      expect(await set.events('Outdated')).toHaveLength(1);
      expect(await set.names()).toEqual(before.slice(1));
    });
    const calls = scene.calls('generatejitconfig');
    await set.patch({ replicas: 6 });
    await eventually(async () => expect(await set.state()).toMatchObject({ desired: 6 }));
    await always(1_500, () => expect(scene.calls('generatejitconfig')).toBe(calls));
    await set.edit(revision('accepted'));
    const after = await set.ready(6);
    expect(after.filter((name) => before.includes(name))).toEqual([before[second]]);
    expect(scene.job(job).state).toBe('running');
    expect(await set.condition('Outdated')).toMatchObject({ status: 'False' });
    expect(await set.read()).toMatchObject({ status: { phase: 'Running' } });
  });

  it('with a failure again and again is tried one at a time, visibly, holds no place, and a new template heals at once', async () => {
    const set = await scene.createSet('failing');
    await set.ready(0);
    scene.runners.rules.add({ set: 'failing', namespace: scene.namespace, exitCode: 1 });
    await set.patch({ replicas: 6 });
    await eventually(async () => {
      for (const type of ['CreationBlocked', 'Ready']) {
        expect(await set.condition(type)).toMatchObject({
          status: type === 'Ready' ? 'False' : 'True',
          reason: 'RunnersFailing',
          message: expect.stringMatching(
            /^\d+ runners in a row failed; one at a time is tried\. Last: Error/,
          ),
        });
      }
    });
    const began = Date.now();
    const { failures } = await set.state();
    expect(failures.inARow).toBeGreaterThanOrEqual(3);
    const atMostOne = async (): Promise<void> =>
      expect((await set.read()).status?.currentReplicas).toBeLessThanOrEqual(1);
    // The last of those that were begun together may not have failed yet.
    await eventually(atMostOne);
    await always(5_000, atMostOne);
    // One try each 1.2 s, the longest backoff of these settings.
    expect(scene.calls('generatejitconfig', began)).toBeLessThanOrEqual((Date.now() - began) / 1_200 + 1);
    expect(await set.read()).toMatchObject({ status: { failedEphemeralRunners: 0 } });
    expect((await set.state()).failures.inARow).toBeGreaterThan(failures.inARow);
    expect((await set.events('RunnerFailed')).length).toBeGreaterThan(3);
    scene.runners.rules.clear();
    await set.edit(revision('repaired'));
    await set.ready(6);
    expect(await set.condition('CreationBlocked')).toMatchObject({ status: 'False' });
    expect((await set.state()).pastFailures.length).toBeGreaterThan(3);
  });
});

describe('a pod that someone deletes', () => {
  it('without a job is followed by a new runner with a new JIT config', async () => {
    const set = await scene.createSet('vanished', { replicas: 2 });
    const before = await set.ready(2);
    const calls = scene.calls('generatejitconfig');
    await scene.deletePod(before[first]!);
    const after = await eventually(async () => {
      expect(await set.names()).not.toContain(before[first]);
      return set.ready(2);
    });
    expect(after).toContain(before[second]);
    expect(scene.calls('generatejitconfig')).toBe(calls + 1);
    expect(set.registeredNames()).toEqual(after);
  });

  it('with a job is a lost runner: deregistered, replaced, and named in an Event', async () => {
    const set = await scene.createSet('lost', { replicas: 2 });
    const before = await set.ready(2);
    const job = await scene.startJob(before[first]!);
    await scene.deletePod(before[first]!);
    await eventually(async () => {
      const [event] = await set.events('RunnerLost');
      expect(event).toMatchObject({ type: 'Warning', message: expect.stringContaining(before[first]!) });
      expect(await set.names()).not.toContain(before[first]);
    });
    const after = await set.ready(2);
    expect(set.registeredNames()).toEqual(after);
    expect(scene.job(job).result).toBe('canceled');
    expect((await set.state()).pastFailures).toMatchObject([{ runner: before[first], reason: 'PodGone' }]);
    expect((await set.state()).failures.inARow).toBe(0);
  });
});

describe('deletion', () => {
  it('of a runner by kubectl removes it everywhere, and another takes its place', async () => {
    const set = await scene.createSet('by-hand', { replicas: 2 });
    const before = await set.ready(2);
    await scene.kubectl('delete', 'ephemeralrunner', before[first]!, '--timeout=30s');
    const after = await set.ready(2);
    expect(after).toContain(before[second]);
    expect(after).not.toContain(before[first]);
    expect(set.registeredNames()).toEqual(after);
    expect(await scene.pod(before[first]!)).toBeUndefined();
    expect(await set.events('RunnerFailed')).toEqual([]);
  });

  it('of a runner takes along what container hooks made for it', async () => {
    const { kubernetes, namespace } = scene;
    const env = [{ name: 'ACTIONS_RUNNER_CONTAINER_HOOKS', value: '/hooks/index.js' }];
    const set = await scene.createSet('hooks', { replicas: 1, runner: { spec: podTemplate({}, { env }) } });
    const [name = ''] = await set.ready(1);
    const metadata = (of: string) => ({ name: `${of}-job`, labels: { 'runner-pod': of } });
    const spec = { containers: [{ name: 'job', image: 'job:1' }] };
    for (const each of [name, 'another']) {
      await kubernetes.create(pods, namespace, { metadata: metadata(each), spec });
      await kubernetes.create(secrets, namespace, { metadata: metadata(each) });
    }
    await scene.kubectl('delete', 'ephemeralrunner', name, '--timeout=30s');
    const kinds = [pods, secrets] as Resource[];
    await eventually(async () => {
      for (const kind of kinds) {
        const left = kubernetes.get(kind, { namespace, name: `${name}-job` });
        await expect(left).rejects.toMatchObject({ status: 404 });
      }
    });
    for (const kind of kinds) await kubernetes.delete(kind, { namespace, name: 'another-job' });
  });

  it('of a set takes idle runners at once, busy ones after their job, and ends the workflow', async () => {
    const set = await scene.createSet('leaving', { replicas: 4 });
    const before = await set.ready(4);
    const jobs = [
      await scene.startJob(before[first]!),
      await scene.startJob(before[second]!, { reported: false }),
    ];
    await scene.kubectl('delete', 'ephemeralrunnerset', 'leaving', '--wait=false');
    await eventually(async () => expect(await set.names()).toEqual(before.slice(0, 2)));
    await always(1_000, async () => {
      expect(await set.names()).toEqual(before.slice(0, 2));
      expect(jobs.map((id) => scene.job(id).state)).toEqual(['running', 'running']);
    });
    expect((await set.read()).metadata.finalizers).toContain(
      'ephemeralrunnerset.actions.github.com/finalizer',
    );
    const workflow = set.workflow();
    for (const name of before.slice(0, 2)) scene.github.admin.finishJob(name);
    await eventually(() => expect(set.read()).rejects.toMatchObject({ status: 404 }), 20_000);
    await eventually(async () =>
      expect(await workflow.describe()).toMatchObject({ status: { name: 'COMPLETED' } }),
    );
    expect(set.registered()).toEqual([]);
    expect(jobs.map((id) => scene.job(id).result)).toEqual(['succeeded', 'succeeded']);
  });
});

describe('a standalone runner', () => {
  const createRunner = async (name: string): Promise<number> => {
    const { id } = scene.github.admin.createScaleSet({ name: `of-${name}` });
    await scene.createStandaloneRunner(name, id);
    return id;
  };
  const online = (name: string, scaleSetId: number) =>
    eventually(async () => {
      expect(scene.github.admin.runners(scaleSetId)).toMatchObject([{ name, online: true }]);
      const { status, metadata } = (await scene.runner(name))!;
      const [registered] = scene.github.admin.runners(scaleSetId);
      expect(status).toMatchObject({
        ready: true,
        phase: 'Running',
        runnerId: registered?.id,
        runnerName: name,
      });
      expect(metadata.finalizers).toEqual([
        'ephemeralrunner.actions.github.com/finalizer',
        'ephemeralrunner.actions.github.com/runner-registration-finalizer',
      ]);
      return registered!.id;
    });

  it('is served, gets a new pod and a new JIT config after a failure, and is removed when it has done its job', async () => {
    const id = await createRunner('single');
    const registeredAs = await online('single', id);
    const uid = (await scene.pod('single'))?.metadata?.uid;
    scene.runners.end({ namespace: scene.namespace, name: 'single' }, 1);
    await eventually(async () => expect((await scene.pod('single'))?.metadata?.uid).not.toBe(uid));
    expect(await online('single', id)).not.toBe(registeredAs);
    expect(await scene.events({ about: 'single', reason: 'RunnerFailed' })).toHaveLength(1);
    const job = await scene.startJob('single');
    scene.github.admin.finishJob('single');
    await eventually(async () => expect(await scene.runner('single')).toBeUndefined());
    expect(scene.job(job).result).toBe('succeeded');
    expect(scene.github.admin.runners(id)).toEqual([]);
  });

  it('has no set to pause or scale: a signal that asks for it does not end its workflow', async () => {
    await online('unpaused', await createRunner('unpaused'));
    const { runId } = await scene.standaloneWorkflow().describe();
    await scene.standaloneWorkflow().signal(pauseSignal);
    await scene.standaloneWorkflow().signal(scaleSignal, { replicas: 2 });
    await scene.standaloneWorkflow().query(runnerSetStateQuery);
    expect(await scene.standaloneWorkflow().describe()).toMatchObject({ runId, status: { name: 'RUNNING' } });
  });

  it('leaves GitHub when someone deletes it', async () => {
    const id = await createRunner('unwanted');
    await online('unwanted', id);
    await scene.kubectl('delete', 'ephemeralrunner', 'unwanted', '--timeout=30s');
    expect(scene.github.admin.runners(id)).toEqual([]);
    await eventually(async () => expect(await scene.pod('unwanted')).toBeUndefined());
  });

  it('is given up when it fails too often', async () => {
    scene.runners.rules.add({ set: 'hopeless', namespace: scene.namespace, exitCode: 1 });
    const id = await createRunner('hopeless-one');
    await eventually(async () => expect(await scene.runner('hopeless-one')).toBeUndefined());
    expect(scene.github.admin.runners(id)).toEqual([]);
    // The first one and, as configured here, three more.
    await eventually(async () =>
      expect(await scene.events({ about: 'hopeless-one', reason: 'RunnerFailed' })).toHaveLength(4),
    );
  });
});

it('gives runners their proxy from a Secret of their set, which goes along with it', async () => {
  const { kubernetes, namespace } = scene;
  await scene.createSecret('proxy-login', { username: 'user', password: 'word' });
  const proxy = {
    https: { url: 'http://127.0.0.1:9', credentialSecretRef: 'proxy-login' },
    noProxy: ['127.0.0.1'],
  };
  const set = await scene.createSet('proxied', { replicas: 1, runner: { proxy } });
  const [name = ''] = await set.ready(1);
  const key = { namespace, name: runnerProxySecretName('proxied', namespace) };
  expect((await scene.runner(name))?.spec.proxySecretRef).toBe(key.name);
  const { data = {} } = await kubernetes.get(secrets, key);
  const text = Object.entries(data).map(([each, value]) => [each, Buffer.from(value, 'base64').toString()]);
  expect(Object.fromEntries(text)).toEqual({
    http_proxy: '',
    https_proxy: 'http://user:word@127.0.0.1:9',
    no_proxy: '127.0.0.1',
  });
  const env = (await scene.pod(name))?.spec?.containers[0]?.env ?? [];
  const ofProxy = env.filter(({ valueFrom }) => valueFrom?.secretKeyRef?.name === key.name);
  expect(ofProxy.map((each) => each.name)).toEqual(['https_proxy', 'no_proxy']);
  await scene.kubectl('delete', 'ephemeralrunnerset', 'proxied', '--timeout=30s');
  await expect(kubernetes.get(secrets, key)).rejects.toMatchObject({ status: 404 });
  await kubernetes.delete(secrets, { namespace, name: 'proxy-login' });
});

it('makes runners, pods and Secrets with the metadata of their set', async () => {
  const set = await scene.createSet('metadata', {
    replicas: 1,
    labels: {
      'app.kubernetes.io/component': 'runner-set',
      'app.kubernetes.io/part-of': 'gha-runner-scale-set',
      team: 'blue',
    },
    annotations: { 'actions.github.com/runner-group-name': 'Default' },
    ephemeralRunnerMetadata: {
      labels: { extra: 'label', team: 'loses' },
      annotations: { extra: 'annotation' },
    },
    runner: {
      metadata: { labels: { 'of-the-pod': 'yes', team: 'green' }, annotations: { 'of-the-pod': 'yes' } },
      ephemeralRunnerConfigSecretMetadata: { labels: { 'of-the-secret': 'yes' } },
    },
  });
  const [name = ''] = await set.ready(1);
  const runner = (await scene.runner(name))!;
  const { metadata: parent } = await set.read();
  expect(name).toMatch(/^metadata-runner-[a-z0-9]{5}$/);
  expect(runner.metadata).toMatchObject({
    labels: {
      'app.kubernetes.io/component': 'runner',
      'app.kubernetes.io/part-of': 'gha-runner-scale-set',
      team: 'blue',
      extra: 'label',
    },
    annotations: {
      'actions.github.com/runner-group-name': 'Default',
      'actions.github.com/patch-id': '0',
      extra: 'annotation',
    },
    finalizers: [
      'ephemeralrunner.actions.github.com/finalizer',
      'ephemeralrunner.actions.github.com/runner-registration-finalizer',
    ],
    ownerReferences: [
      {
        kind: 'EphemeralRunnerSet',
        name: 'metadata',
        uid: parent.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  });
  expect(parent.finalizers).toEqual(['ephemeralrunnerset.actions.github.com/finalizer']);
  const owner = {
    apiVersion: 'actions.github.com/v1alpha1',
    kind: 'EphemeralRunner',
    name,
    uid: runner.metadata.uid,
  };
  const ownerReferences = [{ ...owner, controller: true, blockOwnerDeletion: true }];
  const pod = await scene.pod(name);
  expect(pod?.metadata).toMatchObject({
    labels: { 'actions-ephemeral-runner': 'True', 'of-the-pod': 'yes', team: 'green', extra: 'label' },
    annotations: { 'of-the-pod': 'yes', 'actions.github.com/patch-id': '0' },
    ownerReferences,
  });
  expect(pod?.metadata?.labels?.['pod-template-hash']).toBeTruthy();
  expect(pod?.spec?.restartPolicy).toBe('Never');
  const [registered] = set.registered();
  const secret = await scene.kubernetes.get(secrets, { namespace: scene.namespace, name });
  const data = Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
  expect(secret.metadata).toMatchObject({ labels: { 'of-the-secret': 'yes' }, ownerReferences });
  expect(data).toEqual({
    jitToken: expect.any(String),
    runnerName: name,
    runnerId: String(registered?.id),
    scaleSetId: String(set.scaleSetId),
  });
  expect(runner.status).toMatchObject({ runnerId: registered?.id, runnerName: name });
  await scene.kubernetes.mergePatch(
    ephemeralRunnerSets,
    { namespace: scene.namespace, name: 'metadata' },
    {
      metadata: { annotations: { since: 'then' } },
      spec: { replicas: 2, ephemeralRunnerMetadata: { annotations: { extra: 'another' } } },
    },
  );
  const [next = ''] = (await set.ready(2)).filter((each) => each !== name);
  expect((await scene.runner(next))?.metadata.annotations).toMatchObject({ since: 'then', extra: 'another' });
  expect((await scene.runner(name))?.metadata.annotations).toMatchObject({ extra: 'annotation' });
});
