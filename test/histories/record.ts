/**
 * Records the histories that test/workflows/replay.test.ts replays: real runs on a control plane, a Temporal server,
 * a stand-in for GitHub and stand-in runners, all started here. About two minutes.
 *
 *   node test/histories/record.ts            records all
 *   node test/histories/record.ts trouble    records those whose name contains the word
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
import { autoscalingRunnerSets, ephemeralRunnerSets, ephemeralRunners, namespaces, secrets } from '../../src/kubernetes/client/resources.ts';
import type { RunnerSetView } from '../../src/messages/ephemeral-runner-set.ts';
import { autoscalingListenerWorkflowId, autoscalingRunnerSetWorkflowId, clusterWatchWorkflowId, ephemeralRunnerSetWorkflowId, standaloneRunnersWorkflowId } from '../../src/messages/workflow-ids.ts';
import { createMetrics } from '../../src/workers/metrics/metrics.ts';
import { startWorker } from '../../src/workers/worker.ts';
import { workflowCode } from '../../src/workers/workflow-code.ts';
import type { HistoryJson } from './history-json.ts';
import { toHistoryJson } from './history-json.ts';

const CLUSTER = 'recorded';
const TOKEN = 'ghp_neverInAnyHistory';
const folder = new URL('./', import.meta.url);

/** What a scenario works with. Each has a namespace of its own; its set is called `demo`. */
interface Stage {
  namespace: string;
  kubernetes: KubernetesClient;
  github: GitHubStandIn;
  runners: Runners;
  temporal: Client;
}

/** Acts, and answers the id of the workflow whose history is kept. */
type Scenario = (stage: Stage) => Promise<string>;

const key = ({ namespace }: Stage) => ({ namespace, name: 'demo' });
const setId = ({ namespace }: Stage): string => ephemeralRunnerSetWorkflowId(CLUSTER, namespace, 'demo');

const runnerSpec = ({ github }: Stage, revision: string) => ({
  githubConfigUrl: github.configUrl('octo/repo'),
  githubConfigSecret: 'github',
  runnerScaleSetId: 1,
  spec: { containers: [{ name: 'runner', image: `runner:${revision}` }] },
});

const createSet = async (stage: Stage, replicas: number): Promise<void> => {
  const spec = { replicas, patchID: 0, ephemeralRunnerSpec: runnerSpec(stage, '1') };
  const set = { metadata: { name: 'demo' }, spec } as EphemeralRunnerSet;
  await stage.kubernetes.create(ephemeralRunnerSets, stage.namespace, set);
};

const createToken = async ({ kubernetes, namespace }: Stage): Promise<void> => {
  const data = { github_token: Buffer.from(TOKEN).toString('base64') };
  await kubernetes.create(secrets, namespace, { metadata: { name: 'github' }, data });
};

const patchSet = (stage: Stage, patch: object): Promise<EphemeralRunnerSet> =>
  stage.kubernetes.mergePatch(ephemeralRunnerSets, key(stage), patch);

const view = ({ temporal }: Stage, id: string): Promise<RunnerSetView> =>
  temporal.workflow.getHandle(id).query<RunnerSetView>('state');

const until = (stage: Stage, what: string, check: (view: RunnerSetView) => boolean): Promise<void> =>
  waitUntil(what, async () => check(await view(stage, setId(stage))));

const untilIdle = (stage: Stage, count: number): Promise<void> =>
  until(stage, `${count} idle runners`, ({ runners, current }) => {
    return current === count && runners.length === count && runners.every(({ stage: at }) => at === 'idle');
  });

const untilClosed = ({ temporal }: Stage, id: string): Promise<void> =>
  waitUntil('The end of the workflow', async () => {
    return (await temporal.workflow.getHandle(id).describe()).status.name === 'COMPLETED';
  });

