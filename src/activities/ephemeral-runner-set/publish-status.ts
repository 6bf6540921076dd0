import { Context } from '@temporalio/activity';
import type { Condition, DecidedCondition } from '../../api/conditions.ts';
import { now, wordsOfCondition } from '../../api/conditions.ts';
import { EPHEMERAL_RUNNER_SET_FINALIZER } from '../../api/finalizers.ts';
import { API_VERSION } from '../../api/v1alpha1/group.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ignoreNotFound } from '../../kubernetes/client/errors.ts';
import { ephemeralRunnerSets, ephemeralRunners, secrets } from '../../kubernetes/client/resources.ts';
import { setFinalizer } from '../../kubernetes/finalizers.ts';
import { runnerIdOf } from '../../kubernetes/objects/runner.ts';
import { writeStatus } from '../../kubernetes/write-status.ts';
import { createCache } from '../cache.ts';
import { judge, messageOf, toFailure } from '../failures.ts';
import { dropProxySecret } from '../github-access/proxy.ts';
import { heartbeatUntilDone } from '../heartbeat.ts';
import { inParallel } from '../parallel.ts';
import { tellEvents, unlessRefused } from '../tell.ts';
import type { Budgets, ProtectInput } from './job-protection.ts';
import { protectPods } from './job-protection.ts';

/** The status of an EphemeralRunnerSet as it was decided. */
export interface RunnerSetStatusUpdate {
  currentReplicas: number;
  pendingEphemeralRunners: number;
  runningEphemeralRunners: number;
  failedEphemeralRunners: number;
  phase: 'Running' | 'Outdated';
  conditions: DecidedCondition[];
}

/** The status of one EphemeralRunner as it was decided. */
export interface RunnerStatusUpdate {
  name: string;
  phase: string;
  ready: boolean;
  /** At GitHub. Absent: whoever made it was lost before it told; the runner's Secret knows. */
  runnerId?: number;
  reason?: string;
  message?: string;
  /** It waits for what only a person can give: the reason is told when it changes. */
  stuck?: true;
  /** How its job ended, if the runner outlives it. */
  jobResult?: string;
  /** Its last pod that failed, of a runner that got another: its uid, and when, in milliseconds. */
  failed?: { podUid: string; at: number };
}

/** One batch of what a set's workflow writes into the cluster; each part only if there is something to write. */
export interface PublishStatusInput extends ProtectInput {
  runnerSet?: { name: string; uid: string; generation: number };
  status?: RunnerSetStatusUpdate;
  addFinalizer?: true;
  removeFinalizer?: true;
  runners: RunnerStatusUpdate[];
  /** One runner's status after the other, because runners are being created. */
  oneAtATime?: true;
  events: { type: 'Normal' | 'Warning'; reason: string; message: string; runner?: string }[];
}

/** What writing statuses needs. */
export interface PublishStatusDeps {
  kubernetes: KubernetesClient;
}

/** Somebody may take a set's budget away: it is made sure of again after this time. */
const BUDGET_KEPT_MS = 10 * 60_000;

/** Writes one batch: the set's status and finalizer, its runners' status, Events. What is gone needs no status. */
export const publishStatusActivity = ({ kubernetes }: PublishStatusDeps) => {
  const budgets: Budgets = createCache(BUDGET_KEPT_MS, Date.now);
  return async (input: PublishStatusInput): Promise<void> => {
    const stopBeating = heartbeatUntilDone(Context.current(), () => undefined);
    const statuses = input.runners.map(
      (runner) => () =>
        unlessRefused({ what: 'status of a runner' }, () =>
          publishRunner(kubernetes, input.namespace, runner),
        ),
    );
    const others = [
      () => publishFinalizer(kubernetes, input),
      () => unlessRefused({ what: 'status' }, () => publishSet(kubernetes, input)),
      ...input.events.map((event) => () => publishEvent(kubernetes, input, event)),
      ...protectPods({ kubernetes, budgets }, input),
    ];
    const errors: unknown[] = [];
    const tried = (write: () => Promise<void>): Promise<unknown> =>
      write().catch((error: unknown) => errors.push(error));
    try {
      if (input.oneAtATime) await Promise.all([inParallel(others, tried), inParallel(statuses, tried, 1)]);
      else await inParallel([...others, ...statuses], tried);
    } finally {
      stopBeating();
    }
    const verdicts = errors.map(judge);
    const [first] = verdicts;
    if (!first) return;
    throw toFailure({ ...first, message: messageOf(verdicts) });
  };
};

