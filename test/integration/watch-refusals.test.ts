import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { jest } from '@jest/globals';
import type { GitHubStandIn } from '../../dev/github/stand-in.ts';
import { startGitHub } from '../../dev/github/stand-in.ts';
import { connectToApi } from '../../dev/cluster/api-client.ts';
import type { RunningProcess } from '../../dev/processes.ts';
import { freePort, launch, lastLines } from '../../dev/processes.ts';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../../src/kubernetes/client/create-client.ts';
import {
  ephemeralRunnerSets,
  ephemeralRunners,
  events,
  secrets,
} from '../../src/kubernetes/client/resources.ts';
import type { Readiness } from '../../src/workers/http-server.ts';
import { eventually, podTemplate } from './support/scene.ts';
import { freshNamespace, suiteServers } from './support/servers.ts';
import { WORKER_RULES, grant, serviceAccountKubeconfig } from './support/service-account.ts';
import { workerCommand } from './support/worker-process.ts';

jest.setTimeout(180_000);

const ACCOUNT = 'restricted';
const id = `restricted-${randomBytes(3).toString('hex')}`;
const folder = mkdtempSync(join(tmpdir(), 'temporal-arc-rights-'));
const logFile = join(folder, 'worker.log');

let kubernetes: KubernetesClient;
let github: GitHubStandIn;
let worker: RunningProcess;
let health: string;
let restricted: string;
let a: string;
let b: string;

/** What the charts grant in a namespace that is served. */
const grantIn = (namespace: string): Promise<void> =>
  grant(kubernetes, { namespace: a, name: ACCOUNT }, namespace, WORKER_RULES);

async function createSet(namespace: string): Promise<void> {
  const { id: scaleSetId } = github.admin.createScaleSet({ name: namespace });
  const data = { github_token: Buffer.from(github.token).toString('base64') };
  await kubernetes.create(secrets, namespace, { metadata: { name: 'github' }, data });
  const ephemeralRunnerSpec = {
    githubConfigUrl: github.configUrl('octo/app'),
    githubConfigSecret: 'github',
    runnerScaleSetId: scaleSetId,
    spec: podTemplate(),
  };
  await kubernetes.create(ephemeralRunnerSets, namespace, {
    metadata: { name: 'demo' },
    spec: { replicas: 2, patchID: 0, ephemeralRunnerSpec },
  } as never);
}

const registered = (namespace: string): Promise<void> =>
  eventually(async () => {
    const { items } = await kubernetes.list(ephemeralRunners, { namespace });
    expect(items.filter(({ status }) => (status?.runnerId ?? 0) > 0)).toHaveLength(2);
  });

const readiness = async (): Promise<Readiness> =>
  (await (await fetch(`http://${health}/readyz`)).json()) as Readiness;
const metrics = async (): Promise<string> => (await fetch(`http://${health}/metrics`)).text();

beforeAll(async () => {
  const { kubeconfig, temporalAddress } = suiteServers();
  kubernetes = createKubernetesClient({ kubeConfig: kubeconfig });
  github = await startGitHub();
  [a, b] = [(await freshNamespace('rights-a')).name, (await freshNamespace('rights-b')).name];
  restricted = await serviceAccountKubeconfig(kubernetes, { namespace: a, name: ACCOUNT }, kubeconfig);
  await grantIn(a);
  for (const namespace of [a, b]) await createSet(namespace);
  health = `127.0.0.1:${await freePort()}`;
  worker = launch({
    name: 'worker',
    ...workerCommand({
      ...{ cluster: id, namespace: a, kubeconfig: restricted, temporalAddress, health },
      workerFlags: ['--watch-namespace', b],
    }),
    logFile,
  });
});

afterAll(async () => {
  await worker.kill();
  for (const namespace of [a, b]) {
    const api = await connectToApi(suiteServers().kubeconfig, 1);
    await api.json({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
    await api.close();
  }
  await github.stop();
  await kubernetes.close();
  for (const each of [folder, dirname(restricted)]) rmSync(each, { recursive: true, force: true });
});

test('a namespace without rights holds up no other, says what is missing, and is served once it comes', async () => {
  await worker.alive(registered(a)).catch((error: unknown) => {
    throw new Error(lastLines(logFile, 20), { cause: error });
  });
  const words = expect.stringMatching(
    new RegExp(`list ephemeralrunners.actions.github.com in namespace ${b}`),
  );
  await eventually(async () => {
    expect(await readiness()).toMatchObject({
      status: 'not ready',
      checks: { watch: { ok: false, message: words }, kubernetes: { ok: true } },
    });
    expect(await metrics()).toContain(
      `temporal_arc_watch_refused{namespace="${b}",resource="ephemeralrunners.actions.github.com",reason="Forbidden"} 1`,
    );
    const { items } = await kubernetes.list(events, { namespace: a });
    expect(items).toContainEqual(
      expect.objectContaining({
        reason: 'WatchForbidden',
        message: words,
        involvedObject: expect.objectContaining({ kind: 'Namespace', name: b }),
      }),
    );
  });
  expect((await kubernetes.list(ephemeralRunners, { namespace: b })).items).toEqual([]);
  await grantIn(b);
  await registered(b);
  await eventually(async () => {
    expect(await readiness()).toMatchObject({ status: 'ready' });
    expect(await metrics()).not.toContain('temporal_arc_watch_refused{');
  });
});
