import { Context } from '@temporalio/activity';
import { INVALID_NAME } from '../../api/conditions.ts';
import { runnerNameProblem } from '../../api/names.ts';
import { fitting } from '../../api/text-limits.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import type { ScaleSetClient } from '../../github/scale-set-client.ts';
import type { JitConfig } from '../../github/wire.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { isAlreadyExists, isDenied, isForbidden, isNoDryRun } from '../../kubernetes/client/errors.ts';
import { ephemeralRunnerSets, ephemeralRunners, pods, secrets } from '../../kubernetes/client/resources.ts';
import { buildEphemeralRunner, buildJitSecret, buildRunnerPod } from '../../kubernetes/objects/runner.ts';
import type { Stop } from '../failures.ts';
import { SetupError, conclude, firstOfEachReason, judge } from '../failures.ts';
import type { GitHubAccessDeps } from '../github-access/connect.ts';
import { accessGitHub, runnerSpecOf } from '../github-access/connect.ts';
import { keepProxySecret } from '../github-access/proxy.ts';
import { heartbeatUntilDone } from '../heartbeat.ts';
import { inParallel } from '../parallel.ts';
import {
  RejectedError,
  RunnerLeavingError,
  createRunner,
  isRefusal,
  refusalMessage,
} from './create-runner.ts';
import { NameTakenError } from './register-runner.ts';

/** One activity's share of the runners to create, under names that the workflow has chosen. */
export interface CreateRunnersInput {
  namespace: string;
  /** The EphemeralRunnerSet, absent for runners that belong to none. */
  runnerSet?: string;
  /** Of the EphemeralRunnerSet as the workflow knows it: an older one is not read. */
  generation?: number;
  names: string[];
  /** How many of them are made at the same time; one unless given. */
  atOnce?: number;
  patchId: number;
  /** Creation has been blocked: ask Kubernetes first whether it would take such a pod. */
  probe: boolean;
}

/** What became of each name: created, rejected, begun, or not tried. */
export interface CreateRunnersResult {
  created: { name: string; runnerId: number }[];
  /** Kubernetes will not have their pod: their status says why. */
  rejected: { name: string; reason: string; message: string }[];
  /** Of those that were not created: which ones exist in the cluster, half made. */
  begun: string[];
  /** Of runners that belong to no set: those that must wait, each for a reason of its own. */
  heldUp?: ({ name: string } & Stop)[];
  /** Why the others were not tried, or not finished. */
  stopped?: Stop;
}

/** What creating runners needs. */
export interface CreateRunnersDeps extends GitHubAccessDeps {
  kubernetes: KubernetesClient;
  /** Of this program. */
  version: string;
  /** Labels that begin so are not handed down to runners. */
  excludedLabelPrefixes?: readonly string[];
  /** For the template and the credentials. Default: the client itself. */
  reads?: Pick<KubernetesClient, 'get'>;
  metrics: { runnerCreated(namespace: string, set: string, seconds: number): void };
  /** The worker is to end: no further runner is begun. */
  stopping?: AbortSignal | undefined;
}

/** What survives a failed attempt: the heartbeat's details. */
interface Progress {
  result: CreateRunnersResult;
  /** When each runner was first begun, in milliseconds. */
  beganAt: Record<string, number>;
}

const nothingYet = (): Progress => ({ result: { created: [], rejected: [], begun: [] }, beganAt: {} });

/**
 * Creates the named runners, `atOnce` at a time. A failure that concerns them all ends it: with a result when it is of no
 * use to go on (`stopped`), with a failure when Temporal should try again. What was done by then is in the heartbeat,
 * and the cluster shows it to whoever goes on. Cancelled, it answers with what was done by then: the runners it was at are
 * among those begun. When its worker is to end, it finishes those and leaves the others to another worker.
 */
