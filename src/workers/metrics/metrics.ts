import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { WaitNotice } from '../../github/rate-limit-waits.ts';
import type { RateLimitMetrics } from './github-rate-limit-metrics.ts';
import { createRateLimitMetrics } from './github-rate-limit-metrics.ts';
import type { WatchRefusal } from '../../activities/cluster-watch/watch-refusals.ts';
import type { ListenerMetrics } from '../../activities/autoscaling-listener/metrics.ts';
import { createListenerMetrics, joinTexts } from './listener-metrics.ts';

interface SetReplicas {
  namespace: string;
  /** Of the EphemeralRunnerSet. */
  name: string;
  desired: number;
  current: number;
}

/** The runners of a scale set by phase. */
interface ScaleSetRunners {
  namespace: string;
  /** Of the scale set. */
  name: string;
  /** Parts of the config URL; those it does not have stay empty. */
  enterprise?: string;
  organization?: string;
  repository?: string;
  pending: number;
  running: number;
  failed: number;
}

interface ListenerState extends Omit<ScaleSetRunners, 'pending' | 'running' | 'failed'> {
  running: boolean;
}

/** What activities and clients report. The number of series depends on sets, never on runners or jobs. */
export interface Metrics {
  /** One runner was created: from the beginning of the first try to a pod that is wanted, in seconds. */
  runnerCreated(namespace: string, set: string, seconds: number): void;
  /** What is wanted and there, of all sets; series of sets that are not among them go. */
  replicas(sets: Iterable<SetReplicas>): void;
  /** The watch went to another worker, which reports replicas and runners from now on. */
  unwatched(): void;
  /** What the API server keeps the watch of this process from seeing, all of it. */
  refused(refusals: readonly WatchRefusal[]): void;
  /** The same, for whoever asks. */
  refusals(): readonly WatchRefusal[];
  /** Runners by phase, of all scale sets; series of scale sets that are not among them go. */
  runners(scaleSets: Iterable<ScaleSetRunners>): void;
  /** A workflow that could not go on was rebuilt. @param kind of what it serves */
  rebuilt(kind: string): void;
  /** All listeners; series of those that are not among them go. */
  listeners(listeners: Iterable<ListenerState>): void;
  /** What the listeners of this process report, each with the metrics and labels that its configuration asks for. */
  readonly listenerMetrics: ListenerMetrics;
  /** One pass of a workflow: from a change that was seen to the plan carried out, in seconds. */
  reconciled(controller: string, seconds: number): void;
  /** Fits a Kubernetes client's `onRequest`. `status` is undefined when no answer came. */
  kubernetesRequest(request: { verb: string; resource: string; status: number | undefined }): void;
  /** `call` as the protocol names it: generate JIT config, acquire jobs, … */
  githubRequest(request: { call: string; status: number | undefined }): void;
  /** What an answer of GitHub's REST API told of its rate limit. */
  githubBudget(budget: RateLimitMetrics): void;
  /** All metrics in Prometheus' text format. */
  text(): Promise<string>;
  /** Of `text`, for the header Content-Type. */
  readonly contentType: string;
  /** Name, type, labels and help of each metric of ours, for documentation. */
  describe(): MetricDescription[];
}

interface MetricDescription {
  name: string;
  type: string;
  labels: string[];
  help: string;
}

/** What the metrics of a process are made with. */
export interface MetricsOptions {
  version?: string;
  /** Also memory, CPU and event loop of this process. Default: yes. */
  processMetrics?: boolean;
  /** The pauses that GitHub asked for, and that last. */
  pauses?: () => Iterable<WaitNotice>;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Is told of listeners that ask for metrics that there are not. */
  log?: (message: string, facts: Record<string, unknown>) => void;
}

const SCALE_SET_LABELS = ['name', 'namespace', 'repository', 'organization', 'enterprise'] as const;

/** Creates the metrics with a registry of their own. */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const { version = '', processMetrics = true, pauses = () => [], now = Date.now, log } = options;
  const registry = new Registry();
  const own = createInstruments(registry);
  const refused = createRefusedGauge(registry);
  const rebuilt = createRebuiltCounter(registry);
  const githubBudget = createRateLimitMetrics({ registry, pauses, now });
  const listenerMetrics = createListenerMetrics({
    registry,
    onRunning: (running) =>
      setListeners(
        own.listeners,
        running.map((subject) => ({ ...subject, ...subject.listener })),
      ),
    log,
  });
  own.build.set({ version }, 1);
  const described = describe(registry);
  const forgetGone = forgetting(own);
  let refusals: readonly WatchRefusal[] = [];
  const setRefused = (all: readonly WatchRefusal[]): void => {
    refusals = all;
    refused.reset();
    for (const { namespace, resource, reason } of all) refused.set({ namespace, resource, reason }, 1);
  };
  if (processMetrics) collectDefaultMetrics({ register: registry });
  return {
    runnerCreated: (namespace, set, seconds) =>
      own.creation.observe({ namespace, ephemeral_runner_set: set }, seconds),
    replicas: (sets) => {
      const present = [...sets];
      setReplicas(own.replicas, present);
      forgetGone(present);
    },
    unwatched: () => {
      setReplicas(own.replicas, []);
      setRunners(own, []);
      setRefused([]);
    },
    refused: setRefused,
    refusals: () => refusals,
    runners: (scaleSets) => setRunners(own, scaleSets),
    rebuilt: (kind) => rebuilt.inc({ kind }),
    listeners: (listeners) => setListeners(own.listeners, listeners),
    reconciled: (controller, seconds) => own.reconcile.observe({ controller }, seconds),
    kubernetesRequest: ({ verb, resource, status }) =>
      own.kubernetes.inc({ verb, resource, code: codeOf(status) }),
    githubRequest: ({ call, status }) => own.github.inc({ call, code: codeOf(status) }),
    githubBudget,
    listenerMetrics,
    text: async () => {
      const registries = [registry, ...listenerMetrics.registries()];
      return joinTexts(await Promise.all(registries.map((one) => one.metrics())));
    },
    contentType: registry.contentType,
    describe: () => described,
  };
}

