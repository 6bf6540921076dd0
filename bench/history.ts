import type { Client } from '@temporalio/client';
import { waitUntil } from '../dev/processes.ts';

/** Events of a workflow over all its runs, in total and by type. */
export interface HistoryCount {
  events: number;
  runs: number;
  byType: Record<string, number>;
}

/** Counts the events of a workflow's current run and of all runs that it continues. */
export async function countHistory({ workflow }: Client, workflowId: string): Promise<HistoryCount> {
  const count: HistoryCount = { events: 0, runs: 0, byType: {} };
  let runId: string | undefined;
  do {
    const { events = [] } = await workflow.getHandle(workflowId, runId).fetchHistory();
    count.runs += 1;
    count.events += events?.length ?? 0;
    for (const event of events ?? []) {
      const type = typeOf(event);
      count.byType[type] = (count.byType[type] ?? 0) + 1;
    }
    runId = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  } while (runId !== undefined);
  return count;
}

/** An event's type, as the one of its many attribute fields that is set names it. */
const typeOf = (event: object): string => {
  const attributes = Object.keys(event).find((field) => field.endsWith(ATTRIBUTES)) ?? '';
  return attributes.slice(0, -ATTRIBUTES.length) || 'unknown';
};

const ATTRIBUTES = 'EventAttributes';

/** What lies between two counts of one workflow. */
export const historySince = (before: HistoryCount, after: HistoryCount): HistoryCount => ({
  events: after.events - before.events,
  runs: after.runs - before.runs,
  byType: Object.fromEntries(
    Object.entries(after.byType)
      .map(([type, number]) => [type, number - (before.byType[type] ?? 0)] as const)
      .filter(([, number]) => number !== 0),
  ),
});

/** A workflow's history that does not grow for so long is at rest. */
const REST_MS = 1_500;

/** Resolves once the workflow does nothing any more. */
export async function atRest({ workflow }: Client, workflowId: string): Promise<void> {
  let [length, since] = [-1, 0];
  await waitUntil(
    `The rest of ${workflowId}`,
    async () => {
      const { historyLength } = await workflow.getHandle(workflowId).describe();
      if (historyLength !== length) [length, since] = [historyLength, Date.now()];
      return Date.now() - since >= REST_MS;
    },
    { everyMs: 300 },
  );
}
