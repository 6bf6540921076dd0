import type { Info } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { WorkflowClient } from '@temporalio/client';
import type { AutoscalingListener } from '../../api/v1alpha1/autoscaling-listener.ts';
import type { AutoscalingRunnerSet } from '../../api/v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunner } from '../../api/v1alpha1/ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import {
  COMPONENT_LABEL,
  EPHEMERAL_RUNNER_LABEL,
  EPHEMERAL_RUNNER_LABEL_VALUE,
  LISTENER_COMPONENT,
} from '../../api/labels.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { podStateOf } from '../../kubernetes/pod-state.ts';
import type { PodState } from '../../kubernetes/pod-state.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunners,
  ephemeralRunnerSets,
  pods,
} from '../../kubernetes/client/resources.ts';
import type { KubernetesObject, Pod } from '../../kubernetes/client/resources.ts';
import type { ReflectOptions } from '../../kubernetes/client/watch.ts';
import { reflect } from '../../kubernetes/client/watch.ts';
import type { WorkflowTarget } from './workflow-target.ts';
import { isListenerTarget, isAutoscalingRunnerSetTarget } from './workflow-target.ts';
import { RunnerStore } from './runner-store.ts';
import type { NamedRunnerSet } from './runner-store.ts';
import type { OwnedRunner } from './observed-runners.ts';
import { observedRunner, observedRunnerSet } from './observed-runners.ts';
import type { ClusterGauges } from './metrics.ts';
import { reportRunners } from './metrics.ts';
import { heartbeatUntilDone } from '../heartbeat.ts';
import type { ObservationStore } from './signal-queue.ts';
import { SignalQueue } from './signal-queue.ts';
import { ScaleSetStore } from './scale-set-store.ts';
import type { RunnerSettings, ScaleSetOptions } from '../../messages/settings.ts';
import { DEFAULT_SCALE_SET_OPTIONS } from '../../messages/settings.ts';

/** What the watch needs: the cluster to look at, and Temporal to tell. */
export interface WatchClusterDeps {
  cluster: string;
  kubernetes: KubernetesClient;
  workflows: Pick<WorkflowClient, 'getHandle' | 'signalWithStart'>;
  settings: RunnerSettings;
  /** Namespaces to serve; empty: all. */
  namespaces: readonly string[];
  /** How children of scale sets are made; the defaults unless given. */
  scaleSets?: Partial<ScaleSetOptions> | undefined;
  excludedLabelPrefixes?: readonly string[];
  /** Milliseconds between two full snapshots for each workflow. */
  snapshotIntervalMs: number;
  metrics: ClusterGauges;
  log: (message: string, facts: Record<string, unknown>) => void;
}

/** How often the gauges of desired and current replicas are brought up to date. */
const GAUGES_MS = 1_000;

/**
 * Watches the cluster until it is cancelled, and tells each workflow what changed for it. Begins with a full snapshot
 * for every workflow, and repeats it at intervals, so that nothing depends on any single message. When its worker is to
 * end it fails (`WorkerStopping`), so that another one goes on at once.
 */
export const watchClusterActivity = (deps: WatchClusterDeps) => async (): Promise<void> => {
  const context = Context.current();
  const stopBeating = heartbeatUntilDone(context, () => undefined);
  const ended = new AbortController();
  const signal = AbortSignal.any([context.cancellationSignal, ended.signal]);
  try {
    await watch(deps, { epoch: epochOf(context.info), signal });
  } finally {
    ended.abort();
    stopBeating();
    deps.metrics.unwatched();
  }
  if (context.cancellationDetails?.workerShutdown) throw handedOver();
  throw new CancelledFailure('The watch was ended.');
};

/** Not by the backoff of failures, which grows with each worker that ends. */
const NEXT_WATCH_MS = 50;

/** Lets Temporal begin the watch in another worker at once. */
const handedOver = (): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'WorkerStopping',
    message: 'The worker ends; another one goes on.',
    nextRetryDelay: NEXT_WATCH_MS,
    category: 'BENIGN',
  });

/**
 * Grows with each attempt, and with each watch that is begun after another: when it was first scheduled, in microseconds
 * by Temporal's clock, and the number of the attempt. Temporal begins one at a time, and none within a microsecond.
 */
export const epochOf = ({
  scheduledTimestampMs,
  attempt,
}: Pick<Info, 'scheduledTimestampMs' | 'attempt'>): number => scheduledTimestampMs * 1_000 + attempt;

