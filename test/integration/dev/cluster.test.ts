import { startCluster } from '../../../dev/cluster/cluster.ts';
import type { Cluster } from '../../../dev/cluster/cluster.ts';
import { connectToApi } from '../../../dev/cluster/api-client.ts';
import type { ApiClient } from '../../../dev/cluster/api-client.ts';
import { waitUntil } from '../../../dev/processes.ts';
import { freshNamespace, freshTemporalNamespace, suiteServers } from '../support/servers.ts';

const podIn = (namespace: string, name: string, image = 'ghcr.io/actions/actions-runner:2') => ({
  method: 'POST' as const,
  path: `/api/v1/namespaces/${namespace}/pods`,
  body: {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { restartPolicy: 'Never', containers: [{ name: 'runner', image }] },
  },
});

interface Pod {
  status: { phase: string; containerStatuses?: { state: { waiting?: { reason: string } } }[] };
}

describe('the shared cluster', () => {
  let api: ApiClient;
  let namespace: string;
  beforeAll(async () => {
    api = await connectToApi(suiteServers().kubeconfig, 4);
    ({ name: namespace } = await freshNamespace('cluster'));
  });
  afterAll(() => api.close());

  const read = (name: string) => api.json<Pod>({ path: `/api/v1/namespaces/${namespace}/pods/${name}` });
  const waitingReason = async (name: string) =>
    (await read(name)).status.containerStatuses?.[0]?.state.waiting?.reason;

  it('runs a pod and lets it go when it is deleted', async () => {
    await api.json(podIn(namespace, 'runs'));
    await waitUntil('running', async () => (await read('runs')).status.phase === 'Running');
    await api.json({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}/pods/runs` });
    await waitUntil('gone', () =>
      read('runs').then(
        () => false,
        () => true,
      ),
    );
  });

  it.each([
    ['absent.invalid/runner:1', 'ErrImagePull'],
    ['Runner:1', 'InvalidImageName'],
    ['stuck.invalid/runner:1', 'ContainerCreating'],
  ])('lets a pod of image %s wait with %s', async (image, reason) => {
    const name = reason.toLowerCase();
    await api.json(podIn(namespace, name, image));
    await waitUntil(reason, async () => (await waitingReason(name)) === reason);
  });

  it('takes an image by tag and digest, and from a registry with a port', async () => {
    await api.json(podIn(namespace, 'digest', `localhost:5000/runner:1@sha256:${'a'.repeat(64)}`));
    await waitUntil('running', async () => (await read('digest')).status.phase === 'Running');
  });

  it('has a Temporal server beside it that takes further namespaces', async () => {
    expect(await freshTemporalNamespace('cluster')).toMatch(/^cluster-/);
  });
});

describe('a cluster of one’s own', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 1 });
  }, 60_000);
  afterAll(() => cluster.stop());

  it('keeps its data and goes on working over a crash of the API server', async () => {
    const { name } = await freshNamespace('crash', cluster.kubeconfig);
    await cluster.killApiServer();
    const api = await connectToApi(cluster.kubeconfig, 1);
    await expect(api.text({ path: '/readyz' })).rejects.toThrow();
    await cluster.startApiServer();
    await api.json(podIn(name, 'after'));
    const phase = async () =>
      (await api.json<Pod>({ path: `/api/v1/namespaces/${name}/pods/after` })).status.phase;
    await waitUntil('running', async () => (await phase()) === 'Running', { timeoutMs: 30_000 });
    await api.close();
  }, 60_000);
});
