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
import type { KubernetesError } from '../../kubernetes/client/errors.ts';
import { podStateOf } from '../../kubernetes/pod-state.ts';
import type { PodState } from '../../kubernetes/pod-state.ts';
import {
  autoscalingListeners,
  autoscalingRunnerSets,
  ephemeralRunners,
  ephemeralRunnerSets,
  pods,
} from '../../kubernetes/client/resources.ts';
import type { KubernetesObject, Pod, Resource } from '../../kubernetes/client/resources.ts';
import { LISTENER_CONTAINER } from '../../kubernetes/objects/listener-template.ts';
import type { ReflectOptions } from '../../kubernetes/client/watch.ts';
import { reflect } from '../../kubernetes/client/watch.ts';
import type { WorkflowTarget } from './workflow-target.ts';
import { isListenerTarget, isAutoscalingRunnerSetTarget } from './workflow-target.ts';
import { blockedListener, blockedRunnerSet, blockedScaleSet } from './policies/blocked.ts';
import { PodEvents } from './pod-events.ts';
import { Surroundings } from './surroundings.ts';
import type { SurroundingsOptions } from './surroundings.ts';
import { RunnerStore } from './runner-store.ts';
import type { NamedRunnerSet } from './runner-store.ts';
import type { OwnedRunner } from './observed-runners.ts';
import { observedRunner, observedRunnerSet } from './observed-runners.ts';
import type { Feed, FeedScope } from './coverage.ts';
import { Coverage } from './coverage.ts';
import type { ClusterGauges } from './metrics.ts';
import { reportRunners } from './metrics.ts';
import type { RebuildCounter } from './oversight/oversight.ts';
import { Oversight } from './oversight/oversight.ts';
import { heartbeatUntilDone } from '../heartbeat.ts';
import type { ObservationStore } from './signal-queue.ts';
import { SignalQueue } from './signal-queue.ts';
import { ScaleSetStore } from './scale-set-store.ts';
import { WatchRefusals } from './watch-refusals.ts';
import type { RunnerSettings, ScaleSetOptions } from '../../messages/settings.ts';
import { DEFAULT_SCALE_SET_OPTIONS } from '../../messages/settings.ts';

/** What the watch needs: the cluster to look at, and Temporal to tell. */
export interface WatchClusterDeps {
  cluster: string;
  kubernetes: KubernetesClient;
  workflows: Pick<WorkflowClient, 'getHandle' | 'signalWithStart' | 'list' | 'workflowService' | 'options'>;
  settings: RunnerSettings;
  /** Namespaces to serve; empty: all. */
  namespaces: readonly string[];
  /** How children of scale sets are made; the defaults unless given. */
  scaleSets?: Partial<ScaleSetOptions> | undefined;
  excludedLabelPrefixes?: readonly string[];
  /** Where Events about namespaces that may not be watched are written. */
  eventNamespace?: string | undefined;
  /** Milliseconds between two full snapshots for each workflow. */
  snapshotIntervalMs: number;
  metrics: ClusterGauges & RebuildCounter;
  /** Whether Kubernetes would take a pod of this set now. */
  wouldTakePod: SurroundingsOptions['wouldTakePod'];
  log: (message: string, facts: Record<string, unknown>) => void;
}

/** How often the gauges of desired and current replicas are brought up to date. */
const GAUGES_MS = 1_000;