async function watch(
  deps: WatchClusterDeps,
  { epoch, signal }: { epoch: number; signal: AbortSignal },
): Promise<void> {
  let synced = false;
  const onNews = (target: WorkflowTarget): void => {
    if (synced) signalQueue.notify(target);
  };
  const stores = createStores(deps, onNews);
  const signalQueue = new SignalQueue({ ...deps, epoch, store: routed(stores), signal });
  const tellEveryone = (): void => {
    for (const target of [...stores.cluster.targets(), ...stores.scaleSets.targets()])
      signalQueue.notify(target, true);
  };
  const all = followed(deps, stores);
  const firstSync = new Countdown(all.length, () => {
    synced = true;
    tellEveryone();
  });
  const onFirstSync = (): void => firstSync.tick();
  const everySecond = (): void => {
    reportRunners(deps.metrics, stores.cluster.sets());
    stores.scaleSets.refresh();
  };
  const timers = [
    setInterval(() => synced && tellEveryone(), deps.snapshotIntervalMs),
    setInterval(everySecond, GAUGES_MS),
  ];
  try {
    await Promise.all(all.map((begin) => begin({ signal, onFirstSync })));
  } finally {
    timers.forEach((timer) => clearInterval(timer));
  }
}

interface Stores {
  cluster: RunnerStore;
  scaleSets: ScaleSetStore;
}

function createStores(deps: WatchClusterDeps, onNews: (target: WorkflowTarget) => void): Stores {
  const { excludedLabelPrefixes = [] } = deps;
  const cluster = new RunnerStore(onNews);
  const scaleSets = new ScaleSetStore({
    onNews,
    options: { ...DEFAULT_SCALE_SET_OPTIONS, ...deps.scaleSets, excludedLabelPrefixes },
    loadOf: (namespace, set) => cluster.loadOf(namespace, set),
  });
  return { cluster, scaleSets };
}

/** Each target has its news from one of the stores. */
const routed = ({ cluster, scaleSets }: Stores): ObservationStore => ({
  takeNews: (target) =>
    isAutoscalingRunnerSetTarget(target) || isListenerTarget(target)
      ? scaleSets.takeNews(target)
      : cluster.takeNews(target),
  snapshot: (target) =>
    isAutoscalingRunnerSetTarget(target) || isListenerTarget(target)
      ? scaleSets.snapshot(target)
      : cluster.snapshot(target),
});

/** Calls back once, when it was ticked as often as agreed. */
class Countdown {
  private left: number;
  private readonly onZero: () => void;

  constructor(count: number, onZero: () => void) {
    this.left = count;
    this.onZero = onZero;
  }

  tick(): void {
    this.left -= 1;
    if (this.left === 0) this.onZero();
  }
}

interface Reflection {
  signal: AbortSignal;
  onFirstSync: () => void;
}

/** Begins to follow one resource in one namespace. */
type Begin = (reflection: Reflection) => Promise<void>;

/** All that is followed. A list replaces what is known of its namespace only. */
function followed(deps: WatchClusterDeps, stores: Stores): Begin[] {
  const everywhere = deps.namespaces.length === 0;
  const { controllerNamespace } = deps.scaleSets ?? {};
  const homesGiven = new Set([...deps.namespaces, ...(controllerNamespace ? [controllerNamespace] : [])]);
  const namespaces = everywhere ? [undefined] : [...deps.namespaces];
  const homes = everywhere ? [undefined] : [...homesGiven];
  return [
    ...namespaces.flatMap((namespace) => runnerReflections(deps, stores, namespace)),
    ...namespaces.map((namespace) => scaleSetReflection(deps, stores, namespace)),
    ...homes.flatMap((namespace) => listenerReflections(deps, stores, namespace)),
  ];
}

/** Whole objects are kept of what is compared; who wrote which field of them is half their size. */
function lean<T extends { metadata: { managedFields?: unknown } }>(object: T): T {
  const { managedFields: _managed, ...metadata } = object.metadata;
  return { ...object, metadata };
}

interface WholeSet {
  observed: NamedRunnerSet;
  object: EphemeralRunnerSet;
}

const wholeSet = (object: EphemeralRunnerSet): WholeSet => ({
  observed: {
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name ?? '',
    runnerSet: observedRunnerSet(object),
  },
  object: lean(object),
});

