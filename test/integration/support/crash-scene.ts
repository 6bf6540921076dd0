import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { Client, Connection } from '@temporalio/client';
import type { GitHubOptions, GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { RunningProcess } from '../../../dev/processes.ts';
import { freePort, lastLines, launch, waitUntil } from '../../../dev/processes.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { EphemeralRunner } from '../../../src/api/v1alpha1/ephemeral-runner.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client/create-client.ts';
import {
  ephemeralRunnerSets,
  ephemeralRunners,
  events,
  pods,
  secrets,
} from '../../../src/kubernetes/client/resources.ts';
import { runnerSetStateQuery } from '../../../src/messages/ephemeral-runner-set.ts';
import { ephemeralRunnerSetWorkflowId } from '../../../src/messages/workflow-ids.ts';
import type { Servers } from './servers.ts';
import { freshNamespace } from './servers.ts';
import { createWorkerAccount } from './service-account.ts';
import { workerCommand } from './worker-process.ts';

/** The one set of each scene, and its scale set at the scene's own GitHub. */
export const SET = 'demo';
export const SCALE_SET_ID = 1;

export interface CrashSceneOptions {
  /** Milliseconds a JIT config takes: 100 unless given. */
  jitLatencyMs?: number;
  /** Of the stand-in, beside that latency. */
  github?: GitHubOptions;
  /** Further flags of the workers. */
  workerFlags?: readonly string[];
}

/** One set with a cluster name, a namespace, a GitHub and workers of its own, on servers that others may share. */
export interface CrashScene {
  readonly namespace: string;
  readonly cluster: string;
  readonly github: GitHubStandIn;
  readonly kubernetes: KubernetesClient;
  readonly temporal: Client;
  /** The set's workflow: its latest run. */
  readonly workflow: WorkflowHandle;
  /**
   * Starts one more worker, as a process of its own; answers when it takes work.
   *
   * @param temporalAddress by another way than the scene's own
   */
  startWorker(temporalAddress?: string): Promise<RunningProcess>;
  scaleTo(replicas: number): Promise<void>;
  /** Waits for `work`, but fails as soon as a worker ends that nobody killed. */
  alive<T>(work: Promise<T>): Promise<T>;
  /** The end of the workers' log. */
  logTail(): string;
  /** Kills the workers and stops what belongs to the scene alone. */
  close(): Promise<void>;
}

/** Starts a GitHub of its own, and creates a set that wants no runner yet. No worker runs so far. */
export async function openCrashScene(
  name: string,
  servers: Servers,
  options: CrashSceneOptions = {},
): Promise<CrashScene> {
  const latency = { generatejitconfig: options.jitLatencyMs ?? 100 } satisfies GitHubOptions['latency'];
  const [github, namespace] = await Promise.all([
    startGitHub({ latency, ...options.github }),
    freshNamespace(name, servers.kubeconfig),
  ]);
  github.admin.createScaleSet({ id: SCALE_SET_ID, name: SET });
  const kubernetes = createKubernetesClient({ kubeConfig: servers.kubeconfig });
  const connection = await Connection.connect({ address: servers.temporalAddress });
  const temporal = new Client({ connection });
  const cluster = `${name}-${randomBytes(3).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'temporal-arc-crash-'));
  const workers: RunningProcess[] = [];
  const account = await createWorkerAccount(kubernetes, { ...servers, namespaces: [namespace.name] });
  const logFile = join(folder, 'worker.log');
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  const scene: CrashScene = {
    namespace: namespace.name,
    ...{ cluster, github, kubernetes, temporal },
    workflow: temporal.workflow.getHandle(ephemeralRunnerSetWorkflowId(cluster, namespace.name, SET)),
    startWorker: async (temporalAddress = servers.temporalAddress) => {
      const worker = await startWorker({
        cluster,
        namespace: namespace.name,
        logFile,
        ...options,
        kubeconfig: account.kubeconfig,
        temporalAddress,
      });
      workers.push(worker);
      void worker.failed.then(broken.reject);
      return worker;
    },
    scaleTo: async (replicas) => {
      const key = { namespace: namespace.name, name: SET };
      await kubernetes.mergePatch(ephemeralRunnerSets, key, { spec: { replicas, patchID: 0 } });
    },
    alive: (work) => Promise.race([work, broken.promise]),
    logTail: () => lastLines(logFile, 40),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.kill()));
      await account.remove();
      await Promise.all([github.stop(), connection.close(), kubernetes.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await createSet(scene);
  return scene;
}

interface WorkerOptions extends Servers {
  cluster: string;
  namespace: string;
  logFile: string;
  workerFlags?: readonly string[];
}

async function startWorker(options: WorkerOptions): Promise<RunningProcess> {
  const health = `127.0.0.1:${await freePort()}`;
  const worker = launch({
    name: 'worker',
    ...workerCommand({ ...options, health }),
    logFile: options.logFile,
    graceMs: 20_000,
  });
  await worker.alive(waitUntil('The worker', async () => (await fetch(`http://${health}/readyz`)).ok));
  return worker;
}

async function createSet({ kubernetes, namespace, github }: CrashScene): Promise<void> {
  const data = { github_token: Buffer.from(github.token).toString('base64') };
  await kubernetes.create(secrets, namespace, { metadata: { name: 'github' }, data });
  await kubernetes.create(ephemeralRunnerSets, namespace, {
    metadata: { name: SET },
    spec: {
      replicas: 0,
      patchID: 0,
      ephemeralRunnerSpec: {
        githubConfigUrl: github.configUrl('octo/repo'),
        githubConfigSecret: 'github',
        runnerScaleSetId: SCALE_SET_ID,
        spec: { containers: [{ name: 'runner', image: 'runner:1' }] },
      },
    },
  } as EphemeralRunnerSet);
}

/** Waits until GitHub has registered `count` runners; 0: until the first is asked for. */
export async function untilRegistered(scene: CrashScene, count: number): Promise<void> {
  const reached = (): boolean => {
    const calls = scene.github.admin.stats().calls.generatejitconfig;
    return count === 0 ? (calls?.count ?? 0) > 0 : (calls?.statuses['200'] ?? 0) >= count;
  };
  const waiting = waitUntil(`${count} registrations`, () => Promise.resolve(reached()), { everyMs: 1 });
  await scene.alive(waiting);
}

/** All that exists of a set's runners, each list in the order of names. */
export interface Census {
  runners: EphemeralRunner[];
  pods: { name: string; uid: string; phase: string }[];
  secrets: { name: string; runnerId: number }[];
  registered: { name: string; id: number; online: boolean }[];
}

export async function census({ kubernetes, namespace, github }: CrashScene): Promise<Census> {
  const [runnerList, podList, secretList] = await Promise.all([
    kubernetes.list(ephemeralRunners, { namespace }),
    kubernetes.list(pods, { namespace }),
    kubernetes.list(secrets, { namespace }),
  ]);
  return {
    runners: inOrder(runnerList.items, ({ metadata }) => metadata.name ?? ''),
    pods: byName(
      podList.items.map(({ metadata, status }) => ({
        name: metadata?.name ?? '',
        uid: metadata?.uid ?? '',
        phase: status?.phase ?? '',
      })),
    ),
    secrets: byName(
      secretList.items
        .filter(({ metadata }) => metadata?.name !== 'github')
        .map(({ metadata, data }) => ({ name: metadata?.name ?? '', runnerId: decoded(data?.['runnerId']) })),
    ),
    registered: byName(github.admin.runners().map(({ name, id, online }) => ({ name, id, online }))),
  };
}

const decoded = (base64 = ''): number => Number(Buffer.from(base64, 'base64').toString());

const inOrder = <T>(items: T[], key: (item: T) => string): T[] =>
  items.sort((a, b) => (key(a) < key(b) ? -1 : 1));

const byName = <T extends { name: string }>(items: T[]): T[] => inOrder(items, ({ name }) => name);

/** Waits until the set has `count` runners that are up, and its workflow has nothing left to do. */
export async function untilSettled(scene: CrashScene, count: number, timeoutMs = 90_000): Promise<void> {
  const check = async (): Promise<boolean> => {
    if (scene.github.admin.runners().filter(({ online }) => online).length !== count) return false;
    const { status } = await scene.kubernetes.get(ephemeralRunnerSets, {
      namespace: scene.namespace,
      name: SET,
    });
    if (status?.currentReplicas !== count || (status.runningEphemeralRunners ?? 0) !== count) return false;
    const { items } = await scene.kubernetes.list(ephemeralRunners, { namespace: scene.namespace });
    if (items.length !== count || !items.every((runner) => runner.status?.ready)) return false;
    const { raw } = await scene.workflow.describe();
    return (raw.pendingActivities ?? []).length === 0 && !raw.pendingWorkflowTask;
  };
  try {
    await scene.alive(
      waitUntil(`${count} runners in ${scene.namespace}`, check, { timeoutMs, everyMs: 250 }),
    );
  } catch (error) {
    throw new Error(await diagnosis(scene, error), { cause: error });
  }
}

/** Where a set stands that did not come to rest. */
async function diagnosis(scene: CrashScene, error: unknown): Promise<string> {
  const { runners, pods: podList, secrets: secretList, registered } = await census(scene);
  const view = await scene.workflow.query(runnerSetStateQuery).catch(String);
  const stages = typeof view === 'string' ? view : view.runners.map(({ stage }) => stage);
  const odd = runners
    .filter(({ status, metadata }) => !status?.ready || metadata.deletionTimestamp)
    .map(
      ({ metadata, status }) =>
        `${metadata.name ?? ''} ${metadata.deletionTimestamp ? 'deleting ' : ''}${JSON.stringify(status)}`,
    );
  return [
    String(error),
    `runners ${runners.length}, pods ${podList.length}, secrets ${secretList.length}, registered ${registered.length}`,
    `stages ${JSON.stringify(typeof stages === 'string' ? stages : countEach(stages))}`,
    `blocked ${typeof view === 'string' ? '' : JSON.stringify(view.blocked)}`,
    ...(await eventsOf(scene)),
    ...odd.slice(0, 5),
    scene.logTail(),
  ].join('\n');
}

async function eventsOf({ kubernetes, namespace }: CrashScene): Promise<string[]> {
  const { items } = await kubernetes.list(events, { namespace });
  const ours = items.filter(({ involvedObject }) => involvedObject.kind !== 'Pod').slice(-20);
  return ours.map(
    ({ lastTimestamp, reason, involvedObject, message }) =>
      `${lastTimestamp ?? ''} ${reason ?? ''} ${involvedObject.name ?? ''}: ${message ?? ''}`,
  );
}

const countEach = (values: string[]): Record<string, number> =>
  Object.fromEntries(
    [...new Set(values)].map((value) => [value, values.filter((each) => each === value).length]),
  );

/** The one good end: object, pod, Secret and registration of each runner agree, and there is nothing else. */
export async function expectWhole(scene: CrashScene, count: number): Promise<Census> {
  const found = await census(scene);
  const names = found.runners.map(({ metadata }) => metadata.name ?? '');
  const ids = found.runners.map(({ status }) => status?.runnerId);
  expect(new Set(names).size).toBe(count);
  expect(names).toHaveLength(count);
  expect(found.runners.filter(({ status }) => status?.phase !== 'Running' || !status.ready)).toEqual([]);
  expect(found.runners.filter(({ metadata }) => metadata.deletionTimestamp)).toEqual([]);
  expect(found.pods.map(({ name }) => name)).toEqual(names);
  expect(found.pods.filter(({ phase }) => phase !== 'Running')).toEqual([]);
  expect(found.secrets).toEqual(names.map((name, i) => ({ name, runnerId: ids[i] })));
  expect(found.registered).toEqual(names.map((name, i) => ({ name, id: ids[i], online: true })));
  expect(scene.github.admin.stats().violations).toEqual([]);
  return found;
}

/** Deletes the set and waits until nothing is left: no object, no registration, no running workflow. */
export async function expectCleanEnd(scene: CrashScene): Promise<void> {
  const { kubernetes, namespace, github, workflow } = scene;
  await kubernetes.delete(ephemeralRunnerSets, { namespace, name: SET });
  const gone = async (): Promise<boolean> => {
    if (github.admin.runners().length > 0) return false;
    if ((await workflow.describe()).status.name === 'RUNNING') return false;
    const found = await census(scene);
    return found.runners.length + found.pods.length + found.secrets.length === 0;
  };
  await scene.alive(
    waitUntil(`The end of set ${namespace}/${SET}`, gone, { timeoutMs: 60_000, everyMs: 250 }),
  );
  await kubernetes.delete(secrets, { namespace, name: 'github' });
}