const SCENARIOS: Record<string, Scenario> = {
  'scale-up-and-down': async (stage) => {
    await createToken(stage);
    await createSet(stage, 0);
    await patchSet(stage, { spec: { replicas: 30 } });
    await untilIdle(stage, 30);
    await patchSet(stage, { spec: { replicas: 5 } });
    await untilIdle(stage, 5);
    return setId(stage);
  },

  // Lanes of one runner share an activity, and a runner outlives its job.
  'few-at-once': async (stage) => {
    await createToken(stage);
    await createSet(stage, 4);
    await untilIdle(stage, 4);
    const name = await anyRunner(stage);
    const workflow = stage.temporal.workflow.getHandle(setId(stage));
    await workflow.signal('observe', { at: Date.now(), jobResults: { [name]: 'succeeded' } });
    await waitUntil('The result of the job', async () => {
      const { status } = await stage.kubernetes.get(ephemeralRunners, { namespace: stage.namespace, name });
      return status?.jobResult === 'succeeded';
    });
    await patchSet(stage, { spec: { replicas: 9 } });
    await untilIdle(stage, 9);
    return setId(stage);
  },

  // Statuses of runners yield while others are being created.
  'runners-go-first': async (stage) => {
    await createToken(stage);
    await createSet(stage, 60);
    await untilIdle(stage, 60);
    return setId(stage);
  },

  failures: async (stage) => {
    await createToken(stage);
    stage.runners.rules.add({ namespace: stage.namespace, exitCode: 1, times: 6 });
    await createSet(stage, 3);
    await until(stage, 'Failures in a row', ({ failures }) => failures.inARow > 3);
    await untilIdle(stage, 3);
    stage.runners.evict({ namespace: stage.namespace, name: await anyRunner(stage) });
    await until(stage, 'An eviction', ({ pastFailures }) => pastFailures.some(({ reason }) => reason === 'Evicted'));
    await untilIdle(stage, 3);
    return setId(stage);
  },

  outdated: async (stage) => {
    await createToken(stage);
    stage.runners.rules.add({ namespace: stage.namespace, exitCode: 7 });
    await createSet(stage, 2);
    await until(stage, 'Outdated', ({ outdatedRevision }) => outdatedRevision !== undefined);
    await until(stage, 'No more runners', ({ runners }) => runners.length === 0);
    stage.runners.rules.clear();
    await patchSet(stage, { spec: { ephemeralRunnerSpec: runnerSpec(stage, '2') } });
    await untilIdle(stage, 2);
    return setId(stage);
  },

  'new-template': async (stage) => {
    await createToken(stage);
    await createSet(stage, 6);
    await untilIdle(stage, 6);
    const worker = await anyRunner(stage);
    stage.github.admin.assignJob(worker);
    await patchSet(stage, { spec: { ephemeralRunnerSpec: runnerSpec(stage, '2') } });
    await until(stage, 'The job keeps its runner', ({ runners }) => {
      return runners.length === 6 && runners.every(({ stage: at }) => at === 'idle' || at === 'busy');
    });
    stage.github.admin.finishJob(worker);
    await untilIdle(stage, 6);
    return setId(stage);
  },

  'trouble-and-healing': async (stage) => {
    await createSet(stage, 4);
    await until(stage, 'Trouble', ({ blocked }) => blocked?.reason === 'SecretNotFound' && blocked.tries > 2);
    await createToken(stage);
    await untilIdle(stage, 4);
    stage.github.admin.addFault({ match: 'generatejitconfig', kind: 'status', status: 429, retryAfter: 1, times: 3 });
    await patchSet(stage, { spec: { replicas: 8 } });
    await untilIdle(stage, 8);
    return setId(stage);
  },

  'pause-resume-scale': async (stage) => {
    await createToken(stage);
    await createSet(stage, 1);
    await untilIdle(stage, 1);
    const handle = stage.temporal.workflow.getHandle(setId(stage));
    await handle.executeUpdate('pause');
    await until(stage, 'Paused', ({ paused }) => paused);
    await handle.executeUpdate('scale', { args: [{ replicas: 3 }] });
    await handle.executeUpdate('scale', { args: [{ replicas: -1 }] }).catch(() => undefined);
    await handle.signal('scale', { replicas: 'many' });
    await handle.executeUpdate('resume');
    await untilIdle(stage, 3);
    await handle.signal('pause');
    await until(stage, 'Paused', ({ paused }) => paused);
    await handle.signal('scale', { replicas: 2 });
    await handle.signal('resume');
    await untilIdle(stage, 2);
    return setId(stage);
  },

  'jobs-and-deletion': async (stage) => {
    await createToken(stage);
    await createSet(stage, 0);
    await patchSet(stage, { spec: { replicas: 5, patchID: 1 } });
    await untilIdle(stage, 5);
    const [first, second] = await namesOf(stage);
    for (const name of [first, second]) stage.github.admin.assignJob(name ?? '');
    await setJob(stage, second ?? '');
    stage.github.admin.finishJob(first ?? '');
    await until(stage, 'One job done', ({ runners }) => runners.every(({ name }) => name !== first));
    await stage.kubernetes.delete(ephemeralRunnerSets, key(stage));
    await until(stage, 'Only the busy one', ({ runners }) => runners.length === 1);
    stage.github.admin.finishJob(second ?? '');
    await untilClosed(stage, setId(stage));
    return setId(stage);
  },

  'runners-of-no-set': async (stage) => {
    await createToken(stage);
    const id = standaloneRunnersWorkflowId(CLUSTER, stage.namespace);
    stage.runners.rules.add({ namespace: stage.namespace, exitCode: 1, times: 1 });
    for (const name of ['alone', 'apart']) {
      const runner = { metadata: { name }, spec: runnerSpec(stage, '1') } as EphemeralRunner;
      await stage.kubernetes.create(ephemeralRunners, stage.namespace, runner);
    }
    await waitUntil('Two runners', async () => {
      const { runners, pastFailures } = await view(stage, id);
      return pastFailures.length > 0 && runners.filter(({ stage: at }) => at === 'idle').length === 2;
    });
    for (const name of ['alone', 'apart']) {
      await stage.kubernetes.delete(ephemeralRunners, { namespace: stage.namespace, name });
    }
    await untilClosed(stage, id);
    return id;
  },

  'scale-set': async (stage) => {
    await playScaleSet(stage);
    return queueId(stage);
  },

  listener: async (stage) => {
    await playScaleSet(stage);
    return listenerId(stage);
  },

  'cluster-watch': async (stage) => {
    const id = clusterWatchWorkflowId(CLUSTER);
    await waitUntil('The watch', async () => {
      const { raw } = await stage.temporal.workflow.getHandle(id).describe();
      return (raw.pendingActivities ?? []).some(({ heartbeatDetails, lastHeartbeatTime }) => {
        return Boolean(heartbeatDetails ?? lastHeartbeatTime);
      });
    });
    return id;
  },
};