async function publishFinalizer(
  kubernetes: KubernetesClient,
  { namespace, runnerSet, addFinalizer, removeFinalizer }: PublishStatusInput,
): Promise<void> {
  if (!runnerSet || !(addFinalizer ?? removeFinalizer)) return;
  const key = { namespace, name: runnerSet.name };
  if (removeFinalizer) await dropProxySecret(kubernetes, key);
  const change = { finalizer: EPHEMERAL_RUNNER_SET_FINALIZER, present: addFinalizer === true };
  await setFinalizer(kubernetes, { resource: ephemeralRunnerSets, ...key, uid: runnerSet.uid }, change);
}

async function publishSet(
  kubernetes: KubernetesClient,
  { namespace, runnerSet, status, removeFinalizer }: PublishStatusInput,
): Promise<void> {
  if (!runnerSet || !status || removeFinalizer) return;
  const { name, uid, generation } = runnerSet;
  await writeStatus(
    kubernetes,
    { resource: ephemeralRunnerSets, namespace, name, uid },
    { status, generation },
  );
}

async function publishRunner(
  kubernetes: KubernetesClient,
  namespace: string,
  { name, phase, ready, runnerId, reason, message, jobResult, failed }: RunnerStatusUpdate,
): Promise<void> {
  const readyStatus = ready
    ? readiness('True', 'PodReady', 'The runner is up.')
    : readiness('False', reason ?? 'PodNotReady', message ?? '');
  const id = runnerId ?? (await registeredId(kubernetes, { namespace, name }));
  const registered = id === undefined ? {} : { runnerId: id, runnerName: name };
  const result = jobResult === undefined ? {} : { jobResult };
  const failures = failed && { failures: { [failed.podUid]: new Date(failed.at).toISOString() } };
  const status = {
    ...registered,
    phase,
    reason: reason ?? null,
    message: message ?? null,
    ...readyStatus,
    ...result,
    ...failures,
  };
  await ignoreNotFound(
    kubernetes.mergePatch(ephemeralRunners, { namespace, name }, { status }, { subresource: 'status' }),
  );
}

async function registeredId(
  kubernetes: KubernetesClient,
  key: { namespace: string; name: string },
): Promise<number | undefined> {
  const secret = await ignoreNotFound(kubernetes.get(secrets, key));
  return secret && runnerIdOf(secret);
}

async function publishEvent(
  kubernetes: KubernetesClient,
  { namespace, runnerSet }: PublishStatusInput,
  { type, reason, message, runner }: PublishStatusInput['events'][number],
): Promise<void> {
  const regarding = runnerSet
    ? {
        apiVersion: API_VERSION,
        kind: 'EphemeralRunnerSet',
        namespace,
        name: runnerSet.name,
        uid: runnerSet.uid,
      }
    : { apiVersion: API_VERSION, kind: 'EphemeralRunner', namespace, name: runner ?? '' };
  const text = runnerSet && runner !== undefined ? `${runner}: ${message}` : message;
  await tellEvents(kubernetes, regarding, [{ type, reason, message: text }]);
}

/** The readiness of an EphemeralRunner, as the part of its status that `kubectl wait` reads. */
export const readiness = (
  status: 'True' | 'False',
  reason: string,
  message: string,
): { ready: boolean; conditions: Condition[] } => ({
  ready: status === 'True',
  conditions: [
    { type: 'Ready', status, ...wordsOfCondition({ reason, message }), lastTransitionTime: now() },
  ],
});

/** The status of a runner that is not ready, and why, with its condition Ready. */
export const notReady = (reason: string, message: string): ReturnType<typeof readiness> =>
  readiness('False', reason, message);
