/**
 * Records the histories that test/workflows/replay.test.ts replays: real runs on a control plane, a Temporal server,
 * a stand-in for GitHub and stand-in runners, all started here. About two minutes.
 *
 *   node test/histories/record.ts            records all
 *   node test/histories/record.ts blocked    records those whose name contains the word
 *
 * Record anew only when replaying is meant to break, and say so in the change: histories of released versions are kept,
 * because workflows that began under them are still running somewhere.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import type { Cluster } from '../../dev/cluster/cluster.ts';
import { startCluster } from '../../dev/cluster/cluster.ts';
import type { GitHubStandIn } from '../../dev/github/stand-in.ts';
import { startGitHub } from '../../dev/github/stand-in.ts';
import { waitUntil } from '../../dev/processes.ts';
import type { Runners } from '../../dev/runner/runners.ts';
import { startRunners } from '../../dev/runner/runners.ts';
import { startTemporal } from '../../dev/temporal.ts';
import { RUNNER_SCALE_SET_ID_ANNOTATION } from '../../src/api/annotations.ts';
import { listenerName } from '../../src/api/names.ts';
import type { AutoscalingRunnerSet } from '../../src/api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSet } from '../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { EphemeralRunner } from '../../src/api/v1alpha1/ephemeral-runner.ts';
import { createGitHubConnections } from '../../src/github/connections.ts';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../../src/kubernetes/client/create-client.ts';
import {
  autoscalingRunnerSets,
  ephemeralRunnerSets,
  ephemeralRunners,
  namespaces,
  secrets,
} from '../../src/kubernetes/client/resources.ts';
import type { RunnerSetView, ScaleRequest } from '../../src/messages/ephemeral-runner-set.ts';
import {
  observeRunnerSetSignal,
  pauseSignal,
  pauseUpdate,
  resumeSignal,
  resumeUpdate,
  runnerSetStateQuery,
  scaleSignal,
  scaleUpdate,
} from '../../src/messages/ephemeral-runner-set.ts';
import {
  clusterWatchWorkflowId,
  autoscalingListenerWorkflowId,
  standaloneRunnersWorkflowId,
  ephemeralRunnerSetWorkflowId,
  autoscalingRunnerSetWorkflowId,
} from '../../src/messages/workflow-ids.ts';
import { createMetrics } from '../../src/workers/metrics/metrics.ts';
import { startWorker } from '../../src/workers/worker.ts';
import { workflowCode } from '../../src/workers/workflow-code.ts';
import type { HistoryJson } from './history-json.ts';
import { toHistoryJson } from './history-json.ts';

const CLUSTER = 'recorded';
const TOKEN = 'ghp_neverInAnyHistory';
const folder = new URL('./', import.meta.url);

/** What a scenario works with. Each has a namespace of its own; its EphemeralRunnerSet is called `demo`. */
interface Scene {
  namespace: string;
  kubernetes: KubernetesClient;
  github: GitHubStandIn;
  runners: Runners;
  temporal: Client;
}

/** Acts, and answers the id of the workflow whose history is kept. */
type Scenario = (scene: Scene) => Promise<string>;

const key = ({ namespace }: Scene) => ({ namespace, name: 'demo' });
const runnerSetId = ({ namespace }: Scene): string =>
  ephemeralRunnerSetWorkflowId(CLUSTER, namespace, 'demo');

const runnerSpec = ({ github }: Scene, revision: string) => ({
  githubConfigUrl: github.configUrl('octo/repo'),
  githubConfigSecret: 'github',
  runnerScaleSetId: 1,
  spec: { containers: [{ name: 'runner', image: `runner:${revision}` }] },
});

const createRunnerSet = async (scene: Scene, replicas: number): Promise<void> => {
  const spec = { replicas, patchID: 0, ephemeralRunnerSpec: runnerSpec(scene, '1') };
  const runnerSet = { metadata: { name: 'demo' }, spec } as EphemeralRunnerSet;
  await scene.kubernetes.create(ephemeralRunnerSets, scene.namespace, runnerSet);
};

const createToken = async ({ kubernetes, namespace }: Scene): Promise<void> => {
  const data = { github_token: Buffer.from(TOKEN).toString('base64') };
  await kubernetes.create(secrets, namespace, { metadata: { name: 'github' }, data });
};

const patchRunnerSet = (scene: Scene, patch: object): Promise<EphemeralRunnerSet> =>
  scene.kubernetes.mergePatch(ephemeralRunnerSets, key(scene), patch);

