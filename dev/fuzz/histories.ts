import type { Client } from '@temporalio/client';
import type { RunStory, WorkflowStory } from './journal.ts';

/**
 * Causes by which a workflow task fails in the ordinary course of things, by their numbers in Temporal's protocol:
 * UNHANDLED_COMMAND (a signal came in meanwhile), RESET_STICKY_TASK_QUEUE, FORCE_CLOSE_COMMAND.
 */
const ORDINARY = new Set([1, 13, 17]);

type Histories = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;
type HistoryEvent = NonNullable<Histories['events']>[number];

/** Every run of every workflow whose id begins so, running or not. */
export async function listRuns(
  client: Client,
  prefix: string,
): Promise<{ workflowId: string; runId: string; type: string; status: string }[]> {
  const runs = [];
  for await (const { workflowId, runId, type, status } of client.workflow.list({
    query: `WorkflowId STARTS_WITH '${prefix}'`,
  }))
    runs.push({ workflowId, runId, type, status: status.name });
  return runs;
}

/** What was recorded of the workflows whose ids begin with `prefix`, and where one of `secrets` stands in it. */
export async function readHistories(
  client: Client,
  prefix: string,
  secrets: readonly string[],
): Promise<{ workflows: WorkflowStory[]; told: string[] }> {
  const stories = new Map<string, WorkflowStory>();
  const told: string[] = [];
  for (const { workflowId, runId, type, status } of await listRuns(client, prefix)) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const { events } = await handle.fetchHistory();
    const story = stories.get(workflowId) ?? { id: workflowId, type, runs: [] };
    stories.set(workflowId, story);
    const run = runOf(events ?? [], { runId, status });
    if (status === 'RUNNING') run.tasks.push(...(await pendingTask(client, workflowId)));
    story.runs.push(run);
    if (secrets.some((secret) => holds(events, Buffer.from(secret))))
      told.push(`the history of ${workflowId}`);
  }
  return { workflows: [...stories.values()], told };
}

/** The attempts of a task that fails are in no history until it comes through. */
async function pendingTask(client: Client, workflowId: string): Promise<RunStory['tasks']> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const { attempt } = raw.pendingWorkflowTask ?? {};
  return attempt ? [{ at: Date.now(), attempt }] : [];
}

/** What the events of one run say. */
export function runOf(
  events: HistoryEvent[],
  { runId, status }: Pick<RunStory, 'runId' | 'status'>,
): RunStory {
  const run: RunStory = { runId, status, tasks: [], failures: [], timers: [], activities: [] };
  for (const event of events) {
    const at = Number(event.eventTime?.seconds ?? 0) * 1_000 + (event.eventTime?.nanos ?? 0) / 1e6;
    const { workflowTaskScheduledEventAttributes: task, workflowTaskFailedEventAttributes: failure } = event;
    const { timerStartedEventAttributes: timer, activityTaskScheduledEventAttributes: activity } = event;
    if (task) run.tasks.push({ at, attempt: task.attempt ?? 1 });
    if (timer) run.timers.push({ at, ms: Number(timer.startToFireTimeout?.seconds ?? 0) * 1_000 });
    if (activity) run.activities.push({ at, type: activity.activityType?.name ?? '' });
    const cause = failure && causeOf(failure);
    if (cause) run.failures.push({ at, cause });
  }
  return run;
}

/** Why a workflow task failed; undefined when that is ordinary. */
function causeOf({
  cause,
  failure,
}: NonNullable<HistoryEvent['workflowTaskFailedEventAttributes']>): string | undefined {
  return ORDINARY.has(Number(cause)) ? undefined : `cause ${Number(cause)}: ${failure?.message ?? ''}`;
}

/** Whether these bytes stand anywhere in a value's texts and payloads. */
function holds(value: unknown, secret: Buffer): boolean {
  if (value instanceof Uint8Array) return Buffer.from(value).includes(secret);
  if (typeof value === 'string') return value.includes(secret.toString());
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((member) => holds(member, secret));
}
