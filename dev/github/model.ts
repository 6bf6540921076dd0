import type { Alarm } from './clock.ts';
import type { JobState } from './protocol.ts';
import type { MessageQueue, Session } from './sessions.ts';

/** A registered runner, and the job it has. */
export interface Runner {
  id: number;
  name: string;
  scaleSet: ScaleSet;
  configPath: string;
  secret: string;
  /** Set by the first connection: a JIT config is good for one. */
  connectionId?: string;
  online: boolean;
  job?: Job;
  /** Hands a job, or the news of the removal, to a waiting poll. */
  wake?: () => void;
  /** Declares the runner lost unless it is heard of in time. */
  timer?: Alarm;
}

/** A scale set with its jobs, runners and session. */
export interface ScaleSet {
  id: number;
  name: string;
  runnerGroupId: number;
  labels: string[];
  /** `undefined`: seen from every config URL. */
  configPath: string | undefined;
  disableUpdate: boolean;
  createdOn: string;
  /** Announced with the last poll; `undefined` before the first: then only idle runners are given jobs. */
  capacity: number | undefined;
  session: Session | undefined;
  queue: MessageQueue;
  /** Registered, online or not. */
  runners: Set<Runner>;
  /** Online and without a job, the oldest first. */
  idle: Set<Runner>;
  /** By state; sets keep the order of arrival. */
  jobs: Record<'queued' | 'available' | 'assigned' | 'running', Set<Job>>;
}

/** One job of a workflow run. */
export interface Job {
  jobId: string;
  runnerRequestId: bigint;
  workflowRunId: bigint;
  /** The one it waits for, runs on or ran on; after that one's deletion, the one it waited for. */
  scaleSet: ScaleSet;
  /** What its workflow asks for with `runs-on`. */
  labels: string[];
  state: JobState;
  owner: string;
  repository: string;
  displayName: string;
  durationMs: number | undefined;
  wantedResult: string;
  result?: string;
  runner?: { id: number; name: string };
  queueTime: number;
  scaleSetAssignTime?: number;
  runnerAssignTime?: number;
  finishTime?: number;
  /** How often it was assigned and no runner took it. */
  unpicked: number;
  timer?: Alarm;
}