type Instruments = ReturnType<typeof createInstruments>;

function createInstruments(registry: Registry) {
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name, help, labelNames, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames, registers });
  return {
    creation: new Histogram({
      name: 'ephemeral_runner_creation_duration_seconds',
      help: 'Time to create one runner: EphemeralRunner, JIT config, Secret and pod, with all tries.',
      labelNames: ['namespace', 'ephemeral_runner_set'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
      registers,
    }),
    replicas: gauge(
      'ephemeral_runner_set_replicas',
      'Runners that an EphemeralRunnerSet wants (state="desired") and has (state="current"). Reported by the worker that watches the cluster.',
      ['namespace', 'name', 'state'],
    ),
    reconcile: new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'Time of one pass of a workflow: from a change that was seen to the plan carried out.',
      labelNames: ['controller'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    pending: gauge(
      'gha_controller_pending_ephemeral_runners',
      'Runners of a scale set whose pod does not run yet.',
      SCALE_SET_LABELS,
    ),
    running: gauge(
      'gha_controller_running_ephemeral_runners',
      'Runners of a scale set whose pod runs.',
      SCALE_SET_LABELS,
    ),
    failed: gauge(
      'gha_controller_failed_ephemeral_runners',
      'Runners of a scale set that were given up.',
      SCALE_SET_LABELS,
    ),
    listeners: gauge(
      'gha_controller_running_listeners',
      'Whether the listener holds its message session (1) or not (0).',
      SCALE_SET_LABELS,
    ),
    kubernetes: counter(
      'temporal_arc_kubernetes_requests_total',
      'Requests to the Kubernetes API. code="none": no answer came.',
      ['verb', 'resource', 'code'],
    ),
    github: counter(
      'temporal_arc_github_requests_total',
      'Requests to GitHub. code="none": no answer came.',
      ['call', 'code'],
    ),
    build: gauge('temporal_arc_build_info', 'Always 1; the label says which version runs.', ['version']),
  };
}

const createRebuiltCounter = (registry: Registry) =>
  new Counter({
    name: 'temporal_arc_workflows_rebuilt_total',
    help: 'Workflows that could not go on, task after task, and were ended and rebuilt from the cluster.',
    labelNames: ['kind'],
    registers: [registry],
  });

const createRefusedGauge = (registry: Registry) =>
  new Gauge({
    name: 'temporal_arc_watch_refused',
    help: 'Always 1, for each resource that the API server keeps the watch from seeing, so that it is not served. Of all namespaces: namespace="". Reported by the worker that watches the cluster.',
    labelNames: ['namespace', 'resource', 'reason'],
    registers: [registry],
  });

const codeOf = (status: number | undefined): string => (status === undefined ? 'none' : String(status));

function setReplicas(gauge: Instruments['replicas'], sets: SetReplicas[]): void {
  gauge.reset();
  for (const { namespace, name, desired, current } of sets) {
    gauge.set({ namespace, name, state: 'desired' }, desired);
    gauge.set({ namespace, name, state: 'current' }, current);
  }
}

/** Remembers which sets there were, and removes the histogram's series of those that went. */
function forgetting({ creation }: Instruments): (present: SetReplicas[]) => void {
  let before: SetReplicas[] = [];
  return (present) => {
    const keys = new Set(present.map(({ namespace, name }) => `${namespace}/${name}`));
    for (const { namespace, name } of before) {
      if (!keys.has(`${namespace}/${name}`)) creation.remove({ namespace, ephemeral_runner_set: name });
    }
    before = present;
  };
}

type ScaleSetLabels = Pick<
  ScaleSetRunners,
  'namespace' | 'name' | 'enterprise' | 'organization' | 'repository'
>;

const labelsOf = ({
  name,
  namespace,
  repository = '',
  organization = '',
  enterprise = '',
}: ScaleSetLabels) => ({
  name,
  namespace,
  repository,
  organization,
  enterprise,
});

function setRunners(own: Instruments, scaleSets: Iterable<ScaleSetRunners>): void {
  for (const phase of ['pending', 'running', 'failed'] as const) own[phase].reset();
  for (const scaleSet of scaleSets) {
    for (const phase of ['pending', 'running', 'failed'] as const)
      own[phase].set(labelsOf(scaleSet), scaleSet[phase]);
  }
}

function setListeners(gauge: Instruments['listeners'], listeners: Iterable<ListenerState>): void {
  gauge.reset();
  for (const listener of listeners) gauge.set(labelsOf(listener), listener.running ? 1 : 0);
}

/** prom-client keeps type and labels in members that its types leave out. */
function describe(registry: Registry): MetricDescription[] {
  return registry.getMetricsAsArray().map((metric) => {
    const { name, help, type, labelNames } = metric as unknown as {
      name: string;
      help: string;
      type: string;
      labelNames: string[];
    };
    return { name, type, labels: [...labelNames], help };
  });
}
