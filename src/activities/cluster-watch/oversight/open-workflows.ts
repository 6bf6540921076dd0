import type { WorkflowClient } from '@temporalio/client';
import { clusterKey } from '../../../messages/search-attributes.ts';
import type { WorkflowTarget } from '../workflow-target.ts';
import { targetOf } from '../workflow-target.ts';

/** More are not looked at in one go. */
export const MOST = 20_000;

const PAGE = 1_000;

/**
 * The targets whose workflows run, as far as Temporal's list knows: it may be a second behind.
 *
 * @param within the namespaces that are watched; empty: all
 */
export async function openWorkflows(
  workflows: Pick<WorkflowClient, 'list'>,
  cluster: string,
  within: readonly string[],
): Promise<WorkflowTarget[]> {
  const query = `${clusterKey.name} = "${cluster}" AND ExecutionStatus = "Running"`;
  const found: WorkflowTarget[] = [];
  for await (const { workflowId } of workflows.list({ query, pageSize: PAGE })) {
    const target = targetOf(cluster, workflowId);
    if (target && (within.length === 0 || within.includes(target.namespace))) found.push(target);
    if (found.length === MOST) break;
  }
  return found;
}