const view = ({ temporal }: Scene, id: string): Promise<RunnerSetView> =>
  temporal.workflow.getHandle(id).query(runnerSetStateQuery);

const until = (scene: Scene, what: string, check: (view: RunnerSetView) => boolean): Promise<void> =>
  waitUntil(what, async () => check(await view(scene, runnerSetId(scene))));

const untilIdle = (scene: Scene, count: number): Promise<void> =>
  until(scene, `${count} idle runners`, ({ runners, current }) => {
    return current === count && runners.length === count && runners.every(({ stage }) => stage === 'idle');
  });

const untilClosed = ({ temporal }: Scene, id: string): Promise<void> =>
  waitUntil('The end of the workflow', async () => {
    return (await temporal.workflow.getHandle(id).describe()).status.name === 'COMPLETED';
  });

const SCENARIOS: Record<string, Scenario> = {
  'scale-up-and-down': async (scene) => {
    await createToken(scene);
    await createRunnerSet(scene, 0);
    await patchRunnerSet(scene, { spec: { replicas: 30 } });
    await untilIdle(scene, 30);
    await patchRunnerSet(scene, { spec: { replicas: 5 } });
    await untilIdle(scene, 5);
    return runnerSetId(scene);
  },

  // Few runners at a time: one activity creates them all. The listener tells how the job of one ended.
  'short-batches': async (scene) => {
    await createToken(scene);
    await createRunnerSet(scene, 4);
    await untilIdle(scene, 4);
    const name = await anyRunner(scene);
    const workflow = scene.temporal.workflow.getHandle(runnerSetId(scene));
    await workflow.signal(observeRunnerSetSignal, { at: Date.now(), jobResults: { [name]: 'succeeded' } });
    await waitUntil('The result of the job', async () => {
      const { status } = await scene.kubernetes.get(ephemeralRunners, { namespace: scene.namespace, name });
      return status?.jobResult === 'succeeded';
    });
    await patchRunnerSet(scene, { spec: { replicas: 9 } });
    await untilIdle(scene, 9);
    return runnerSetId(scene);
  },

  // Statuses of runners are written after others have been created.
  'statuses-yield-to-creation': async (scene) => {
    await createToken(scene);
    await createRunnerSet(scene, 60);
    await untilIdle(scene, 60);
    return runnerSetId(scene);
  },

  'failed-runners': async (scene) => {
    await createToken(scene);
    scene.runners.rules.add({ namespace: scene.namespace, exitCode: 1, times: 6 });
    await createRunnerSet(scene, 3);
    await until(scene, 'Failures in a row', ({ failures }) => failures.inARow > 3);
    await untilIdle(scene, 3);
    scene.runners.evict({ namespace: scene.namespace, name: await anyRunner(scene) });
    await until(scene, 'An eviction', ({ pastFailures }) =>
      pastFailures.some(({ reason }) => reason === 'Evicted'),
    );
    await untilIdle(scene, 3);
    return runnerSetId(scene);
  },

  'outdated-runners': async (scene) => {
    await createToken(scene);
    scene.runners.rules.add({ namespace: scene.namespace, exitCode: 7 });
    await createRunnerSet(scene, 2);
    await until(scene, 'Outdated', ({ outdatedRevision }) => outdatedRevision !== undefined);
    await until(scene, 'No more runners', ({ runners }) => runners.length === 0);
    scene.runners.rules.clear();
    await patchRunnerSet(scene, { spec: { ephemeralRunnerSpec: runnerSpec(scene, '2') } });
    await untilIdle(scene, 2);
    return runnerSetId(scene);
  },

  'new-template': async (scene) => {
    await createToken(scene);
    await createRunnerSet(scene, 6);
    await untilIdle(scene, 6);
    const busy = await anyRunner(scene);
    scene.github.admin.assignJob(busy);
    await patchRunnerSet(scene, { spec: { ephemeralRunnerSpec: runnerSpec(scene, '2') } });
    await until(scene, 'The job keeps its runner', ({ runners }) => {
      return runners.length === 6 && runners.every(({ stage }) => stage === 'idle' || stage === 'busy');
    });
    scene.github.admin.finishJob(busy);
    await untilIdle(scene, 6);
    return runnerSetId(scene);
  },

  'creation-blocked': async (scene) => {
    await createRunnerSet(scene, 4);
    await until(
      scene,
      'The block on creation',
      ({ blocked }) => blocked?.reason === 'SecretNotFound' && blocked.tries > 2,
    );
    await createToken(scene);
    await untilIdle(scene, 4);
    scene.github.admin.addFault({
      match: 'generatejitconfig',
      kind: 'status',
      status: 429,
      retryAfter: 1,
      times: 3,
    });
    await patchRunnerSet(scene, { spec: { replicas: 8 } });
    await untilIdle(scene, 8);
    return runnerSetId(scene);
  },

  'pause-resume-scale': async (scene) => {
    await createToken(scene);
    await createRunnerSet(scene, 1);
    await untilIdle(scene, 1);
    const handle = scene.temporal.workflow.getHandle(runnerSetId(scene));
    await handle.executeUpdate(pauseUpdate);
    await until(scene, 'Paused', ({ paused }) => paused);
    await handle.executeUpdate(scaleUpdate, { args: [{ replicas: 3 }] });
    await handle.executeUpdate(scaleUpdate, { args: [{ replicas: -1 }] }).catch(() => undefined);
    await handle.signal(scaleSignal, { replicas: 'many' } as unknown as ScaleRequest);
    await handle.executeUpdate(resumeUpdate);
    await untilIdle(scene, 3);
    await handle.signal(pauseSignal);
    await until(scene, 'Paused', ({ paused }) => paused);
    await handle.signal(scaleSignal, { replicas: 2 });
    await handle.signal(resumeSignal);
    await untilIdle(scene, 2);
    return runnerSetId(scene);
  },

  'jobs-and-deletion': async (scene) => {
    await createToken(scene);
    await createRunnerSet(scene, 0);
    await patchRunnerSet(scene, { spec: { replicas: 5, patchID: 1 } });
    await untilIdle(scene, 5);
    const [first, second] = await namesOf(scene);
    for (const name of [first, second]) scene.github.admin.assignJob(name ?? '');
    await writeJobStatus(scene, second ?? '');
    scene.github.admin.finishJob(first ?? '');
    await until(scene, 'One job done', ({ runners }) => runners.every(({ name }) => name !== first));
    await scene.kubernetes.delete(ephemeralRunnerSets, key(scene));
    await until(scene, 'Only the busy one', ({ runners }) => runners.length === 1);
    scene.github.admin.finishJob(second ?? '');
    await untilClosed(scene, runnerSetId(scene));
    return runnerSetId(scene);
  },

  'standalone-runners': async (scene) => {
    await createToken(scene);
    const id = standaloneRunnersWorkflowId(CLUSTER, scene.namespace);
    scene.runners.rules.add({ namespace: scene.namespace, exitCode: 1, times: 1 });
    for (const name of ['alone', 'apart']) {
      const runner = { metadata: { name }, spec: runnerSpec(scene, '1') } as EphemeralRunner;
      await scene.kubernetes.create(ephemeralRunners, scene.namespace, runner);
    }
    await waitUntil('Two runners', async () => {
      const { runners, pastFailures } = await view(scene, id);
      return pastFailures.length > 0 && runners.filter(({ stage }) => stage === 'idle').length === 2;
    });
    for (const name of ['alone', 'apart']) {
      await scene.kubernetes.delete(ephemeralRunners, { namespace: scene.namespace, name });
    }
    await untilClosed(scene, id);
    return id;
  },

  'autoscaling-runner-set': async (scene) => {
    await playAutoscalingRunnerSet(scene);
    return autoscalingRunnerSetId(scene);
  },

  'autoscaling-listener': async (scene) => {
    await playAutoscalingRunnerSet(scene);
    return listenerId(scene);
  },

  'cluster-watch': async (scene) => {
    const id = clusterWatchWorkflowId(CLUSTER);
    await waitUntil('The watch', async () => {
      const { raw } = await scene.temporal.workflow.getHandle(id).describe();
      return (raw.pendingActivities ?? []).some(({ heartbeatDetails, lastHeartbeatTime }) => {
        return Boolean(heartbeatDetails ?? lastHeartbeatTime);
      });
    });
    return id;
  },
};