function runnerReflections(
  deps: WatchClusterDeps,
  { cluster, scaleSets }: Stores,
  namespace: string | undefined,
): Begin[] {
  return [
    following<EphemeralRunnerSet, WholeSet>(deps, {
      namespace,
      resource: ephemeralRunnerSets,
      transform: wholeSet,
      onSync: (all) => {
        cluster.replaceSets(
          all.map(({ observed }) => observed),
          namespace,
        );
        scaleSets.replaceSets(
          all.map(({ object }) => object),
          namespace,
        );
      },
      onEvent: (type, { observed, object }) => {
        if (type === 'DELETED') cluster.removeSet(observed.namespace, observed.name);
        else cluster.putSet(observed);
        if (type === 'DELETED') scaleSets.removeSet(object);
        else scaleSets.putSet(object);
      },
    }),
    following<EphemeralRunner, OwnedRunner>(deps, {
      namespace,
      resource: ephemeralRunners,
      transform: observedRunner,
      onSync: (observed) => cluster.replaceRunners(observed, namespace),
      onEvent: (type, observed) => {
        if (type === 'DELETED') cluster.removeRunner(`${observed.namespace}/${observed.runner.name}`);
        else cluster.putRunner(observed);
      },
    }),
    following<Pod, PodState>(deps, {
      namespace,
      resource: pods,
      labelSelector: `${EPHEMERAL_RUNNER_LABEL}=${EPHEMERAL_RUNNER_LABEL_VALUE}`,
      transform: (pod) => podStateOf(pod),
      onSync: (observed) => cluster.replacePods(observed, namespace),
      onEvent: (type, observed) => {
        if (type === 'DELETED') cluster.removePod(observed);
        else cluster.putPod(observed);
      },
    }),
  ];
}

const scaleSetReflection = (
  deps: WatchClusterDeps,
  { scaleSets }: Stores,
  namespace: string | undefined,
): Begin =>
  following<AutoscalingRunnerSet, AutoscalingRunnerSet>(deps, {
    namespace,
    resource: autoscalingRunnerSets,
    transform: lean,
    onSync: (objects) => scaleSets.replaceScaleSets(objects, namespace),
    onEvent: (type, object) => {
      if (type === 'DELETED') scaleSets.removeScaleSet(object);
      else scaleSets.putScaleSet(object);
    },
  });

/** The container of a listener's pod that listens. */
const LISTENER_CONTAINER = 'listener';

const listenerPodState = (pod: Pod): PodState => podStateOf(pod, LISTENER_CONTAINER);

function listenerReflections(
  deps: WatchClusterDeps,
  { scaleSets }: Stores,
  namespace: string | undefined,
): Begin[] {
  return [
    following<AutoscalingListener, AutoscalingListener>(deps, {
      namespace,
      resource: autoscalingListeners,
      transform: lean,
      onSync: (objects) => scaleSets.replaceListeners(objects, namespace),
      onEvent: (type, object) => {
        if (type === 'DELETED') scaleSets.removeListener(object);
        else scaleSets.putListener(object);
      },
    }),
    following<Pod, PodState>(deps, {
      namespace,
      resource: pods,
      labelSelector: `${COMPONENT_LABEL}=${LISTENER_COMPONENT}`,
      transform: listenerPodState,
      onSync: (observed) => scaleSets.replacePods(observed, namespace),
      onEvent: (type, observed) => {
        if (type === 'DELETED') scaleSets.removePod(observed);
        else scaleSets.putPod(observed);
      },
    }),
  ];
}

type Followed<T extends object, D> = Pick<
  ReflectOptions<T & { metadata?: object }, D>,
  'namespace' | 'resource' | 'labelSelector' | 'transform' | 'onSync' | 'onEvent'
>;

/** Follows one resource. An object that cannot be read hurts itself only: it is logged and passed over. */
const following =
  <T extends object, D>({ kubernetes, log }: WatchClusterDeps, followed: Followed<T, D>): Begin =>
  ({ signal, onFirstSync }) => {
    let first = true;
    const { resource, onSync, onEvent, transform } = followed;
    const logFailure = (message: string, error: unknown, facts: object = {}): void =>
      log(message, { resource: resource.plural, ...facts, error: String(error) });
    return reflect<T, D | undefined>({
      ...followed,
      client: kubernetes,
      signal,
      transform: (object) => {
        try {
          return transform ? transform(object) : (object as unknown as D);
        } catch (error) {
          const { namespace, name } = (object as KubernetesObject).metadata ?? {};
          logFailure('An object cannot be read and is passed over.', error, { namespace, name });
          return undefined;
        }
      },
      onSync: async (all) => {
        await onSync(all.filter((each) => each !== undefined));
        if (first) onFirstSync();
        first = false;
      },
      onEvent: (type, observed) => (observed === undefined ? undefined : onEvent(type, observed)),
      log: (message, error) => logFailure(message, error.message),
    });
  };