/** How often what blocks something is looked at: a repair takes effect within seconds. */
const LOOK_MS = 3_000;

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
  const coverage = new Coverage(deps.scaleSets?.controllerNamespace);
  const refusals = new WatchRefusals({
    ...{ kubernetes: deps.kubernetes, log: deps.log, signal },
    report: (all) => deps.metrics.refused(all),
    namespaces: [...(deps.eventNamespace === undefined ? [] : [deps.eventNamespace]), ...deps.namespaces],
  });
  const isCovered = (target: WorkflowTarget): boolean =>
    coverage.covers(target, isListenerTarget(target) ? stores.scaleSets.servedBy(target) : undefined);
  const onNews = (target: WorkflowTarget): void => {
    if (isCovered(target)) signalQueue.notify(target);
  };
  const stores = createStores(deps, onNews);
  const signalQueue = new SignalQueue({ ...deps, epoch, store: routed(stores), signal });
  const targets = (): WorkflowTarget[] => [...stores.cluster.targets(), ...stores.scaleSets.targets()];
  const covered = (): WorkflowTarget[] => targets().filter(isCovered);
  const endOversight = new Oversight({ ...deps, signalQueue, targets, isCovered, signal }).begin();
  const tellEveryone = (): void => covered().forEach((target) => signalQueue.notify(target, true));
  const onSync = (scope: FeedScope): void => {
    refusals.served(RESOURCES[scope.feed], scope.namespace);
    if (coverage.add(scope)) covered().forEach((target) => signalQueue.introduce(target));
  };
  const onFailure = ({ feed, namespace }: FeedScope, error: KubernetesError): boolean =>
    refusals.failed(RESOURCES[feed], namespace, error);
  const podEvents = new PodEvents({ kubernetes: deps.kubernetes, store: stores.cluster });
  const all = followed(deps, stores);
  const everySecond = (): void => {
    reportRunners(deps.metrics, stores.cluster.sets());
    stores.scaleSets.refresh();
  };
  const timers = [
    setInterval(tellEveryone, deps.snapshotIntervalMs),
    setInterval(everySecond, GAUGES_MS),
    setInterval(() => void stores.surroundings.look(signal), LOOK_MS),
    setInterval(() => void podEvents.look(signal), LOOK_MS),
  ];
  try {
    await Promise.all(all.map((begin) => begin({ signal, onSync, onFailure })));
  } finally {
    timers.forEach((timer) => clearInterval(timer));
    endOversight();
  }
}

interface Stores {
  cluster: RunnerStore;
  scaleSets: ScaleSetStore;
  surroundings: Surroundings;
}

