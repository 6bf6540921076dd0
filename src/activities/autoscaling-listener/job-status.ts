import { int64Json } from '../../github/transport/json.ts';
import type { JobCompleted, JobStarted } from '../../github/wire.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ephemeralRunners } from '../../kubernetes/client/resources.ts';
import { tell } from '../tell.ts';

/** The part of an EphemeralRunner's status that says which job it has. What is empty or zero is left out. */
export function jobStatusOf(job: JobStarted): object {
  const { ownerName, repositoryName } = job;
  const repository = [ownerName, repositoryName].filter(Boolean).join('/');
  return {
    ...(job.runnerRequestId !== '0' && { jobRequestId: int64Json(job.runnerRequestId) }),
    ...(repository !== '' && { jobRepositoryName: repository }),
    ...(job.jobId !== '' && { jobId: job.jobId }),
    ...(job.workflowRunId !== '0' && { workflowRunId: int64Json(job.workflowRunId) }),
    ...(job.jobWorkflowRef !== '' && { jobWorkflowRef: job.jobWorkflowRef }),
    ...(job.jobDisplayName !== '' && { jobDisplayName: job.jobDisplayName }),
  };
}

/** Writes onto a runner which job it has. One that is gone, or was never ours, needs none. */
export const recordStart = (
  kubernetes: Pick<KubernetesClient, 'mergePatch'>,
  namespace: string,
  job: JobStarted,
): Promise<void> => {
  const key = { namespace, name: job.runnerName };
  const patch = { status: jobStatusOf(job) };
  return tell({ what: 'job of a runner' }, () =>
    kubernetes.mergePatch(ephemeralRunners, key, patch, { subresource: 'status' }),
  );
};

/** How jobs ended, by the runner that had them; empty where GitHub does not say how. */
export const resultsOf = (completed: readonly JobCompleted[]): Record<string, string> =>
  Object.fromEntries(
    completed
      .filter(({ runnerName }) => runnerName !== '')
      .map(({ runnerName, result }) => [runnerName, result]),
  );
