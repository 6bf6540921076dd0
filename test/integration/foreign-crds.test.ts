import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { applyManifests, startCluster } from '../../dev/cluster/cluster.ts';
import type { Cluster } from '../../dev/cluster/cluster.ts';
import type { GitHubStandIn } from '../../dev/github/stand-in.ts';
import { startGitHub } from '../../dev/github/stand-in.ts';
import type { RunningProcess } from '../../dev/processes.ts';
import { freePort, lastLines, launch } from '../../dev/processes.ts';
import type { Runners } from '../../dev/runner/runners.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import { crdOf } from '../../src/api/crd.ts';
import type { Kind } from '../../src/api/v1alpha1/group.ts';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../../src/kubernetes/client/create-client.ts';
import {
  autoscalingRunnerSets,
  ephemeralRunnerSets,
  ephemeralRunners,
  secrets,
} from '../../src/kubernetes/client/resources.ts';
import {
  autoscalingRunnerSetWorkflowId,
  ephemeralRunnerSetWorkflowId,
} from '../../src/messages/workflow-ids.ts';
import type { Readiness } from '../../src/workers/http-server.ts';
import { scaleSetObject } from './support/scale-set-scene.ts';
import { eventually, podTemplate } from './support/scene.ts';
import { freshNamespace, suiteServers } from './support/servers.ts';
import type { WorkerAccount } from './support/service-account.ts';
import { createWorkerAccount } from './support/service-account.ts';
import { workerCommand } from './support/worker-process.ts';

/** An API server of its own, with the CRDs of somebody else: older ones, and one that is not there at first. */

jest.setTimeout(180_000);

/** What the CRDs of ARC 0.9 lack of ours in a status. */
const LOST: Record<Kind, string[]> = {
  AutoscalingRunnerSet: ['phase', 'conditions'],
  AutoscalingListener: ['conditions'],
  EphemeralRunnerSet: ['phase', 'conditions'],
  EphemeralRunner: ['jobId', 'jobResult', 'conditions'],
};

const id = `foreign-${randomBytes(3).toString('hex')}`;
const folder = mkdtempSync(join(tmpdir(), 'temporal-arc-crds-'));
const logFile = join(folder, 'worker.log');

let cluster: Cluster;
let kubernetes: KubernetesClient;
let github: GitHubStandIn;
let runners: Runners;
let worker: RunningProcess;
let account: WorkerAccount;
let namespace: string;
let health: string;

/** Writes the CRD of ours as it was before those fields were added; JSON is YAML. */
function writeOlder(where: string, kind: Kind): void {
  const crd = structuredClone(crdOf(kind));
  const [version] = crd.spec.versions;
  const { properties = {} } = version!.schema.openAPIV3Schema.properties!['status']!;
  for (const name of LOST[kind]) Reflect.deleteProperty(properties, name);
  version!.additionalPrinterColumns = [];
  mkdirSync(join(folder, where), { recursive: true });
  writeFileSync(join(folder, where, `${kind}.yaml`), JSON.stringify(crd));
}

beforeAll(async () => {
  for (const kind of ['AutoscalingListener', 'EphemeralRunnerSet', 'EphemeralRunner'] as const)
    writeOlder('first', kind);
  writeOlder('later', 'AutoscalingRunnerSet');
  cluster = await startCluster({ nodes: 1, manifests: [join(folder, 'first')] });
  const { kubeconfig } = cluster;
  [runners, github] = await Promise.all([startRunners({ kubeconfig }), startGitHub()]);
  kubernetes = createKubernetesClient({ kubeConfig: kubeconfig });
  namespace = (await freshNamespace('team', kubeconfig)).name;
  const data = { github_token: Buffer.from(github.token).toString('base64') };
  await kubernetes.create(secrets, namespace, { metadata: { name: 'github' }, data });
  await createSet();
  account = await createWorkerAccount(kubernetes, { kubeconfig, namespaces: [namespace] });
  health = `127.0.0.1:${await freePort()}`;
  const { temporalAddress } = suiteServers();
  worker = launch({
    name: 'worker',
    ...workerCommand({ cluster: id, namespace, kubeconfig: account.kubeconfig, temporalAddress, health }),
    logFile,
  });
}, 120_000);

