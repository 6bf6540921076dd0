import type { WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import {
  Client,
  Connection,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  isGrpcDeadlineError,
} from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { ephemeralRunnerSetWorkflowId, autoscalingRunnerSetWorkflowId } from '../messages/workflow-ids.ts';
import type { BootstrapReport } from '../workers/bootstrap.ts';
import { bootstrap } from '../workers/bootstrap.ts';
import type { TemporalTarget } from '../workers/configuration/temporal-profile.ts';
import { temporalConfig } from '../workers/configuration/temporal-profile.ts';
import { redact } from '../api/redact.ts';
import { EXIT } from './exit-codes.ts';
import { CliError } from './failure.ts';
import type { SetKey } from './set-key.ts';
import { keyText } from './set-key.ts';
import type {
  PendingActivity,
  ScaleSetWorkflow,
  SetWorkflow,
  WorkflowFacts,
  Workflows,
} from './surroundings.ts';
import type { RunnerSetView } from '../messages/ephemeral-runner-set.ts';
import {
  pauseUpdate,
  resumeUpdate,
  runnerSetStateQuery,
  scaleUpdate,
} from '../messages/ephemeral-runner-set.ts';

/** How long the connection, a query and an update may take. Updates and queries need a living worker. */
const CONNECT_MS = 5_000;
const ANSWER_MS = 15_000;

/**
 * Connects to Temporal, to speak to the workflows of a cluster.
 *
 * @throws CliError (unreachable), ConfigurationError
 */
export async function connectTemporal(
  target: TemporalTarget,
  cluster: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Workflows> {
  const { connection, namespace } = await connect(target, env);
  const client = new Client({ connection, namespace });
  return {
    of: (key) => setWorkflow(client, { key, cluster }),
    ofScaleSet: (key) => scaleSetWorkflow(client, { key, cluster }),
    close: () => connection.close(),
  };
}

/**
 * Gives Temporal the namespace of `target`, with the search attributes that workers need, as far as they are missing.
 *
 * @param retentionDays absent: three days in a new namespace, and as it is in one that is there
 * @throws CliError (unreachable), ConfigurationError, Error with the command for an operator
 */
export async function bootstrapTemporal(
  target: TemporalTarget,
  retentionDays: number | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<BootstrapReport> {
  const { connection, namespace } = await connect(target, env);
  try {
    return await bootstrap(connection, { namespace, ...(retentionDays !== undefined && { retentionDays }) });
  } finally {
    await connection.close();
  }
}

async function connect(
  target: TemporalTarget,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ connection: Connection; namespace: string }> {
  const { connectionOptions, namespace } = temporalConfig(target, env);
  const address = connectionOptions.address ?? '';
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: CONNECT_MS });
    return { connection, namespace };
  } catch (cause) {
    const remedy = 'check --temporal-address (or TEMPORAL_ADDRESS, --profile) and that Temporal runs';
    throw new CliError(EXIT.unreachable, `Temporal does not answer at ${address}; ${remedy}.`, cause);
  }
}

interface Named {
  key: SetKey;
  cluster: string;
}

function setWorkflow(client: Client, named: Named): SetWorkflow {
  const { key, cluster } = named;
  const ask = questioner(client, {
    ...named,
    workflowId: ephemeralRunnerSetWorkflowId(cluster, key.namespace, key.name),
  });
  return {
    ...pausable(ask),
    scale: (replicas) => ask((workflow) => workflow.executeUpdate(scaleUpdate, { args: [{ replicas }] })),
    state: () => ask(wholeState),
    describe: () => ask(async (set) => factsOf(await set.describe())),
  };
}

function scaleSetWorkflow(client: Client, named: Named): ScaleSetWorkflow {
  const { key, cluster } = named;
  return pausable(
    questioner(client, {
      ...named,
      workflowId: autoscalingRunnerSetWorkflowId(cluster, key.namespace, key.name),
    }),
  );
}

