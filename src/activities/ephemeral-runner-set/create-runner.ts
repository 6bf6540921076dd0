import { setTimeout as sleep } from 'node:timers/promises';
import { EPHEMERAL_RUNNER_FINALIZERS } from '../../api/finalizers.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import type { EphemeralRunner } from '../../api/v1alpha1/ephemeral-runner.ts';
import { isDecision } from '../../github/errors.ts';
import type { JitConfig } from '../../github/wire.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import {
  KubernetesError,
  isAlreadyExists,
  isConflict,
  isDenied,
  isDeniedForNow,
  isInvalid,
  isNamespaceTerminating,
  isQuotaExceeded,
  ignoreNotFound,
} from '../../kubernetes/client/errors.ts';
import type { Pod } from '../../kubernetes/client/resources.ts';
import { ephemeralRunners, pods, secrets } from '../../kubernetes/client/resources.ts';
import {
  buildEphemeralRunner,
  buildJitSecret,
  buildRunnerPod,
  runnerIdOf,
} from '../../kubernetes/objects/runner.ts';
import { finalizersPatch } from '../../kubernetes/finalizers.ts';
import { PodInTheWayError } from '../failures.ts';
import { unlessRefused } from '../tell.ts';
import { notReady } from './publish-status.ts';
import type { Registrar } from './register-runner.ts';
import { NameTakenError, register } from './register-runner.ts';
import { isSpent, podStateOf } from '../../kubernetes/pod-state.ts';

/** What the creation of one runner works with. `signal` cuts it short. */
export interface RunnerMaker {
  kubernetes: KubernetesClient;
  github: Registrar;
  /** Of this program, as the runner reports it to GitHub. */
  version: string;
  /** Labels that begin so are not handed down. */
  excludedLabelPrefixes?: readonly string[];
  signal: AbortSignal;
}

/** Which runner to make. Without `set`, its object exists already. */
export interface RunnerToMake {
  namespace: string;
  name: string;
  runnerSet?: EphemeralRunnerSet;
  patchId: number;
  /** Told once the runner's object is in the cluster. */
  onBegun: () => void;
}

/** Kubernetes will not have the pod: the runner's status says so, its registration is removed. */
export class RejectedError extends Error {
  override readonly name = 'RejectedError';
}

/** The runner is being deleted: it is not made any more. */
export class RunnerLeavingError extends Error {
  override readonly name = 'RunnerLeavingError';
}

/**
 * Makes one runner, whole: its EphemeralRunner, its registration at GitHub, then Secret and pod together.
 * Idempotent: what an earlier try left is adopted if its pod exists, and otherwise registered anew, so that no JIT
 * config ever serves two pods.
 *
 * @returns the runner's id at GitHub
 * @throws RejectedError, NameTakenError, RunnerLeavingError, PodInTheWayError, GitHubError, KubernetesError
 */
export async function createRunner(maker: RunnerMaker, wanted: RunnerToMake): Promise<number> {
  const { runner, isNew } = await ensureObject(maker, wanted);
  wanted.onBegun();
  const left = isNew ? {} : await adopt(maker, runner, wanted.runnerSet !== undefined);
  if (left.runnerId !== undefined) return left.runnerId;
  const jit = await registerOrGiveUp(maker, runner);
  await finish(maker, runner, { jit, hasPod: left.hasPod === true });
  return jit.runner.id;
}

async function ensureObject(
  { kubernetes, signal, excludedLabelPrefixes = [] }: RunnerMaker,
  { namespace, name, runnerSet, patchId }: RunnerToMake,
): Promise<{ runner: EphemeralRunner; isNew: boolean }> {
  if (runnerSet) {
    try {
      const object = buildEphemeralRunner({ set: runnerSet, name, patchId, excludedLabelPrefixes });
      return {
        runner: await kubernetes.create(ephemeralRunners, namespace, object, { signal }),
        isNew: true,
      };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
  const runner = await kubernetes.get(ephemeralRunners, { namespace, name }, { signal });
  return { runner: await withFinalizers(kubernetes, runner, signal), isNew: false };
}

/** A runner that a person made has no finalizers yet: without them its deletion would leave it registered at GitHub. */
async function withFinalizers(
  kubernetes: KubernetesClient,
  runner: EphemeralRunner,
  signal: AbortSignal,
): Promise<EphemeralRunner> {
  if (runner.metadata.deletionTimestamp) return runner;
  const patch = finalizersPatch(runner, { finalizers: EPHEMERAL_RUNNER_FINALIZERS, present: true });
  if (!patch) return runner;
  return kubernetes.mergePatch(ephemeralRunners, keyOf(runner), patch, { signal });
}

const keyOf = ({ metadata }: EphemeralRunner): { namespace: string; name: string } => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name ?? '',
});

/**
 * Takes over what an earlier try left. A pod with its Secret means that it came through: its runner's id is returned,
 * also when it has done its job and ended meanwhile, because a set never gives a name twice. Otherwise it must be
 * registered anew. A pod without a Secret has not started and waits for one: it stays, so that nobody takes it for a
 * runner that was lost.
 */
async function adopt(
  maker: RunnerMaker,
  runner: EphemeralRunner,
  belongsToSet: boolean,
): Promise<{ runnerId?: number; hasPod?: boolean }> {
  const { kubernetes, signal } = maker;
  const key = keyOf(runner);
  if (runner.metadata.deletionTimestamp)
    throw new RunnerLeavingError(`${key.namespace}/${key.name} is being deleted.`);
  const pod = await ignoreNotFound(kubernetes.get(pods, key, { signal }));
  const isOver = pod !== undefined && isSpent(podStateOf(pod));
  const secret = await ignoreNotFound(kubernetes.get(secrets, key, { signal }));
  const runnerId = secret && runnerIdOf(secret);
  if (pod && runnerId !== undefined && (belongsToSet || !isOver)) return { runnerId };
  if (isOver) {
    await ignoreNotFound(kubernetes.delete(pods, key, { signal }));
    throw new PodInTheWayError(`The old pod ${key.namespace}/${key.name} is being removed first.`);
  }
  if (secret) await ignoreNotFound(kubernetes.delete(secrets, key, { signal }));
  return { hasPod: pod !== undefined };
}

