import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import type { RunnerView as RegisteredRunner } from '../../../dev/github/protocol.ts';
import type { GitHubOptions, GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { Runners } from '../../../dev/runner/runners.ts';
import { startRunners } from '../../../dev/runner/runners.ts';
import { ensureTools } from '../../../dev/toolchain/toolchain.ts';
import type { Condition } from '../../../src/api/conditions.ts';
import { findCondition } from '../../../src/api/conditions.ts';
import type {
  EphemeralRunnerSet,
  EphemeralRunnerSetSpec,
} from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { EphemeralRunner, EphemeralRunnerSpec } from '../../../src/api/v1alpha1/ephemeral-runner.ts';
import type { GitHubConnectionsOptions } from '../../../src/github/connections.ts';
import { createGitHubConnections } from '../../../src/github/connections.ts';
import type { KubernetesClient, RequestRecord } from '../../../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../../../src/kubernetes/client/create-client.ts';
import { ignoreNotFound } from '../../../src/kubernetes/client/errors.ts';
import type { CoreEvent, Pod } from '../../../src/kubernetes/client/resources.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunnerSets,
  ephemeralRunners,
  events,
  pods,
  secrets,
} from '../../../src/kubernetes/client/resources.ts';
import type { RunnerSetView } from '../../../src/messages/ephemeral-runner-set.ts';
import { runnerSetStateQuery } from '../../../src/messages/ephemeral-runner-set.ts';
import type { RunnerSettings, ScaleSetOptions } from '../../../src/messages/settings.ts';
import {
  ephemeralRunnerSetWorkflowId,
  standaloneRunnersWorkflowId,
} from '../../../src/messages/workflow-ids.ts';
import { startWorker } from '../../../src/workers/worker.ts';
import { workflowCode } from '../../../src/workers/workflow-code.ts';
import { freshNamespace, freshTemporalNamespace, suiteServers } from './servers.ts';
import type { WorkerAccount } from './service-account.ts';
import { createWorkerAccount } from './service-account.ts';

/** How long a shared, slow machine may take for what takes a second on an idle one. */
const PATIENCE_MS = Number(process.env['PATIENCE'] ?? 60_000);

const POLL_MS = 100;

/** Repeats `check` until it no longer throws, and answers what it answers. Its last failure tells what was amiss. */
export async function eventually<T>(check: () => Promise<T> | T, withinMs = PATIENCE_MS): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(POLL_MS);
  }
}

/** Fails as soon as `check` throws within the time given. */
export async function always(forMs: number, check: () => Promise<void> | void): Promise<void> {
  const end = Date.now() + forMs;
  while (Date.now() < end) {
    await check();
    await sleep(POLL_MS);
  }
}

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The name of the Secret with the stand-in's token that each scene begins with. */
export const TOKEN_SECRET = 'github';

export interface SceneOptions {
  settings?: Partial<RunnerSettings>;
  scaleSets?: Partial<ScaleSetOptions>;
  /** Further namespaces that its worker serves, each with the Secret. */
  alsoIn?: string[];
  /** The worker's rights do not go when a namespace is deleted. */
  rightsEverywhere?: boolean;
  /** What the worker reaches the cluster with, where it is not to have exactly the rights of the charts' roles. */
  workerKubeconfig?: (parts: Pick<SceneParts, 'namespace' | 'kubernetes'>) => Promise<string>;
  /** What is in the cluster before the worker starts. */
  found?: (parts: Pick<SceneParts, 'namespace' | 'kubernetes' | 'github'>) => Promise<void>;
  /** Milliseconds between two full snapshots for all workflows. */
  snapshotIntervalMs?: number;
  github?: GitHubOptions;
  /** What the stand-in runners trust, when their GitHub speaks HTTPS. */
  runnersTrust?: string;
  connections?: GitHubConnectionsOptions;
}

/** Short ones: what takes minutes in production takes a second or two here. */
const SETTINGS: RunnerSettings = {
  runnerCreationConcurrency: 10,
  failureBackoffSeconds: [0.3, 0.6, 1.2],
  maxConsecutiveFailures: 3,
};

type PodTemplate = NonNullable<EphemeralRunnerSpec['spec']>;
type Container = PodTemplate['containers'][number];

