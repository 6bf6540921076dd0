import { jest } from '@jest/globals';
import { ApiStatusError, connectToApi } from '../../dev/cluster/api-client.ts';
import { JOB_PROTECTION_ANNOTATIONS } from '../../src/api/annotations.ts';
import { JOB_OF_SET_LABEL } from '../../src/api/labels.ts';
import { podDisruptionBudgets, resourceQuotas } from '../../src/kubernetes/client/resources.ts';
import { eventually, startScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';
import { startScaleSet } from './support/listener-scene.ts';
import { suiteServers } from './support/servers.ts';

/** Nodes that are emptied, and quotas that are used up. */
jest.setTimeout(180_000);

let scene: Scene;

beforeAll(async () => {
  scene = await startScene('quota-and-load');
});
afterEach(() => scene.clear());
afterAll(() => scene.stop());

/** Asks for an eviction as `kubectl drain` does. @returns the status of the answer */
async function evict(pod: string): Promise<number> {
  const api = await connectToApi(suiteServers().kubeconfig, 1);
  const path = `/api/v1/namespaces/${scene.namespace}/pods/${pod}/eviction`;
  const body = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: pod, namespace: scene.namespace },
  };
  try {
    await api.json({ method: 'POST', path, body });
    return 201;
  } catch (error) {
    if (error instanceof ApiStatusError) return error.status;
    throw error;
  } finally {
    await api.close();
  }
}

it('a runner with a job is not evicted, and autoscalers leave it; an idle one goes and is replaced', async () => {
  const set = await scene.createSet('drained', { replicas: 2 });
  const [busy = '', idle = ''] = await set.ready(2);
  const began = Date.now();
  const job = await scene.startJob(busy);
  const { metadata } = await set.read();
  const budget = { namespace: scene.namespace, name: 'drained-jobs' };
  await eventually(async () => {
    const pod = await scene.pod(busy);
    expect(pod?.metadata?.annotations).toMatchObject(JOB_PROTECTION_ANNOTATIONS);
    expect(pod?.metadata?.labels?.[JOB_OF_SET_LABEL]).toBe(metadata.uid);
    const { status } = await scene.kubernetes.get(podDisruptionBudgets, budget);
    expect(status).toMatchObject({ currentHealthy: 1, disruptionsAllowed: 0 });
  });
  for (const key of Object.keys(JOB_PROTECTION_ANNOTATIONS))
    expect((await scene.pod(idle))?.metadata?.annotations).not.toHaveProperty([key]);
  // One request for the pod, and one for the budget of the set.
  const protections = scene.requests.filter(({ at, verb, resource }) => {
    const isPodPatch = verb === 'patch' && resource === 'pods';
    return at >= began && (isPodPatch || resource === 'poddisruptionbudgets');
  });
  expect(protections).toHaveLength(2);
  expect(await evict(busy)).toBe(429);
  expect(await evict(idle)).toBe(201);
  await eventually(async () => {
    const names = await set.names();
    expect(names).toHaveLength(2);
    expect(names).toContain(busy);
    expect(names).not.toContain(idle);
  });
  expect(scene.job(job).state).toBe('running');
  scene.github.admin.finishJob(busy);
  await eventually(async () => expect(await set.names()).not.toContain(busy));
  await set.ready(2);
});

it('a used-up quota lowers the capacity that is announced, without a busy loop, until it frees', async () => {
  const quota = { namespace: scene.namespace, name: 'few' };
  const spec = { hard: { pods: '2' } };
  await scene.kubernetes.create(resourceQuotas, scene.namespace, { metadata: { name: 'few' }, spec });
  try {
    const demo = await startScaleSet(scene, 'quota', { maxRunners: 10 });
    scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 6 });
    await eventually(() => {
      expect(demo.jobs('running')).toHaveLength(2);
      expect(demo.capacity()).toBeLessThanOrEqual(3);
    });
    const began = Date.now();
    const registrations = scene.registrations();
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const requests = scene.requests.filter(({ at, verb }) => at >= began && verb !== 'watch');
    expect(requests.length).toBeLessThan(70);
    expect(scene.registrations() - registrations).toBe(0);
    // Jobs that come now stay at GitHub, for whoever has room for them.
    scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 4 });
    expect(demo.jobs('queued')).toHaveLength(4);
    let finished = 0;
    for (let round = 1; round <= 2; round += 1) {
      const running = demo.jobs('running');
      for (const { runnerName } of running) scene.github.admin.finishJob(runnerName!);
      finished += running.length;
      await eventually(() => {
        expect(demo.jobs('completed')).toHaveLength(finished);
        // Kubernetes counts pods that ended a moment late, and may let one too many in.
        expect([2, 3]).toContain(demo.jobs('running').length);
      }, 30_000);
    }
    await scene.kubernetes.mergePatch(resourceQuotas, quota, { spec: { hard: { pods: '50' } } });
    await eventually(() => {
      expect(demo.capacity()).toBe(10);
      expect(demo.jobs('running')).toHaveLength(10 - finished);
    });
  } finally {
    await scene.kubernetes.delete(resourceQuotas, quota);
  }
});
