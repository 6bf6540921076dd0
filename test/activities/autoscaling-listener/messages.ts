import type { ScaleSetMessage } from '../../../src/github/message-session.ts';
import type { JobCompleted, RunnerScaleSetStatistics } from '../../../src/github/wire.ts';

export const aJob = (jobId: string, over: Partial<JobCompleted> = {}): JobCompleted => ({
  messageType: 'JobStarted',
  runnerRequestId: '1001',
  repositoryName: 'app',
  ownerName: 'octo',
  jobId,
  jobWorkflowRef: 'octo/app/.github/workflows/ci.yml@refs/heads/main',
  jobDisplayName: 'build',
  workflowRunId: '2001',
  eventName: 'push',
  requestLabels: [],
  runnerId: 1,
  runnerName: 'demo-runner-aaaaa',
  result: '',
  ...over,
});

export const counts = (totalAssignedJobs: number): RunnerScaleSetStatistics => ({
  totalAvailableJobs: 0,
  totalAcquiredJobs: 0,
  totalAssignedJobs,
  totalRunningJobs: 0,
  totalRegisteredRunners: 0,
  totalBusyRunners: 0,
  totalIdleRunners: 0,
});

export const aMessage = (over: Partial<ScaleSetMessage> = {}): ScaleSetMessage => ({
  messageId: 1,
  available: [],
  assigned: [],
  started: [],
  completed: [],
  problems: [],
  ...over,
});