/** A runner's pod, with changes to it and to its container. */
export const podTemplate = (
  pod: Partial<PodTemplate> = {},
  container: Partial<Container> = {},
): PodTemplate => ({
  containers: [{ name: 'runner', image: 'ghcr.io/actions/actions-runner:2', ...container }],
  ...pod,
});

/** The same pod by another revision. */
export const revision = (value: string): { spec: PodTemplate } => ({
  spec: podTemplate({}, { env: [{ name: 'REVISION', value }] }),
});

export interface WantedSet extends Omit<EphemeralRunnerSetSpec, 'ephemeralRunnerSpec'> {
  runner?: Partial<EphemeralRunnerSpec>;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

const run = promisify(execFile);

/**
 * A worker of this process with everything that it works with: a Kubernetes and a Temporal namespace, a GitHub and
 * runners of its own. Removes all of it at the end.
 */
export class Scene {
  readonly namespace: string;
  readonly cluster: string;
  /** The test's own client: what it does is not in `requests`. */
  readonly kubernetes: KubernetesClient;
  readonly github: GitHubStandIn;
  readonly runners: Runners;
  readonly temporal: Client;
  /** What the worker asked of the API server, in order. */
  readonly requests: (RequestRecord & { at: number })[];
  /** Every line that the worker and Temporal's SDK logged. */
  readonly logs: string[];
  private readonly kubectlPath: string;
  private readonly stops: (() => Promise<unknown>)[];
  private readonly parts: SceneParts;

  constructor(parts: SceneParts) {
    this.parts = parts;
    this.namespace = parts.namespace;
    this.cluster = parts.cluster;
    this.kubernetes = parts.kubernetes;
    this.github = parts.github;
    this.runners = parts.runners;
    this.temporal = parts.temporal;
    this.requests = parts.requests;
    this.logs = parts.logs;
    this.kubectlPath = parts.kubectlPath;
    this.stops = parts.stops;
  }

  /** The same scene as seen from another namespace that its worker serves. */
  inNamespace(namespace: string): Scene {
    return new Scene({ ...this.parts, namespace, stops: [] });
  }

  async kubectl(...args: string[]): Promise<string> {
    const common = ['--kubeconfig', suiteServers().kubeconfig, '--namespace', this.namespace];
    const { stdout } = await run(this.kubectlPath, [...common, ...args]);
    return stdout;
  }

  /** Applies objects of any kind. */
  async apply(...objects: object[]): Promise<void> {
    const file = join(await mkdtemp(join(tmpdir(), 'scene-')), 'objects.json');
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    await this.kubectl('apply', '-f', file);
    await rm(dirname(file), { recursive: true });
  }

  async createSecret(name: string, data: Record<string, string>): Promise<void> {
    await this.kubernetes.create(secrets, this.namespace, { metadata: { name }, stringData: data });
  }

  /** A set with a scale set of its own at GitHub. */
  async createSet(name: string, wanted: WantedSet = {}): Promise<RunnerSet> {
    const { runner, labels, annotations, ...spec } = wanted;
    const { id } = this.github.admin.createScaleSet({ name });
    await this.kubernetes.create(ephemeralRunnerSets, this.namespace, {
      metadata: { name, ...(labels && { labels }), ...(annotations && { annotations }) },
      spec: { replicas: 0, patchID: 0, ...spec, ephemeralRunnerSpec: { ...this.runnerSpec(id), ...runner } },
    } as unknown as EphemeralRunnerSet);
    return new RunnerSet(this, name, id);
  }

  runnerSpec(scaleSetId: number): EphemeralRunnerSpec {
    return {
      githubConfigUrl: this.github.configUrl('octo/app'),
      githubConfigSecret: TOKEN_SECRET,
      runnerScaleSetId: scaleSetId,
      spec: podTemplate(),
    };
  }

  /** A runner that belongs to no set, as a person creates it. */
  async createStandaloneRunner(
    name: string,
    scaleSetId: number,
    change: Partial<EphemeralRunnerSpec> = {},
  ): Promise<void> {
    const spec = { ...this.runnerSpec(scaleSetId), ...change };
    const runner = { metadata: { name }, spec } as unknown as EphemeralRunner;
    await this.kubernetes.create(ephemeralRunners, this.namespace, runner);
  }

