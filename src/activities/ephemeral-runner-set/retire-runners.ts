import { Context } from '@temporalio/activity';
import { EPHEMERAL_RUNNER_FINALIZERS } from '../../api/finalizers.ts';
import { RUNNER_POD_LABEL } from '../../api/labels.ts';
import type { EphemeralRunner } from '../../api/v1alpha1/ephemeral-runner.ts';
import { isDecision } from '../../github/errors.ts';
import type { ScaleSetClient } from '../../github/scale-set-client.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreNotFound } from '../../kubernetes/client/errors.ts';
import { ephemeralRunnerSets, ephemeralRunners, pods, secrets } from '../../kubernetes/client/resources.ts';
import { changedFinalizers } from '../../kubernetes/finalizers.ts';
import type { Stop } from '../failures.ts';
import { conclude } from '../failures.ts';
import type { GitHubAccessDeps } from '../github-access/connect.ts';
import { accessGitHub, runnerSpecOf } from '../github-access/connect.ts';
import { heartbeatUntilDone } from '../heartbeat.ts';
import { inParallel } from '../parallel.ts';
import { unlessRefused } from '../tell.ts';
import { notReady } from './publish-status.ts';
import { NameTakenError, deregisterByName } from './register-runner.ts';

/** One runner that is to go. Without an id it is looked up at GitHub by its name. */
export interface RunnerToRetire {
  name: string;
  runnerId?: number;
  /** Deregister it and remove its pod, but leave the object, with this status. */
  keepAs?: { phase: string; reason: string; message: string };
  /** Of one that belongs to no set: another one of its name is left alone. */
  uid?: string;
  /** It was made from an earlier template, which may name another GitHub: an id there means another runner here. */
  ofOlderTemplate?: true;
  /** It was deleted with `--cascade=orphan`: pod, Secret and registration stay as they are. */
  leavePod?: true;
  /** The deadline of a deletion has passed: it goes, also when GitHub cannot be asked. */
  force?: true;
}

/** Runners of one set that are to go together. */
export interface RetireRunnersInput {
  namespace: string;
  /** The EphemeralRunnerSet, if there is one. */
  runnerSet?: string;
  runners: RunnerToRetire[];
}

/**
 * What became of the runners, by name. One that is in none of the lists was not reached, or met what `stopped` says.
 */
export interface RetireRunnersResult {
  retired: string[];
  /** Of those retired: whose objects were left. */
  kept: string[];
  /** GitHub says that their job is still running: nothing was touched. */
  busy: string[];
  /** Of those retired: still registered at GitHub, as far as is known. */
  leaked?: string[];
  /** Why others could not be retired. */
  stopped?: Stop;
}

/** What retiring runners needs. */
export interface RetireRunnersDeps extends GitHubAccessDeps {
  kubernetes: KubernetesClient;
  /** For the template and the credentials. Default: the client itself. */
  reads?: Pick<KubernetesClient, 'get'>;
  /** The worker is to end: no further runner is begun. */
  stopping?: AbortSignal | undefined;
}

/**
 * Retires runners: GitHub first, so that none is taken which has just got a job, then pod, Secret and object. Each
 * runner fails for itself; failures are reported together. Cancelled, it answers with those retired by then; when its
 * worker is to end, it begins no further one.
 */
export const retireRunnersActivity =
  (deps: RetireRunnersDeps) =>
  async (input: RetireRunnersInput): Promise<RetireRunnersResult> => {
    const context = Context.current();
    const result = (context.info.heartbeatDetails as RetireRunnersResult | undefined) ?? {
      retired: [],
      kept: [],
      busy: [],
    };
    const stopBeating = heartbeatUntilDone(context, () => result);
    const errors: unknown[] = [];
    try {
      const shared = await sharedAccess(deps, input).catch((error: unknown) => new NoAccess(error));
      const settled = new Set([...result.retired, ...result.busy]);
      const queue = input.runners.filter(({ name }) => !settled.has(name));
      const one = { ...deps, ...input, shared, signal: context.cancellationSignal };
      await inParallel(queue, async (runner) => {
        if (deps.stopping?.aborted) return;
        await retireOne(one, runner, result).catch((error: unknown) => errors.push(error));
      });
    } catch (error) {
      errors.push(error);
    } finally {
      stopBeating();
    }
    if (context.cancellationSignal.aborted) return result;
    // What stands in the way of one is of no concern to the others.
    return conclude(result, errors, { preferred: 'retry' });
  };