async function registerOrGiveUp(maker: RunnerMaker, runner: EphemeralRunner): Promise<JitConfig> {
  const { github, kubernetes, signal } = maker;
  const { spec } = runner;
  const container = spec.spec?.containers.find(({ name }) => name === 'runner');
  const key = keyOf(runner);
  try {
    const registration = {
      scaleSetId: spec.runnerScaleSetId,
      name: key.name,
      workFolder: container?.workingDir ?? '',
    };
    return await register(github, registration, { signal });
  } catch (error) {
    // The name is of no use: the object goes, and the set chooses another name.
    if (error instanceof NameTakenError)
      await ignoreNotFound(kubernetes.delete(ephemeralRunners, key, { signal }));
    throw error;
  }
}

/**
 * Secret and pod are written side by side: the pod waits for its Secret if it is faster. Where one of them cannot be, nothing
 * of either is left, nor of the registration. It is not cut short any more: one without the other would be a failure.
 */
async function finish(
  maker: RunnerMaker,
  runner: EphemeralRunner,
  { jit, hasPod }: { jit: JitConfig; hasPod: boolean },
): Promise<void> {
  const { kubernetes, version, excludedLabelPrefixes = [] } = maker;
  const { namespace } = keyOf(runner);
  const scaleSetId = runner.spec.runnerScaleSetId;
  const secret = buildJitSecret({ runner, jit, scaleSetId, excludedLabelPrefixes });
  const [pod, secretWritten] = await Promise.allSettled([
    hasPod || createPod(maker, namespace, buildRunnerPod({ runner, version })),
    kubernetes.create(secrets, namespace, secret),
  ]);
  if (pod.status === 'rejected') return giveUp(maker, runner, { jit, what: 'pod', why: pod.reason });
  if (secretWritten.status === 'rejected')
    return giveUp(maker, runner, { jit, what: 'Secret', why: secretWritten.reason });
}

/** A pod without its Secret waits for the next try, unless there will be none. */
async function giveUp(
  maker: RunnerMaker,
  runner: EphemeralRunner,
  { jit, what, why }: { jit: JitConfig; what: 'pod' | 'Secret'; why: unknown },
): Promise<never> {
  if (isRefusal(why)) {
    await undo(maker, runner, jit);
    throw await reject(maker, runner, refusalMessage(why, what));
  }
  // The next try would register it anew; there may be none for long.
  if (isDenied(why) || (what === 'pod' && isAnswer(why)))
    await undo(maker, runner, jit).catch(() => undefined);
  throw why;
}

/** The API server said that the object was not made. Without an answer, it may have been. */
const isAnswer = (error: unknown): boolean =>
  error instanceof KubernetesError && error.status !== undefined && !isAlreadyExists(error);

/** How often a pod is tried again whose quota others were changing at that moment. */
const QUOTA_TRIES = 10;

/** Pods that are created side by side under a ResourceQuota meet each other's changes to it: the server asks to repeat. */
async function createPod({ kubernetes }: RunnerMaker, namespace: string, pod: Pod): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await kubernetes.create(pods, namespace, pod);
      return;
    } catch (error) {
      if (tries === QUOTA_TRIES || !isConflict(error) || isDenied(error)) throw error;
    }
    await sleep(20 * tries);
  }
}

/** As it stands in the runner's status and in the set's conditions. */
export const refusalMessage = ({ serverMessage }: KubernetesError, what = 'pod'): string =>
  `Failed to create the ${what}: ${serverMessage}`;

/** Statuses with which the API server refuses an object, whoever is behind it. */
const REFUSALS: ReadonlySet<number | undefined> = new Set([400, 403]);

/** Kubernetes or its admission refuses this object as such, not for lack of room. */
export const isRefusal = (error: unknown): error is KubernetesError =>
  (isDenied(error) && !isDeniedForNow(error)) ||
  (error instanceof KubernetesError &&
    (REFUSALS.has(error.status) || isInvalid(error)) &&
    !isQuotaExceeded(error) &&
    !isNamespaceTerminating(error));

/** Takes back what was made of a runner that cannot be whole; its object stays. */
async function undo(
  { kubernetes, github, signal }: RunnerMaker,
  runner: EphemeralRunner,
  jit: JitConfig,
): Promise<void> {
  const key = keyOf(runner);
  await Promise.all([
    github.removeRunner(jit.runner.id, { signal }).catch((error: unknown) => {
      if (!isDecision(error, 'not-found')) throw error;
    }),
    ignoreNotFound(kubernetes.delete(secrets, key, { signal })),
    ignoreNotFound(kubernetes.delete(pods, key, { signal })),
  ]);
}

async function reject(
  { kubernetes, signal }: RunnerMaker,
  runner: EphemeralRunner,
  message: string,
): Promise<RejectedError> {
  const status = {
    phase: 'Failed',
    reason: 'InvalidPod',
    message,
    runnerId: null,
    ...notReady('InvalidPod', message),
  };
  const options = { subresource: 'status', signal } as const;
  await unlessRefused({ what: 'status of a runner' }, () =>
    kubernetes.mergePatch(ephemeralRunners, keyOf(runner), { status }, options),
  );
  return new RejectedError(message);
}