  async allRunners(): Promise<EphemeralRunner[]> {
    return (await this.kubernetes.list(ephemeralRunners, { namespace: this.namespace })).items;
  }

  async runner(name: string): Promise<EphemeralRunner | undefined> {
    return ignoreNotFound(this.kubernetes.get(ephemeralRunners, { namespace: this.namespace, name }));
  }

  async pod(name: string): Promise<Pod | undefined> {
    return ignoreNotFound(this.kubernetes.get(pods, { namespace: this.namespace, name }));
  }

  async deletePod(name: string): Promise<void> {
    await this.kubernetes.delete(pods, { namespace: this.namespace, name });
  }

  /** Writes what the listener writes when GitHub tells it that a job has started. */
  async reportJob(name: string): Promise<void> {
    const status = { jobId: 'job-1', jobDisplayName: 'build', jobRequestId: 1001, workflowRunId: 2001 };
    const key = { namespace: this.namespace, name };
    await this.kubernetes.mergePatch(ephemeralRunners, key, { status }, { subresource: 'status' });
  }

  /** Starts a job on this runner, and lets the runner's status say so unless `reported` is false. */
  async startJob(name: string, { reported = true } = {}): Promise<string> {
    const { jobId } = this.github.admin.assignJob(name);
    const isBusy = () =>
      this.runners.list().some((runner) => runner.name === name && runner.state === 'busy');
    await eventually(() => expect(isBusy()).toBe(true));
    if (reported) await this.reportJob(name);
    return jobId;
  }

  job(jobId: string): { state: string; result?: string; runnerName?: string } {
    const found = this.github.admin.jobs().find((job) => job.jobId === jobId);
    if (!found) throw new Error(`There is no job ${jobId}.`);
    return found;
  }

  async events(filter: { reason?: string; about?: string; namespace?: string } = {}): Promise<CoreEvent[]> {
    const { namespace = this.namespace } = filter;
    const { items } = await this.kubernetes.list(events, { namespace });
    return items.filter(
      ({ reason, involvedObject, source }) =>
        source?.component === 'temporal-arc' &&
        (filter.reason === undefined || filter.reason === reason) &&
        (filter.about === undefined || filter.about === involvedObject.name),
    );
  }

  /** How often the worker called GitHub for this, since the log was cleared or since `since` (milliseconds). */
  calls(name: string, since = 0): number {
    return this.github.admin.calls().filter((call) => call.name === name && call.at >= since).length;
  }

  /** How many runners GitHub has registered since the log was cleared. */
  registrations(): number {
    return this.github.admin
      .calls()
      .filter(({ name, status }) => name === 'generatejitconfig' && status === 200).length;
  }

  standaloneWorkflow(): WorkflowHandle {
    return this.temporal.workflow.getHandle(standaloneRunnersWorkflowId(this.cluster, this.namespace));
  }

  /** Ends all jobs and faults, deletes all sets and runners, and waits until nothing of them is left anywhere. */
  async clear(): Promise<void> {
    const { admin } = this.github;
    admin.clearFaults();
    this.runners.rules.clear();
    const { namespace } = this;
    const { items: scaleSets } = await this.kubernetes.list(autoscalingRunnerSets, { namespace });
    for (const { metadata } of scaleSets) await this.remove(autoscalingRunnerSets, metadata.name ?? '');
    const { items } = await this.kubernetes.list(ephemeralRunnerSets, { namespace });
    const standalone = (await this.allRunners()).filter(({ metadata }) => !metadata.ownerReferences?.length);
    for (const { metadata } of items) await this.remove(ephemeralRunnerSets, metadata.name ?? '');
    for (const { metadata } of standalone) await this.remove(ephemeralRunners, metadata.name ?? '');
    await eventually(async () => {
      for (const { name, busy } of admin.runners()) if (busy) admin.finishJob(name);
      expect((await this.allRunners()).map(({ metadata }) => metadata.name)).toEqual([]);
      for (const resource of [autoscalingRunnerSets, autoscalingListeners, ephemeralRunnerSets])
        expect((await this.kubernetes.list<object>(resource as never, { namespace })).items).toEqual([]);
      expect(
        (await this.kubernetes.list(pods, { namespace })).items.map(({ metadata }) => metadata?.name),
      ).toEqual([]);
    });
    expect(admin.runners()).toEqual([]);
    expect(admin.stats().violations).toEqual([]);
  }