interface Access {
  github: ScaleSetClient;
  scaleSetId: number;
  configUrl: string;
}

/** GitHub cannot be asked about any runner of the set. */
class NoAccess {
  readonly why: unknown;

  constructor(why: unknown) {
    this.why = why;
  }
}

type One = RetireRunnersDeps &
  RetireRunnersInput & { shared: Access | NoAccess | undefined; signal: AbortSignal };

async function sharedAccess(
  deps: RetireRunnersDeps,
  { namespace, runnerSet }: RetireRunnersInput,
): Promise<Access | undefined> {
  if (runnerSet === undefined) return undefined;
  const reads = deps.reads ?? deps.kubernetes;
  const object = await ignoreNotFound(reads.get(ephemeralRunnerSets, { namespace, name: runnerSet }));
  if (!object) return undefined;
  const spec = runnerSpecOf(object);
  const github = await accessGitHub({ ...deps, kubernetes: reads }, namespace, spec);
  return { github, scaleSetId: spec.runnerScaleSetId, configUrl: spec.githubConfigUrl };
}

async function retireOne(one: One, runner: RunnerToRetire, result: RetireRunnersResult): Promise<void> {
  const { name, keepAs, leavePod } = runner;
  if (leavePod) await letGo(one, name);
  if (leavePod ?? (await isReplaced(one, runner))) {
    result.retired.push(name);
    return;
  }
  const told = await tellGitHub(one, runner);
  if (told === 'busy') {
    result.busy.push(name);
    return;
  }
  if (told === 'leaked') (result.leaked ??= []).push(name);
  if (keepAs) {
    await keep(one, { name, keepAs });
    result.kept.push(name);
  } else {
    await remove(one, runner);
  }
  result.retired.push(name);
}

/** Only where a person chose the name can another runner have it by now. */
async function isReplaced(
  { kubernetes, namespace, signal }: One,
  { name, uid }: RunnerToRetire,
): Promise<boolean> {
  if (uid === undefined) return false;
  const object = await ignoreNotFound(kubernetes.get(ephemeralRunners, { namespace, name }, { signal }));
  return object !== undefined && object.metadata.uid !== uid;
}

async function letGo({ kubernetes, namespace, signal }: One, name: string): Promise<void> {
  const object = await ignoreNotFound(kubernetes.get(ephemeralRunners, { namespace, name }, { signal }));
  if (object) await releaseObject({ kubernetes, signal }, object);
}

async function tellGitHub(
  one: One,
  { name, runnerId, force, ofOlderTemplate }: RunnerToRetire,
): Promise<'free' | 'busy' | 'leaked'> {
  try {
    const access = await accessTo(one, { name, ofOlderTemplate });
    return !access || (await deregister(access, { name, runnerId }, one.signal)) ? 'free' : 'busy';
  } catch (error) {
    if (!force || one.signal.aborted) throw error;
    return 'leaked';
  }
}

async function accessTo(
  one: One,
  { name, ofOlderTemplate }: Pick<RunnerToRetire, 'name'> & { ofOlderTemplate: true | undefined },
): Promise<Access | undefined> {
  if (ofOlderTemplate) return accessFor(one, name);
  if (one.shared instanceof NoAccess) throw one.shared.why;
  return one.shared ?? accessFor(one, name);
}

/** A runner whose set is gone, or that never had one, brings its own configuration. */
async function accessFor(one: One, name: string): Promise<Access | undefined> {
  const { namespace, kubernetes } = one;
  const object = await ignoreNotFound(kubernetes.get(ephemeralRunners, { namespace, name }));
  if (!object) return undefined;
  const { runnerScaleSetId: scaleSetId, githubConfigUrl: configUrl } = object.spec;
  // The credentials of its set are those that are kept up to date.
  const { shared } = one;
  if (shared && !(shared instanceof NoAccess) && shared.configUrl === configUrl)
    return { ...shared, scaleSetId };
  const reads = one.reads ?? kubernetes;
  const github = await accessGitHub({ ...one, kubernetes: reads }, namespace, object.spec);
  return { github, scaleSetId, configUrl };
}