/** With a history that may not grow: the run that is kept began with carried state, and ended by continuing as new. */
const ROLLING: Record<string, Scenario> = {
  'continued-as-new': async (stage) => {
    await createToken(stage);
    await createSet(stage, 0);
    for (const replicas of [12, 3, 15, 2]) {
      await patchSet(stage, { spec: { replicas } });
      await untilIdle(stage, replicas);
    }
    return setId(stage);
  },
};

const QUEUE = 'queue';

const queueId = ({ namespace }: Stage): string => autoscalingRunnerSetWorkflowId(CLUSTER, namespace, QUEUE);

function listenerId({ namespace, github }: Stage): string {
  const name = listenerName({ namespace, name: QUEUE, githubConfigUrl: github.configUrl('octo/repo') });
  return autoscalingListenerWorkflowId(CLUSTER, namespace, name);
}

/** A scale set's life: jobs, another template, another maximum, the end. */
async function playScaleSet(stage: Stage): Promise<void> {
  const { kubernetes, namespace, github } = stage;
  const { admin } = github;
  await createToken(stage);
  const { spec: pod, ...access } = runnerSpec(stage, '1');
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
  await waitUntil('Five jobs', () => Promise.resolve([...states()].join() === 'completed'), { timeoutMs: 60_000 });
  await settled();
  const container = { name: 'runner', image: 'runner:2' };
  await kubernetes.mergePatch(autoscalingRunnerSets, key, {
    spec: { maxRunners: 5, template: { spec: { containers: [container] } } },
  });
  await waitUntil('The new template', async () => {
    const { items } = await kubernetes.list(ephemeralRunners, { namespace });
    return items.length === 1 && items.every((runner) => runner.spec.spec?.containers[0]?.image === container.image);
  });
  await settled();
  await kubernetes.delete(autoscalingRunnerSets, key);
  for (const id of [queueId(stage), listenerId(stage)]) await untilClosed(stage, id);
}

async function namesOf({ kubernetes, namespace }: Stage): Promise<string[]> {
  const { items } = await kubernetes.list(ephemeralRunners, { namespace });
  return items.map(({ metadata }) => metadata.name ?? '');
}

async function anyRunner(stage: Stage): Promise<string> {
  const [name] = await namesOf(stage);
  if (name === undefined) throw new Error(`No runner in ${stage.namespace}.`);
  return name;
}

/** As a listener marks the runner that a job was given to. */
async function setJob({ kubernetes, namespace }: Stage, name: string): Promise<void> {
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

async function record(name: string, scenario: Scenario, house: Omit<Stage, 'namespace'>): Promise<void> {
  const { kubernetes, temporal } = house;
  await kubernetes.create(namespaces, undefined, { metadata: { name } });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true };
  await waitUntil('The service account', async () => {
    await kubernetes.get(account, { namespace: name, name: 'default' });
    return true;
  });
  house.runners.rules.clear();
  const workflowId = await scenario({ ...house, namespace: name });
  const text = textOf(await historyOf(temporal, workflowId, name in ROLLING));
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
    ...{ cluster: CLUSTER, version: '0.0.0', kubernetes, github: connections, namespaces: Object.keys(scenarios) },
    ...{ connection, temporalNamespace: 'default', snapshotIntervalMs: 600_000, log: () => undefined },
    ...{ workflowPollers: 5, activityPollers: 5, maxCachedWorkflows: 100, shutdownGraceMs: 1_000 },
    settings: { runnerCreationConcurrency: 10, failureBackoffSeconds: [0.5, 1, 2], maxConsecutiveFailures: 3 },
    metrics: createMetrics({ processMetrics: false }),
    onPass: () => undefined,
    workflowBundle: await workflowCode(new DefaultLogger('ERROR')),
  });
  const house = { kubernetes, github, runners, temporal: new Client({ connection }) };
  try {
    for (const [name, scenario] of Object.entries(scenarios)) await record(name, scenario, house);
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
    [chosen(ROLLING), { 'limit.historyCount.suggestContinueAsNew': 60 }],
  ] as const) {
    if (Object.keys(scenarios).length > 0) await recordAll(scenarios, cluster, dynamicConfig);
  }
} finally {
  await cluster.stop();
}
process.exit();