function createStores(deps: WatchClusterDeps, onNews: (target: WorkflowTarget) => void): Stores {
  const { excludedLabelPrefixes = [] } = deps;
  const cluster = new RunnerStore(onNews);
  const scaleSets = new ScaleSetStore({
    onNews,
    options: { ...DEFAULT_SCALE_SET_OPTIONS, ...deps.scaleSets, excludedLabelPrefixes },
    loadOf: (namespace, set) => cluster.loadOf(namespace, set),
  });
  const surroundings = new Surroundings({
    ...deps,
    onChange: (target, seen) =>
      isAutoscalingRunnerSetTarget(target) || isListenerTarget(target)
        ? scaleSets.noteSurroundings(target, seen)
        : cluster.noteSurroundings(target, seen),
  });
  return { cluster, scaleSets, surroundings };
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

/** Where each feed comes from. */
const RESOURCES: Record<Feed, Resource<never>> = {
  runnerSets: ephemeralRunnerSets as never,
  runners: ephemeralRunners as never,
  pods: pods as never,
  scaleSets: autoscalingRunnerSets as never,
  listeners: autoscalingListeners as never,
  listenerPods: pods as never,
};

interface Reflection {
  signal: AbortSignal;
  /** It was listed, or listed again. */
  onSync: (scope: FeedScope) => void;
  /** It could not be listed, or watched. @returns whether people have been told */
  onFailure: (scope: FeedScope, error: KubernetesError) => boolean;
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

const runnerSetTarget = ({ namespace, name }: NamedRunnerSet): WorkflowTarget => ({
  namespace,
  runnerSet: name,
});

const scaleSetTarget = ({ metadata }: AutoscalingRunnerSet): WorkflowTarget => ({
  namespace: metadata.namespace ?? '',
  autoscalingRunnerSet: metadata.name ?? '',
});

const listenerTarget = ({ metadata }: AutoscalingListener): WorkflowTarget => ({
  namespace: metadata.namespace ?? '',
  listener: metadata.name ?? '',
});

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
  { cluster, scaleSets, surroundings }: Stores,
  namespace: string | undefined,
): Begin[] {
  return [
    following<EphemeralRunnerSet, WholeSet>(deps, {
      feed: 'runnerSets',
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
        for (const { observed, object } of all)
          surroundings.put(runnerSetTarget(observed), blockedRunnerSet(object));
      },
      onEvent: (type, { observed, object }) => {
        if (type === 'DELETED') cluster.removeSet(observed.namespace, observed.name);
        else cluster.putSet(observed);
        if (type === 'DELETED') scaleSets.removeSet(object);
        else scaleSets.putSet(object);
        surroundings.put(
          runnerSetTarget(observed),
          type === 'DELETED' ? undefined : blockedRunnerSet(object),
        );
      },
    }),
    following<EphemeralRunner, OwnedRunner>(deps, {
      feed: 'runners',
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
      feed: 'pods',
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
  { scaleSets, surroundings }: Stores,
  namespace: string | undefined,
): Begin =>
  following<AutoscalingRunnerSet, AutoscalingRunnerSet>(deps, {
    feed: 'scaleSets',
    namespace,
    resource: autoscalingRunnerSets,
    transform: lean,
    onSync: (objects) => {
      scaleSets.replaceScaleSets(objects, namespace);
      for (const object of objects) surroundings.put(scaleSetTarget(object), blockedScaleSet(object));
    },
    onEvent: (type, object) => {
      if (type === 'DELETED') scaleSets.removeScaleSet(object);
      else scaleSets.putScaleSet(object);
      surroundings.put(scaleSetTarget(object), type === 'DELETED' ? undefined : blockedScaleSet(object));
    },
  });

const listenerPodState = (pod: Pod): PodState => podStateOf(pod, LISTENER_CONTAINER);

function listenerReflections(
  deps: WatchClusterDeps,
  { scaleSets, surroundings }: Stores,
  namespace: string | undefined,
): Begin[] {
  return [
    following<AutoscalingListener, AutoscalingListener>(deps, {
      feed: 'listeners',
      namespace,
      resource: autoscalingListeners,
      transform: lean,
      onSync: (objects) => {
        scaleSets.replaceListeners(objects, namespace);
        for (const object of objects) surroundings.put(listenerTarget(object), blockedListener(object));
      },
      onEvent: (type, object) => {
        if (type === 'DELETED') scaleSets.removeListener(object);
        else scaleSets.putListener(object);
        surroundings.put(listenerTarget(object), type === 'DELETED' ? undefined : blockedListener(object));
      },
    }),
    following<Pod, PodState>(deps, {
      feed: 'listenerPods',
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

type Followed<T extends object, D> = { feed: Feed } & Pick<
  ReflectOptions<T & { metadata?: object }, D>,
  'namespace' | 'resource' | 'labelSelector' | 'onSync' | 'onEvent'
> & { transform: (object: T) => D };

/**
 * Follows one resource. An object that cannot be read hurts itself only: it is logged and passed over, and a list that
 * holds one tells of nobody that he is gone.
 */
const following =
  <T extends object, D>({ kubernetes, log }: WatchClusterDeps, followed: Followed<T, D>): Begin =>
  (reflection) => {
    const { feed, namespace, resource, onSync, onEvent, transform } = followed;
    const logFailure = (message: string, error: unknown, facts: object = {}): void =>
      log(message, { resource: resource.plural, ...facts, error: String(error) });
    return reflect<T, D | undefined>({
      ...followed,
      client: kubernetes,
      signal: reflection.signal,
      transform: (object) => {
        try {
          return transform(object);
        } catch (error) {
          const { metadata } = object as KubernetesObject;
          const facts = { namespace: metadata?.namespace, name: metadata?.name };
          logFailure('An object cannot be read and is passed over.', error, facts);
          return undefined;
        }
      },
      onSync: async (all) => {
        const readable = all.filter((each) => each !== undefined);
        if (readable.length === all.length) await onSync(readable);
        else for (const each of readable) await onEvent('MODIFIED', each);
        reflection.onSync({ feed, namespace });
      },
      onEvent: (type, observed) => (observed === undefined ? undefined : onEvent(type, observed)),
      log: (message, error) => {
        if (reflection.onFailure({ feed, namespace }, error)) return;
        logFailure(message, error.message, { ...(namespace !== undefined && { namespace }) });
      },
    });
  };