/** @returns `false` if its job is still running */
async function deregister(
  { github, scaleSetId }: Access,
  { name, runnerId }: { name: string; runnerId: number | undefined },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    // Without an id it may still be registered: its creation may have been cut short right after.
    if (runnerId === undefined) await deregisterByName(github, { scaleSetId, name }, { signal });
    else await github.removeRunner(runnerId, { signal });
  } catch (error) {
    if (isDecision(error, 'job-still-running')) return false;
    if (error instanceof NameTakenError) return !isDecision(error.cause, 'job-still-running');
    if (!isDecision(error, 'not-found')) throw error;
  }
  return true;
}

async function keep(
  { kubernetes, namespace, signal }: One,
  { name, keepAs }: { name: string; keepAs: NonNullable<RunnerToRetire['keepAs']> },
): Promise<void> {
  const status = { ...keepAs, ...notReady(keepAs.reason, keepAs.message) };
  const options = { subresource: 'status', signal } as const;
  await Promise.all([
    unlessRefused({ what: 'status of a runner' }, () =>
      ignoreNotFound(kubernetes.mergePatch(ephemeralRunners, { namespace, name }, { status }, options)),
    ),
    ignoreNotFound(kubernetes.delete(pods, { namespace, name }, { signal })),
    ignoreNotFound(kubernetes.delete(secrets, { namespace, name }, { signal })),
  ]);
}

/** Deletes the object, what belongs to it, and then the finalizers that held it until now. */
async function remove(one: One, { name, uid }: RunnerToRetire): Promise<void> {
  const { kubernetes, namespace, signal } = one;
  const key = { namespace, name };
  const [object] = await Promise.all([
    ignoreNotFound(kubernetes.delete(ephemeralRunners, key, { signal, uid })),
    ignoreNotFound(kubernetes.delete(pods, key, { signal })),
    ignoreNotFound(kubernetes.delete(secrets, key, { signal })),
  ]);
  if (!object) return;
  if (usesContainerHooks(object)) await removeHookObjects(one, name);
  await releaseObject(one, object);
}

/** Nobody can add a finalizer to what is being deleted: the version need not be the one that was read. */
async function releaseObject(
  { kubernetes, signal }: Pick<One, 'kubernetes' | 'signal'>,
  object: EphemeralRunner,
): Promise<void> {
  const { namespace = '', name = '' } = object.metadata;
  const finalizers = changedFinalizers(object, { finalizers: EPHEMERAL_RUNNER_FINALIZERS, present: false });
  const patch = { metadata: { finalizers } };
  if (finalizers)
    await ignoreNotFound(kubernetes.mergePatch(ephemeralRunners, { namespace, name }, patch, { signal }));
}

const usesContainerHooks = ({ spec }: EphemeralRunner): boolean =>
  spec.spec?.containers.some(({ env = [] }) =>
    env.some((entry) => entry.name === 'ACTIONS_RUNNER_CONTAINER_HOOKS'),
  ) ?? false;

/**
 * Container hooks start pods and Secrets of their own for a job, labelled with the runner's name. Nobody may list Secrets:
 * they are deleted unseen, and where a role of ARC's charts does not allow that, they stay.
 */
async function removeHookObjects({ kubernetes, namespace, signal }: One, name: string): Promise<void> {
  const labelSelector = `${RUNNER_POD_LABEL}=${name}`;
  const { items } = await kubernetes.list(pods, { namespace, labelSelector, signal });
  const names = items.flatMap(({ metadata }) => metadata?.name ?? []);
  await Promise.all(
    names.map((each) => ignoreNotFound(kubernetes.delete(pods, { namespace, name: each }, { signal }))),
  );
  await unlessRefused({ what: "deletion of container hooks' Secrets" }, () =>
    kubernetes.deleteCollection(secrets, { namespace, labelSelector, signal }),
  );
}
