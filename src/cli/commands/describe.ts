import { Command } from 'commander';
import { events } from '../../kubernetes/client/resources.ts';
import { resolveKey, withCluster, withWorkflow, writeResult } from '../context.ts';
import type { CliError } from '../failure.ts';
import { toCliError } from '../failure.ts';
import { findSet } from '../find-set.ts';
import type { Description, EventRow } from '../output/describe-text.ts';
import { describeText } from '../output/describe-text.ts';
import { setRow } from '../output/view.ts';
import type { Run } from '../run.ts';
import type { SetKey } from '../set-key.ts';
import type { Cluster, CommandContext } from '../surroundings.ts';

/** `temporal-arc describe`: one set, from its resource, its Events and its workflow. */
export function describeCommand(run: Run): Command {
  const command = new Command('describe')
    .summary('Tell all about one set: what is wanted, there and going on, and why.')
    .description(
      'Joins what Kubernetes holds (spec, status, conditions, Events) with what Temporal holds: the workflow, the ' +
        'runners as it sees them, its failures, and activities in progress with their attempts.',
    )
    .argument('<set>', '[NAMESPACE/]NAME of the EphemeralRunnerSet, or of its AutoscalingRunnerSet')
    .addHelpText(
      'after',
      `
When Temporal or a worker does not answer, the Kubernetes part is shown and the exit code is 4 (3 without a workflow).

Example:
  temporal-arc describe arc-runners/linux

JSON: {set, events: [...], workflow, state, missing}
  set       as in "get sets", and conditions
  events    {type, reason, message, count, lastSeenAt}
  workflow  {workflowId, runId, status, taskQueue, historyLength, startedAt,
             pendingActivities: [{type, attempt, state, lastFailure, nextAttemptAt}]}
  state     the answer of the workflow's query "state"`,
    );
  return command.action((set: string) => run((context) => describe(context, set), command));
}

async function describe(context: CommandContext, text: string): Promise<void> {
  const key = await resolveKey(context, text);
  const fromCluster = await withCluster(context, (cluster) => describeResource(cluster, key));
  const { namespace, name } = fromCluster.set;
  const { failure, ...fromTemporal } = await describeWorkflow(context, { namespace, name });
  const description: Description = { ...fromCluster, ...fromTemporal };
  if (failure) description.missing = failure.message;
  writeResult(
    context,
    description,
    describeText(description, { now: context.around.now(), paint: context.paint }),
  );
  if (failure) throw failure;
}

async function describeResource(cluster: Cluster, key: SetKey): Promise<Pick<Description, 'set' | 'events'>> {
  const set = await findSet(cluster, key);
  const fieldSelector = `involvedObject.kind=EphemeralRunnerSet,involvedObject.name=${set.metadata.name ?? ''}`;
  const { items } = await cluster.list(events, { namespace: key.namespace, fieldSelector });
  const rows = items.map((event): EventRow => ({
    type: event.type ?? '',
    reason: event.reason ?? '',
    message: event.message ?? '',
    count: event.series?.count ?? event.count ?? 1,
    lastSeenAt: event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? '',
  }));
  return {
    set: { ...setRow(set), conditions: [...(set.status?.conditions ?? [])] },
    events: rows.sort((a, b) => Date.parse(a.lastSeenAt) - Date.parse(b.lastSeenAt)),
  };
}

type FromTemporal = Pick<Description, 'workflow' | 'state'> & { failure?: CliError };

/** What Temporal answers; a part that fails does not hide the rest. */
async function describeWorkflow(context: CommandContext, key: SetKey): Promise<FromTemporal> {
  const found: FromTemporal = {};
  try {
    await withWorkflow(context, key, async (workflow) => {
      found.workflow = await workflow.describe();
      found.state = await workflow.state();
    });
  } catch (error) {
    found.failure = toCliError(error);
  }
  return found;
}