/** Run under a limit for histories: the run that is kept began with carried state, and ended by continuing as new. */
const CONTINUED: Record<string, Scenario> = {
  'continued-as-new': async (scene) => {
    await createToken(scene);
    await createRunnerSet(scene, 0);
    for (const replicas of [12, 3, 15, 2]) {
      await patchRunnerSet(scene, { spec: { replicas } });
      await untilIdle(scene, replicas);
    }
    return runnerSetId(scene);
  },
};

/** The AutoscalingRunnerSet of a scenario. */
const QUEUE = 'queue';

const autoscalingRunnerSetId = ({ namespace }: Scene): string =>
  autoscalingRunnerSetWorkflowId(CLUSTER, namespace, QUEUE);

function listenerId({ namespace, github }: Scene): string {
  const name = listenerName({ namespace, name: QUEUE, githubConfigUrl: github.configUrl('octo/repo') });
  return autoscalingListenerWorkflowId(CLUSTER, namespace, name);
}

/** The life of an AutoscalingRunnerSet: jobs, another template, another maximum, the end. */
async function playAutoscalingRunnerSet(scene: Scene): Promise<void> {
  const { kubernetes, namespace, github } = scene;
  const { admin } = github;
  await createToken(scene);
  const { spec: pod, ...access } = runnerSpec(scene, '1');
  const spec = {
    githubConfigUrl: access.githubConfigUrl,
    githubConfigSecret: access.githubConfigSecret,
    ...{ minRunners: 1, maxRunners: 3, template: { spec: pod } },
  };
  const key = { namespace, name: QUEUE };
  const object = { metadata: { name: QUEUE }, spec } as AutoscalingRunnerSet;
  await kubernetes.create(autoscalingRunnerSets, namespace, object);
  const scaleSetId = async (): Promise<number> => {
    const { metadata } = await kubernetes.get(autoscalingRunnerSets, key);
    return Number(metadata.annotations?.[RUNNER_SCALE_SET_ID_ANNOTATION] ?? 0);
  };
  const onlineOf = async (count: number): Promise<boolean> => {
    const id = await scaleSetId();
    return id > 0 && admin.runners(id).filter(({ online }) => online).length === count;
  };
  const settled = (): Promise<void> => waitUntil('One idle runner', () => onlineOf(1), { timeoutMs: 60_000 });
  await settled();
  const jobs = admin.queueJobs({ scaleSetId: await scaleSetId(), count: 5, durationMs: 500 });
  const states = (): Set<string> => {
    const ids = new Set(jobs.map(({ jobId }) => jobId));
    return new Set(admin.jobs().flatMap(({ jobId, state }) => (ids.has(jobId) ? [state] : [])));
  };
  await waitUntil('Five jobs', () => Promise.resolve([...states()].join() === 'completed'), {
    timeoutMs: 60_000,
  });
  await settled();
  const container = { name: 'runner', image: 'runner:2' };
  await kubernetes.mergePatch(autoscalingRunnerSets, key, {
    spec: { maxRunners: 5, template: { spec: { containers: [container] } } },
  });
  await waitUntil('The new template', async () => {
    const { items } = await kubernetes.list(ephemeralRunners, { namespace });
    return (
      items.length === 1 &&
      items.every((runner) => runner.spec.spec?.containers[0]?.image === container.image)
    );
  });
  await settled();
  await kubernetes.delete(autoscalingRunnerSets, key);
  for (const id of [autoscalingRunnerSetId(scene), listenerId(scene)]) await untilClosed(scene, id);
}