  private async remove(
    resource: typeof autoscalingRunnerSets | typeof ephemeralRunnerSets | typeof ephemeralRunners,
    name: string,
  ): Promise<void> {
    await ignoreNotFound(
      this.kubernetes.delete<object>(resource as never, { namespace: this.namespace, name }),
    );
  }

  /** Stops everything that the scene started, in the order that leaves nothing behind. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of this.stops.toReversed()) await stop().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'The scene could not be removed.');
  }
}

/** An EphemeralRunnerSet under test. */
export class RunnerSet {
  readonly name: string;
  readonly scaleSetId: number;
  private readonly scene: Scene;

  constructor(scene: Scene, name: string, scaleSetId: number) {
    this.scene = scene;
    this.name = name;
    this.scaleSetId = scaleSetId;
  }

  private get key(): { namespace: string; name: string } {
    return { namespace: this.scene.namespace, name: this.name };
  }

  read(): Promise<EphemeralRunnerSet> {
    return this.scene.kubernetes.get(ephemeralRunnerSets, this.key);
  }

  patch(
    spec: Omit<EphemeralRunnerSetSpec, 'ephemeralRunnerSpec'> & { ephemeralRunnerSpec?: object },
  ): Promise<unknown> {
    return this.scene.kubernetes.mergePatch(ephemeralRunnerSets, this.key, { spec });
  }

  /** Edits the runners' template. */
  edit(change: Partial<EphemeralRunnerSpec>): Promise<unknown> {
    return this.patch({ ephemeralRunnerSpec: change });
  }

  async runners(): Promise<EphemeralRunner[]> {
    const all = await this.scene.allRunners();
    return all.filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === this.name));
  }

  async names(): Promise<string[]> {
    return (await this.runners()).map(({ metadata }) => metadata.name ?? '').sort();
  }

  /** What GitHub knows of its runners. */
  registered(): RegisteredRunner[] {
    return this.scene.github.admin.runners(this.scaleSetId);
  }

  async condition(type: string): Promise<Condition | undefined> {
    return findCondition((await this.read()).status?.conditions, type);
  }

  /** The names of its runners, once it has exactly `count`, all of them up, and says so. */
  ready(count: number): Promise<string[]> {
    return eventually(async () => {
      const { metadata, status } = await this.read();
      const readiness = findCondition(status?.conditions, 'Ready');
      expect(readiness).toMatchObject({ status: 'True', observedGeneration: metadata.generation });
      const runners = await this.runners();
      const names = runners.map((runner) => runner.metadata.name ?? '').sort();
      expect(runners.filter((runner) => runner.status?.ready && runner.status.runnerId)).toHaveLength(count);
      expect(names).toHaveLength(count);
      expect(this.onlineNames()).toEqual(names);
      return names;
    });
  }

  registeredNames(): string[] {
    return this.registered()
      .map(({ name }) => name)
      .sort();
  }

  onlineNames(): string[] {
    return this.registered()
      .filter(({ online }) => online)
      .map(({ name }) => name)
      .sort();
  }

  events(reason?: string): Promise<CoreEvent[]> {
    return this.scene.events({ about: this.name, ...(reason !== undefined && { reason }) });
  }

  /** The workflow that serves it now. */
  workflow(): WorkflowHandle {
    const { cluster, namespace, temporal } = this.scene;
    return temporal.workflow.getHandle(ephemeralRunnerSetWorkflowId(cluster, namespace, this.name));
  }

  state(): Promise<RunnerSetView> {
    return this.workflow().query(runnerSetStateQuery);
  }
}

interface SceneParts {
  namespace: string;
  cluster: string;
  kubernetes: KubernetesClient;
  github: GitHubStandIn;
  runners: Runners;
  temporal: Client;
  requests: (RequestRecord & { at: number })[];
  logs: string[];
  kubectlPath: string;
  stops: (() => Promise<unknown>)[];
}