export const createRunnersActivity =
  (deps: CreateRunnersDeps) =>
  async (input: CreateRunnersInput): Promise<CreateRunnersResult> => {
    const context = Context.current();
    const progress = (context.info.heartbeatDetails as Progress | undefined) ?? nothingYet();
    const stopBeating = heartbeatUntilDone(context, () => progress);
    const signal = context.cancellationSignal;
    try {
      const errors = await fillLanes(deps, input, { progress, signal });
      // Where one runner shows that it is of no use to go on, it is of none for the others.
      return signal.aborted || (deps.stopping?.aborted && errors.length === 0)
        ? progress.result
        : conclude(progress.result, errors, { preferred: 'stop', reported: firstOfEachReason });
    } finally {
      stopBeating();
    }
  };

interface LaneContext {
  progress: Progress;
  signal: AbortSignal;
}

/** @returns what it ran into; whoever was at a runner then has finished it */
async function fillLanes(
  deps: CreateRunnersDeps,
  input: CreateRunnersInput,
  context: LaneContext,
): Promise<unknown[]> {
  const { created, rejected, heldUp = [] } = context.progress.result;
  const done = new Set([...created, ...rejected, ...heldUp].map(({ name }) => name));
  const names = input.names.filter((name) => !done.has(name));
  const errors: unknown[] = [];
  const failed = (error: unknown): void => void errors.push(error);
  const source = await sourceOf(deps, input, context.signal).catch(failed);
  if (!source) return errors;
  const makeNext = async (name: string): Promise<void> => {
    if (context.signal.aborted || deps.stopping?.aborted) return;
    const isAlone = input.runnerSet === undefined;
    if (errors.length > 0 && !isAlone) return;
    const making = makeOne(deps, { ...input, ...source, name }, context);
    await making.catch((error: unknown) => {
      if (!isAlone || !holdUp(context.progress.result, name, error)) failed(error);
    });
  };
  await inParallel(names, makeNext, input.atOnce ?? 1);
  return errors;
}

/**
 * Runners that belong to no set share neither template nor credentials: what one lacks holds up no other.
 *
 * @returns whether it is of no use to go on with this one
 */