async function namesOf({ kubernetes, namespace }: Scene): Promise<string[]> {
  const { items } = await kubernetes.list(ephemeralRunners, { namespace });
  return items.map(({ metadata }) => metadata.name ?? '');
}

async function anyRunner(scene: Scene): Promise<string> {
  const [name] = await namesOf(scene);
  if (name === undefined) throw new Error(`No runner in ${scene.namespace}.`);
  return name;
}

/** Writes the status of a runner that a job was given to, as the listener does. */
async function writeJobStatus({ kubernetes, namespace }: Scene, name: string): Promise<void> {
  const status = { jobId: 'job-1', jobDisplayName: 'build' };
  await kubernetes.mergePatch(ephemeralRunners, { namespace, name }, { status }, { subresource: 'status' });
}

/** Takes out what tells of the machine that recorded it, and means nothing to a replay. */
function withoutOrigin(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOrigin);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => {
    if (name === 'identity' || name === 'lastWorkerIdentity') return [name, 'worker'];
    if (name === 'stackTrace') return [name, ''];
    // A sticky task queue is named after its worker's process and machine.
    if (name === 'name' && 'normalName' in value) return [name, 'sticky'];
    return [name, withoutOrigin(member)];
  });
  return Object.fromEntries(entries) as unknown;
}