afterAll(async () => {
  await worker.kill();
  await account.remove();
  await runners.stop();
  await Promise.all([github.stop(), kubernetes.close()]);
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function createSet(): Promise<void> {
  const { id: runnerScaleSetId } = github.admin.createScaleSet({ name: 'demo' });
  const access = { githubConfigUrl: github.configUrl('octo/app'), githubConfigSecret: 'github' };
  await kubernetes.create(ephemeralRunnerSets, namespace, {
    metadata: { name: 'demo' },
    spec: {
      ...{ replicas: 2, patchID: 0 },
      ephemeralRunnerSpec: { ...access, runnerScaleSetId, spec: podTemplate() },
    },
  } as never);
}

/** The names of a set's runners, once so many are up. */
const online = (set: string, count: number): Promise<string[]> =>
  worker
    .alive(
      eventually(async () => {
        const { items } = await kubernetes.list(ephemeralRunners, { namespace });
        const ours = items.filter(({ metadata }) => metadata.ownerReferences?.[0]?.name === set);
        const names = ours.map(({ metadata }) => metadata.name ?? '').sort();
        const isUp = (name: string) =>
          github.admin.runners().some((runner) => runner.name === name && runner.online);
        expect(names.filter(isUp)).toHaveLength(count);
        expect(names).toHaveLength(count);
        return names;
      }),
    )
    .catch((error: unknown) => {
      throw new Error(lastLines(logFile, 20), { cause: error });
    });

const readiness = async (): Promise<Readiness> =>
  (await (await fetch(`http://${health}/readyz`)).json()) as Readiness;
const metrics = async (): Promise<string> => (await fetch(`http://${health}/metrics`)).text();
const logLines = (words: string): string[] =>
  readFileSync(logFile, 'utf8')
    .split('\n')
    .filter((line) => line.includes(words));

test('a CRD that is missing is named with the remedy, and holds up only those that need it, until it comes', async () => {
  await online('demo', 2);
  const crd = 'autoscalingrunnersets.actions.github.com';
  await eventually(async () => {
    expect(await readiness()).toMatchObject({
      status: 'not ready',
      checks: { watch: { ok: false, message: expect.stringMatching(`${crd}.*install the CRDs`) } },
    });
    expect(await metrics()).toContain(
      `temporal_arc_watch_refused{namespace="${namespace}",resource="${crd}",reason="CrdMissing"} 1`,
    );
  });
  expect(logLines(`The cluster does not know ${crd}`)).toHaveLength(1);
  await applyManifests(cluster.kubeconfig, [join(folder, 'later')]);
  const object = scaleSetObject('whole', github.configUrl('octo/app'), { minRunners: 1, maxRunners: 2 });
  await kubernetes.create(autoscalingRunnerSets, namespace, object);
  await online('whole', 1);
  await eventually(async () => {
    expect(await readiness()).toMatchObject({ status: 'ready' });
    expect(await metrics()).not.toContain('temporal_arc_watch_refused{');
  });
});

test('CRDs that are older are named once, with what they cost and the remedy', async () => {
  const told = logLines('is older than this worker');
  const named = ['autoscalinglisteners', 'ephemeralrunners', 'ephemeralrunnersets'];
  expect(told).toHaveLength(named.length);
  for (const plural of named)
    expect(told.join('\n')).toMatch(
      new RegExp(`${plural}.actions.github.com.*status.conditions.*kubectl apply`),
    );
  const [name = ''] = await online('demo', 2);
  expect((await kubernetes.get(ephemeralRunners, { namespace, name })).status).not.toHaveProperty(
    'conditions',
  );
});

test('under them a job is seen and left alone, and nothing runs in circles because of what is dropped', async () => {
  const [name = ''] = await online('demo', 2);
  github.admin.assignJob(name);
  const status = { jobId: 'j', jobRequestId: 7, workflowRunId: 8, jobDisplayName: 'build' };
  const key = { namespace, name };
  await kubernetes.mergePatch(ephemeralRunners, key, { status }, { subresource: 'status' });
  await kubernetes.mergePatch(ephemeralRunnerSets, { namespace, name: 'demo' }, { spec: { replicas: 0 } });
  expect(await online('demo', 1)).toEqual([name]);
  const connection = await Connection.connect({ address: suiteServers().temporalAddress });
  const { workflow } = new Client({ connection });
  const handles = [
    ephemeralRunnerSetWorkflowId(id, namespace, 'demo'),
    ephemeralRunnerSetWorkflowId(id, namespace, 'whole'),
    autoscalingRunnerSetWorkflowId(id, namespace, 'whole'),
  ].map((workflowId) => workflow.getHandle(workflowId));
  const lengths = () => Promise.all(handles.map(async (handle) => (await handle.describe()).historyLength));
  await sleep(3_000);
  const [before, written] = [await lengths(), await writes()];
  await sleep(15_000);
  const grown = (await lengths()).map((length, i) => length - (before[i] ?? 0));
  expect(Math.max(...grown)).toBeLessThanOrEqual(12);
  expect((await writes()) - written).toBeLessThanOrEqual(4);
  await connection.close();
  github.admin.finishJob(name);
  await online('demo', 0);
});

/** How often the worker has written to the API server. */
async function writes(): Promise<number> {
  const counted = (await metrics()).matchAll(
    /^temporal_arc_kubernetes_requests_total\{[^}]*verb="(?:create|patch|delete)"[^}]*\} (\d+)$/gm,
  );
  return [...counted].reduce((sum, [, count]) => sum + Number(count), 0);
}