/** All pages of the answer, as one. */
async function wholeState(workflow: WorkflowHandle): Promise<RunnerSetView> {
  const { next, ...first } = await workflow.query(runnerSetStateQuery);
  const runners = [...first.runners];
  for (let after = next; after !== undefined;) {
    const page: RunnerSetView = await workflow.query(runnerSetStateQuery, { after });
    runners.push(...page.runners);
    after = page.next;
  }
  return { ...first, runners };
}

type Ask = <T>(question: (handle: WorkflowHandle) => Promise<T>) => Promise<T>;

const pausable = (ask: Ask): ScaleSetWorkflow => ({
  setPaused: (paused) => ask((workflow) => workflow.executeUpdate(paused ? pauseUpdate : resumeUpdate)),
});

function questioner(client: Client, asked: Omit<Asked, 'namespace'>): Ask {
  const handle = client.workflow.getHandle(asked.workflowId);
  return async (question) => {
    try {
      return await client.withDeadline(Date.now() + ANSWER_MS, () => question(handle));
    } catch (error) {
      throw toCliError(error, { ...asked, namespace: client.options.namespace });
    }
  };
}

interface Asked extends Named {
  workflowId: string;
  namespace: string;
}

function toCliError(error: unknown, { key, cluster, workflowId, namespace }: Asked): CliError {
  if (error instanceof WorkflowNotFoundError) {
    const remedy =
      'check the name with "temporal-arc get", --cluster and --temporal-namespace, and that a worker runs';
    const what = `${keyText(key)}: there is no workflow ${workflowId} in Temporal's namespace ${namespace}`;
    return new CliError(EXIT.notFound, `${what}; ${remedy}.`, error);
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isGrpcDeadlineError(error)) {
    const remedy = `check that a worker runs for cluster ${cluster}; a request that was accepted is carried out when one does`;
    const what = `${keyText(key)}: no worker answered within ${ANSWER_MS / 1000} s`;
    return new CliError(EXIT.unreachable, `${what}; ${remedy}.`, error);
  }
  if (error instanceof NamespaceNotFoundError) {
    const remedy = 'check --temporal-namespace (or TEMPORAL_NAMESPACE, --profile)';
    return new CliError(EXIT.notFound, `Temporal has no namespace ${namespace}; ${remedy}.`, error);
  }
  const words = error instanceof WorkflowUpdateFailedError ? deepestMessage(error) : (error as Error).message;
  return new CliError(EXIT.failed, `${keyText(key)}: ${words}`, error);
}

/** What went wrong in the end: failures of updates and activities wrap it. */
function deepestMessage(error: Error): string {
  let deepest = error;
  while (deepest.cause instanceof Error) deepest = deepest.cause;
  return deepest.message;
}

function factsOf(description: WorkflowExecutionDescription): WorkflowFacts {
  const { workflowId, runId, status, taskQueue, historyLength, startTime, raw } = description;
  return {
    workflowId,
    runId,
    status: status.name,
    taskQueue,
    historyLength,
    startedAt: startTime.toISOString(),
    pendingActivities: (raw.pendingActivities ?? []).map(pendingOf),
  };
}

type RawActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

const STATES = ['UNSPECIFIED', 'SCHEDULED', 'STARTED', 'CANCEL_REQUESTED', 'PAUSED', 'PAUSE_REQUESTED'];

function pendingOf(activity: RawActivity): PendingActivity {
  const next = activity.nextAttemptScheduleTime ?? activity.scheduledTime;
  const failure = activity.lastFailure?.message;
  const waits =
    STATES[activity.state ?? 0] === 'SCHEDULED' && next?.seconds !== null && next?.seconds !== undefined;
  return {
    type: activity.activityType?.name ?? '',
    attempt: activity.attempt ?? 1,
    state: STATES[activity.state ?? 0] ?? String(activity.state),
    ...(failure ? { lastFailure: redact(failure) } : {}),
    ...(waits ? { nextAttemptAt: new Date(Number(next.seconds) * 1000).toISOString() } : {}),
  };
}
