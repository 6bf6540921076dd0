import type { WorkflowClient } from '@temporalio/client';
import type { RunProgress } from '../policies/stuck-workflow.ts';

/** How far back the last completed workflow task is looked for. */
const EVENTS = 200;

/** Numbers of Temporal's API: `EventType`. */
const EVENT = { taskCompleted: 7, taskTimedOut: 8, taskFailed: 9 } as const;

/** What Temporal is asked about a run. */
export type ProgressClient = Pick<WorkflowClient, 'getHandle' | 'workflowService' | 'options'>;

/**
 * How the latest run of a workflow stands. One request for a workflow that has nothing to do; a second one for the end of
 * its history otherwise.
 */
export async function progressOf(workflows: ProgressClient, workflowId: string): Promise<RunProgress> {
  const { raw, runId, status } = await workflows.getHandle(workflowId).describe();
  const { pendingWorkflowTask: task } = raw;
  const hasTask = status.name === 'RUNNING' && Boolean(task);
  if (!hasTask) return { runId, hasTask, completedAt: 0, failures: 0 };
  const { history } = await workflows.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: workflows.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: EVENTS,
  });
  const events = history?.events ?? [];
  const last = events.findIndex(({ eventType }) => Number(eventType) === EVENT.taskCompleted);
  const since = last < 0 ? events : events.slice(0, last);
  const failed = since.filter(({ eventType }) =>
    [EVENT.taskTimedOut, EVENT.taskFailed].includes(Number(eventType) as never),
  ).length;
  // The tries after the first are in no history, but counted as long as nothing new comes in.
  return {
    runId,
    hasTask,
    completedAt: Number(events[last]?.eventId ?? 0),
    failures: Math.max(failed, (task?.attempt ?? 1) - 1),
  };
}