/** The run that is kept: the latest, or with `carried` the latest that both began and ended as one of several. */
async function historyOf(temporal: Client, workflowId: string, carried: boolean): Promise<HistoryJson> {
  let runId: string | undefined;
  if (carried) {
    const query = `WorkflowId = "${workflowId}" AND ExecutionStatus = "ContinuedAsNew"`;
    for await (const run of temporal.workflow.list({ query })) {
      runId = run.runId;
      break;
    }
  }
  const history = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
  return withoutOrigin(toHistoryJson(history)) as HistoryJson;
}

/** One event a line: a change of a history can be read in a diff. */
const textOf = ({ events }: HistoryJson): string =>
  `{"events":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`;

async function record(name: string, scenario: Scenario, shared: Omit<Scene, 'namespace'>): Promise<void> {
  const { kubernetes, temporal } = shared;
  await kubernetes.create(namespaces, undefined, { metadata: { name } });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true };
  await waitUntil('The service account', async () => {
    await kubernetes.get(account, { namespace: name, name: 'default' });
    return true;
  });
  shared.runners.rules.clear();
  const workflowId = await scenario({ ...shared, namespace: name });
  const text = textOf(await historyOf(temporal, workflowId, name in CONTINUED));
  writeFileSync(new URL(`${name}.json`, folder), text);
  console.log(`${name}: ${text.split('\n').length - 3} events, ${Math.ceil(text.length / 1024)} KiB`);
}

/** Brings up what the scenarios need beside the cluster, records them one after the other, and stops it again. */
async function recordAll(
  scenarios: Record<string, Scenario>,
  cluster: Cluster,
  dynamicConfig: Record<string, unknown>,
): Promise<void> {
  const server = await startTemporal({ storage: 'memory', dynamicConfig });
  const github = await startGitHub({ latency: { generatejitconfig: 20 } });
  github.admin.setCredentials({ tokens: [TOKEN] });
  github.admin.createScaleSet({ id: 1, name: 'demo' });
  const runners = await startRunners({ kubeconfig: cluster.kubeconfig });
  const kubernetes = createKubernetesClient({ kubeConfig: cluster.kubeconfig });
  const connections = createGitHubConnections();
  const connection = await NativeConnection.connect({ address: server.address });
  const worker = await startWorker({
    ...{
      cluster: CLUSTER,
      version: '0.0.0',
      kubernetes,
      github: connections,
      namespaces: Object.keys(scenarios),
    },
    ...{ connection, temporalNamespace: 'default', snapshotIntervalMs: 600_000, log: () => undefined },
    ...{ workflowPollers: 5, activityPollers: 5, maxCachedWorkflows: 100, shutdownGraceMs: 1_000 },
    settings: {
      runnerCreationConcurrency: 10,
      failureBackoffSeconds: [0.5, 1, 2],
      maxConsecutiveFailures: 3,
    },
    metrics: createMetrics({ processMetrics: false }),
    onPass: () => undefined,
    workflowBundle: await workflowCode(new DefaultLogger('ERROR')),
  });
  const shared = { kubernetes, github, runners, temporal: new Client({ connection }) };
  try {
    for (const [name, scenario] of Object.entries(scenarios)) await record(name, scenario, shared);
  } finally {
    await worker.stop();
    await Promise.all([runners.stop(), github.stop(), connections.close(), kubernetes.close()]);
    await connection.close();
    await server.stop();
  }
}

const { positionals } = parseArgs({ allowPositionals: true });
const chosen = (scenarios: Record<string, Scenario>): Record<string, Scenario> =>
  Object.fromEntries(
    Object.entries(scenarios).filter(
      ([name]) => positionals.length === 0 || positionals.some((word) => name.includes(word)),
    ),
  );

Runtime.install({ logger: new DefaultLogger('ERROR') });
const cluster = await startCluster({ nodes: 2 });
try {
  for (const [scenarios, dynamicConfig] of [
    [chosen(SCENARIOS), {}],
    [chosen(CONTINUED), { 'limit.historyCount.suggestContinueAsNew': 60 }],
  ] as const) {
    if (Object.keys(scenarios).length > 0) await recordAll(scenarios, cluster, dynamicConfig);
  }
} finally {
  await cluster.stop();
}
process.exit();