function holdUp(result: CreateRunnersResult, name: string, error: unknown): boolean {
  const verdict = judge(error);
  if (verdict.decision !== 'stop') return false;
  const { reason, message, retryAfterMs } = verdict;
  const stop = { reason, message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  (result.heldUp ??= []).push({ name, ...stop });
  return true;
}

interface Source {
  runnerSetObject?: EphemeralRunnerSet;
  github?: ScaleSetClient;
}

/** The template and the connection that the runners of a set share. */
async function sourceOf(
  deps: CreateRunnersDeps,
  input: CreateRunnersInput,
  signal: AbortSignal,
): Promise<Source> {
  const { namespace, runnerSet, generation = 0, probe, names } = input;
  if (runnerSet === undefined) return {};
  // A try whether something was repaired must see the repair.
  const reads = (probe ? undefined : deps.reads) ?? deps.kubernetes;
  const key = { namespace, name: runnerSet };
  const known = await reads.get(ephemeralRunnerSets, key);
  const isOld = (known.metadata.generation ?? 0) < generation;
  const runnerSetObject = isOld ? await deps.kubernetes.get(ephemeralRunnerSets, key) : known;
  const spec = runnerSpecOf(runnerSetObject);
  const github = await accessGitHub({ ...deps, kubernetes: reads }, namespace, spec);
  await keepProxySecret(deps.kubernetes, runnerSetObject, spec);
  if (probe) await rehearse(deps, { namespace, runnerSetObject, name: names[0] ?? '' }, signal);
  return { runnerSetObject, github };
}

/** Whether Kubernetes would take a runner of a set now: `false` when it refuses one, for lack of room as well. */
export const wouldTakePod =
  (deps: Pick<CreateRunnersDeps, 'kubernetes' | 'version'>) =>
  async (runnerSetObject: EphemeralRunnerSet, signal: AbortSignal): Promise<boolean> => {
    const { namespace = '', name = '' } = runnerSetObject.metadata;
    try {
      await rehearse(deps, { namespace, runnerSetObject, name: `${name}-dry-run` }, signal);
      return true;
    } catch (error) {
      if (error instanceof SetupError || isForbidden(error) || isDenied(error)) return false;
      throw error;
    }
  };

interface Rehearsed {
  namespace: string;
  runnerSetObject: EphemeralRunnerSet;
  name: string;
}

/** Nobody is to take it for one. */
const NO_JIT: JitConfig = { runner: { id: 0, name: '', runnerScaleSetId: 0 }, encodedJITConfig: 'dry-run' };

/** A dry run of a runner's creation, all three objects of it: it costs no registration to learn that nothing was repaired yet. */
async function rehearse(
  { kubernetes, version }: Pick<CreateRunnersDeps, 'kubernetes' | 'version'>,
  { namespace, runnerSetObject, name }: Rehearsed,
  signal: AbortSignal,
): Promise<void> {
  const { metadata, ...rest } = buildEphemeralRunner({ set: runnerSetObject, name, patchId: 0 });
  const runner = { ...rest, metadata: { ...metadata, uid: 'none' } };
  const pod = buildRunnerPod({ runner, version });
  const secret = buildJitSecret({ runner, jit: NO_JIT, scaleSetId: runner.spec.runnerScaleSetId });
  delete pod.metadata?.ownerReferences;
  delete secret.metadata?.ownerReferences;
  const options = { signal, dryRun: true };
  await Promise.all([
    unlessRehearsed('runner', kubernetes.create(ephemeralRunners, namespace, { ...rest, metadata }, options)),
    unlessRehearsed('pod', kubernetes.create(pods, namespace, pod, options)),
    unlessRehearsed('Secret', kubernetes.create(secrets, namespace, secret, options)),
  ]);
}

/** One that is there by now, from an earlier try, was taken. */
async function unlessRehearsed(what: string, creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (isNoDryRun(error) || isAlreadyExists(error)) return;
    if (isRefusal(error) && what !== 'runner')
      throw new SetupError('InvalidPodTemplate', refusalMessage(error, what), error);
    throw error;
  }
}

async function makeOne(
  deps: CreateRunnersDeps,
  {
    namespace,
    runnerSet,
    name,
    patchId,
    runnerSetObject,
    github,
  }: CreateRunnersInput & Source & { name: string },
  { progress, signal }: LaneContext,
): Promise<void> {
  const { result, beganAt } = progress;
  const began = (beganAt[name] ??= Date.now());
  const maker = { ...deps, github: github ?? (await accessOf(deps, namespace, name)), signal };
  const onBegun = (): void => {
    if (!result.begun.includes(name)) result.begun.push(name);
  };
  try {
    const runnerId = await createRunner(maker, {
      namespace,
      name,
      patchId,
      onBegun,
      ...(runnerSetObject ? { runnerSet: runnerSetObject } : {}),
    });
    result.created.push({ name, runnerId });
    deps.metrics.runnerCreated(namespace, runnerSet ?? '', (Date.now() - began) / 1000);
  } catch (error) {
    if (error instanceof RejectedError) {
      result.rejected.push({ name, reason: 'InvalidPod', message: fitting(error.message, 'words') });
      throw new SetupError('InvalidPodTemplate', error.message, error);
    }
    if (!(error instanceof NameTakenError || error instanceof RunnerLeavingError)) throw error;
  }
  result.begun = result.begun.filter((other) => other !== name);
}

/** The connection of a runner that belongs to no set. */
async function accessOf(deps: CreateRunnersDeps, namespace: string, name: string): Promise<ScaleSetClient> {
  const problem = runnerNameProblem(name);
  if (problem !== undefined) throw new SetupError(INVALID_NAME, problem);
  const { spec } = await deps.kubernetes.get(ephemeralRunners, { namespace, name });
  return accessGitHub(deps, namespace, spec);
}