/** Starts a scene for one test file; its Kubernetes namespace holds a Secret with the stand-in's token. */
export async function startScene(name: string, options: SceneOptions = {}): Promise<Scene> {
  const { kubeconfig, temporalAddress } = suiteServers();
  const stops: SceneParts['stops'] = [];
  const logs: string[] = [];
  const logger = new DefaultLogger('INFO', (entry) =>
    logs.push(JSON.stringify({ ...entry, timestampNanos: 0 })),
  );
  Runtime.install({ logger, shutdownSignals: [] });
  const [namespace, temporalNamespace, { kubectl: kubectlPath }, workflowBundle] = await Promise.all([
    freshNamespace(name),
    freshTemporalNamespace(name),
    ensureTools(['kubectl']),
    workflowCode(logger),
  ]);
  stops.push(() => namespace.remove());
  const kubernetes = createKubernetesClient({ kubeConfig: kubeconfig });
  stops.push(() => kubernetes.close());
  const github = await startGitHub(options.github);
  stops.push(() => github.stop());
  const runners = await startRunners({ kubeconfig, ca: options.runnersTrust });
  stops.push(() => runners.stop());
  const connection = await Connection.connect({ address: temporalAddress });
  stops.push(() => connection.close());
  const temporal = new Client({ connection, namespace: temporalNamespace });
  const requests: SceneParts['requests'] = [];
  const cluster = `cluster-of-${name}`;
  const namespaces: [string, ...string[]] = [namespace.name, ...(options.alsoIn ?? [])];
  const worker = { cluster, temporalNamespace, workflowBundle, namespaces, logs, requests };
  await options.found?.({ namespace: namespace.name, kubernetes, github });
  const own = await options.workerKubeconfig?.({ namespace: namespace.name, kubernetes });
  const account = own === undefined ? await accountOf({ kubernetes, namespaces }, options) : undefined;
  if (account) stops.push(() => account.remove());
  stops.push(await startOwnWorker({ ...worker, kubeconfig: own ?? account?.kubeconfig ?? '' }, options));
  const parts = { namespace: namespace.name, cluster, kubernetes, github, runners, temporal };
  const scene = new Scene({ ...parts, requests, logs, kubectlPath, stops });
  stops.push(() => scene.clear());
  const secret = { metadata: { name: TOKEN_SECRET }, stringData: { github_token: github.token } };
  for (const each of namespaces) await kubernetes.create(secrets, each, secret);
  return scene;
}

const accountOf = (
  { kubernetes, namespaces }: { kubernetes: KubernetesClient; namespaces: [string, ...string[]] },
  { rightsEverywhere: everywhere }: SceneOptions,
): Promise<WorkerAccount> =>
  createWorkerAccount(kubernetes, { kubeconfig: suiteServers().kubeconfig, namespaces, everywhere });

const ignore = (): void => undefined;

interface OwnWorker extends Pick<SceneParts, 'cluster' | 'logs' | 'requests'> {
  temporalNamespace: string;
  workflowBundle: Awaited<ReturnType<typeof workflowCode>>;
  namespaces: string[];
  kubeconfig: string;
}

/** @returns stops it */
async function startOwnWorker(
  { logs, requests, kubeconfig, ...parts }: OwnWorker,
  { settings, scaleSets, snapshotIntervalMs = 600_000, connections }: SceneOptions,
): Promise<() => Promise<void>> {
  const { temporalAddress } = suiteServers();
  const kubernetes = createKubernetesClient({
    kubeConfig: kubeconfig,
    onRequest: (record) => requests.push({ ...record, at: Date.now() }),
  });
  const github = createGitHubConnections(connections);
  const connection = await NativeConnection.connect({ address: temporalAddress });
  const worker = await startWorker({
    ...parts,
    kubernetes,
    github,
    connection,
    version: '0.0.0-test',
    snapshotIntervalMs,
    settings: { ...SETTINGS, ...settings },
    scaleSets,
    metrics: {
      rebuilt: (kind) => logs.push(`rebuilt ${kind}`),
      runnerCreated: ignore,
      replicas: ignore,
      unwatched: ignore,
      refused: ignore,
      runners: ignore,
    },
    log: (message, facts) => logs.push(JSON.stringify({ message, ...facts })),
    onPass: () => undefined,
    maxCachedWorkflows: 100,
    workflowPollers: 2,
    activityPollers: 5,
    shutdownGraceMs: 2_000,
  });
  return async () => {
    await worker.stop();
    await Promise.all([connection.close(), kubernetes.close(), github.close()]);
  };
}
