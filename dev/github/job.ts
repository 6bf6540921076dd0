import type { Job } from './model.ts';
import type { JobView } from './protocol.ts';

// In Node since 22; TypeScript's library does not have it yet.
const json = JSON as unknown as { rawJSON(text: string): object };

/** A 64-bit id as a JSON number with all its digits. */
export const exactly = (id: bigint): object => json.rawJSON(String(id));

const time = (ms: number | undefined): string =>
  ms === undefined ? '0001-01-01T00:00:00Z' : new Date(ms).toISOString();

/** What the message queue says of a job. */
export const messageOf = (job: Job, messageType: string): object => ({
  messageType,
  runnerRequestId: exactly(job.runnerRequestId),
  repositoryName: job.repository,
  ownerName: job.owner,
  jobId: job.jobId,
  jobWorkflowRef: `${job.owner}/${job.repository}/.github/workflows/ci.yml@refs/heads/main`,
  jobDisplayName: job.displayName,
  workflowRunId: exactly(job.workflowRunId),
  eventName: 'push',
  requestLabels: job.labels,
  queueTime: time(job.queueTime),
  scaleSetAssignTime: time(job.scaleSetAssignTime),
  runnerAssignTime: time(job.runnerAssignTime),
  finishTime: time(job.finishTime),
  ...(messageType === 'JobAvailable' && {
    acquireJobUrl: `https://standin.invalid/jobs/${job.runnerRequestId}`,
  }),
  ...(messageType === 'JobCompleted' && { result: job.result ?? '', runnerId: 0, runnerName: '' }),
  ...runnerOf(job),
});

const runnerOf = ({ runner }: Job): object =>
  runner ? { runnerId: runner.id, runnerName: runner.name } : {};

/** The job as the stand-in's own interface shows it. */
export const viewOf = (job: Job): JobView => ({
  jobId: job.jobId,
  runnerRequestId: String(job.runnerRequestId),
  workflowRunId: String(job.workflowRunId),
  scaleSetId: job.scaleSet.id,
  state: job.state,
  displayName: job.displayName,
  ...(job.durationMs !== undefined && { durationMs: job.durationMs }),
  ...runnerOf(job),
  ...(job.result !== undefined && { result: job.result }),
  queueTime: job.queueTime,
  ...(job.scaleSetAssignTime !== undefined && { scaleSetAssignTime: job.scaleSetAssignTime }),
  ...(job.runnerAssignTime !== undefined && { runnerAssignTime: job.runnerAssignTime }),
  ...(job.finishTime !== undefined && { finishTime: job.finishTime }),
});
