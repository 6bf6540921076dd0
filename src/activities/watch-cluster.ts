import { CancelledFailure, Context } from '@temporalio/activity';
import type { WorkflowClient } from '@temporalio/client';
import type { EphemeralRunner } from '../api/ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../api/ephemeral-runner-set.ts';
import { EPHEMERAL_RUNNER_LABEL, EPHEMERAL_RUNNER_LABEL_VALUE } from '../api/labels.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { digestPod } from '../kubernetes/pod-state.ts';
import type { PodDigest } from '../kubernetes/pod-state.ts';
import { ephemeralRunners, ephemeralRunnerSets, pods } from '../kubernetes/resources.ts';
import type { Pod } from '../kubernetes/resources.ts';
import type { ReflectOptions } from '../kubernetes/watch.ts';
import { reflect } from '../kubernetes/watch.ts';
import { ClusterPicture } from './cluster-picture.ts';
import type { SetDigest } from './cluster-picture.ts';
import type { RunnerDigest } from './digests.ts';
import { digestRunner, digestSet } from './digests.ts';
import type { ClusterGauges } from './gauges.ts';
import { report } from './gauges.ts';
import { heartbeatUntilDone } from './heartbeat.ts';
import { Messenger } from './messenger.ts';
import type { RunnerSettings } from './settings.ts';

export interface WatchClusterDeps {
  cluster: string;
  kubernetes: KubernetesClient;
  workflows: Pick<WorkflowClient, 'getHandle' | 'signalWithStart'>;
  settings: RunnerSettings;
  /** Namespaces to serve; empty: all. */
  namespaces: readonly string[];
  /** Milliseconds between two full pictures for each workflow. */
  snapshotIntervalMs: number;
  metrics: ClusterGauges;
  log: (message: string, facts: Record<string, unknown>) => void;
}

/** How often the gauges of desired and current replicas are brought up to date. */
const GAUGES_MS = 1_000;

/**
 * Watches the cluster until it is cancelled, and tells each workflow what changed for it. Begins with a full picture
 * for every workflow, and repeats it at intervals, so that nothing depends on any single message.
 */
export const watchClusterActivity = (deps: WatchClusterDeps) => async (): Promise<void> => {
  const context = Context.current();
  const stopBeating = heartbeatUntilDone(context, () => undefined);
  const ended = new AbortController();
  const signal = AbortSignal.any([context.cancellationSignal, ended.signal]);
  try {
    await watch(deps, signal);
  } finally {
    ended.abort();
    stopBeating();
    deps.metrics.unwatched();
  }
  throw new CancelledFailure('The watch was ended.');
};

async function watch(deps: WatchClusterDeps, signal: AbortSignal): Promise<void> {
  let synced = false;
  const picture = new ClusterPicture((audience) => {
    if (synced) messenger.notify(audience);
  });
  const messenger = new Messenger({ ...deps, picture, signal });
  const tellEveryone = (): void => {
    for (const audience of picture.audiences()) messenger.notify(audience, true);
  };
  const firstSync = new Countdown(3 * Math.max(1, deps.namespaces.length), () => {
    synced = true;
    tellEveryone();
  });
  const timers = [
    setInterval(() => synced && tellEveryone(), deps.snapshotIntervalMs),
    setInterval(() => report(deps.metrics, picture.sets()), GAUGES_MS),
  ];
  try {
    await Promise.all(reflections(deps, { picture, signal, onFirstSync: () => firstSync.tick() }));
  } finally {
    timers.forEach((timer) => clearInterval(timer));
  }
}

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
  picture: ClusterPicture;
  signal: AbortSignal;
  onFirstSync: () => void;
}

const setDigestOf = (object: EphemeralRunnerSet): SetDigest => ({
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name ?? '',
  set: digestSet(object),
});

/** The three resources, in each namespace. A list replaces what is known of its namespace only. */
function reflections(deps: WatchClusterDeps, reflection: Reflection): Promise<void>[] {
  const namespaces = deps.namespaces.length > 0 ? deps.namespaces : [undefined];
  return namespaces.flatMap((namespace) => {
    const { picture } = reflection;
    return [
      follow<EphemeralRunnerSet, SetDigest>(deps, reflection, {
        namespace,
        resource: ephemeralRunnerSets,
        digest: setDigestOf,
        onSync: (digests) => picture.replaceSets(digests, namespace),
        onEvent: (type, digest) => {
          if (type === 'DELETED') picture.removeSet(digest.namespace, digest.name);
          else picture.putSet(digest);
        },
      }),
      follow<EphemeralRunner, RunnerDigest>(deps, reflection, {
        namespace,
        resource: ephemeralRunners,
        digest: digestRunner,
        onSync: (digests) => picture.replaceRunners(digests, namespace),
        onEvent: (type, digest) => {
          if (type === 'DELETED') picture.removeRunner(`${digest.namespace}/${digest.runner.name}`);
          else picture.putRunner(digest);
        },
      }),
      follow<Pod, PodDigest>(deps, reflection, {
        namespace,
        resource: pods,
        labelSelector: `${EPHEMERAL_RUNNER_LABEL}=${EPHEMERAL_RUNNER_LABEL_VALUE}`,
        digest: digestPod,
        onSync: (digests) => picture.replacePods(digests, namespace),
        onEvent: (type, digest) => {
          if (type === 'DELETED') picture.removePod(digest);
          else picture.putPod(digest);
        },
      }),
    ];
  });
}

type Followed<T extends object, D> = Pick<
  ReflectOptions<T & { metadata?: object }, D>,
  'namespace' | 'resource' | 'labelSelector' | 'digest' | 'onSync' | 'onEvent'
>;

function follow<T extends object, D>(
  { kubernetes, log }: WatchClusterDeps,
  { signal, onFirstSync }: Reflection,
  followed: Followed<T, D>,
): Promise<void> {
  let first = true;
  const { resource, onSync } = followed;
  return reflect<T, D>({
    ...followed,
    client: kubernetes,
    signal,
    onSync: async (digests) => {
      await onSync(digests);
      if (first) onFirstSync();
      first = false;
    },
    log: (message, error) => log(message, { resource: resource.plural, error: error.message }),
  });
}
