/**
 * The stand-in's own interface, below `/standin`: what a stand-in runner and a test speak. No authentication, loopback
 * only. Times are milliseconds since the epoch, durations milliseconds.
 *
 * | runner side | |
 * |---|---|
 * | `POST /standin/runners/connect` `{ jitConfig }`, as it was handed out | 200 `Connection`; 409 when the JIT config was used before, 401 when it is unknown, 410 when the runner was removed |
 * | `GET /standin/runners/{connectionId}/job?wait=ms` | 200 `RunnerJob`; 204 when none came in time; 410 when the runner was removed: exit |
 * | `POST /standin/runners/{connectionId}/renew` | 204: the job is alive; 410 when it was taken away |
 * | `POST /standin/runners/{connectionId}/complete` `{ result }` | 204: job and runner are done; 409 when there is no job |
 * | `POST /standin/runners/{connectionId}/disconnect` | 204: the runner is offline, and still registered |
 *
 * | admin side | |
 * |---|---|
 * | `GET`, `POST /standin/scale-sets` `NewScaleSet` | 200 `ScaleSetView[]`; 201 `ScaleSetView` |
 * | `POST /standin/runner-groups/rename` `{ name, to }` | 204: the group keeps its id and its scale sets |
 * | `GET /standin/runners[?scaleSetId=]` | 200 `RunnerView[]` |
 * | `GET`, `POST /standin/jobs` `QueueJobs` | 200 `JobView[]`; 201 `JobView[]` |
 * | `POST /standin/jobs/assign` `{ runnerName }` | 200 `JobView`: the oldest waiting job, or a new one, starts on this idle runner |
 * | `POST /standin/jobs/finish` `{ runnerName, result? }` | 204 |
 * | `GET`, `POST`, `DELETE /standin/faults` `Fault` or `Fault[]` | |
 * | `GET`, `POST /standin/latency` `{ generatejitconfig: 150, '*': 0 }` | 200 what holds now |
 * | `GET`, `DELETE /standin/calls` | 200 `CallView[]` |
 * | `GET`, `DELETE /standin/stats` | 200 `Stats` |
 * | `POST /standin/credentials` `Credentials` | 204 |
 * | `GET`, `POST /standin/clock` `{ advanceMs }` or `{ wallAheadMs }` | 200 `ClockView`: tokens, sessions, polls, unpicked and lost jobs go by this clock; Date and JWTs by the one on the wall |
 * | `POST /standin/sessions/expire` `{ scaleSetId, what: 'token' or 'session' }` | 204 |
 */
export interface JitContent {
  /** Base URL of the stand-in. */
  url: string;
  runnerId: number;
  runnerName: string;
  scaleSetId: number;
  /** This runner's own. */
  secret: string;
}

/** A runner that is online. */
export interface Connection {
  connectionId: string;
  runnerId: number;
  runnerName: string;
}

/** The job a runner is to run. */
export interface RunnerJob {
  jobId: string;
  displayName: string;
  /** How long the job wants to run; absent: until someone finishes it by hand. */
  durationMs?: number;
  /** What the job wants to report. */
  result: string;
}

/** A scale set to make; what is absent has GitHub's defaults. */
export interface NewScaleSet {
  id?: number;
  name: string;
  runnerGroupId?: number;
  labels?: string[];
  /** Path of the config URL it belongs to (`org` or `org/repo`); without it, it belongs to all. */
  configPath?: string;
}

/** A scale set and its statistics. */
export interface ScaleSetView {
  id: number;
  name: string;
  runnerGroupId: number;
  labels: string[];
  configPath?: string;
  disableUpdate: boolean;
  /** The last capacity that its listener announced. */
  capacity?: number;
  hasSession: boolean;
  statistics: Statistics;
}

/** What GitHub counts in a scale set. */
export interface Statistics {
  totalAvailableJobs: number;
  totalAcquiredJobs: number;
  totalAssignedJobs: number;
  totalRunningJobs: number;
  totalRegisteredRunners: number;
  totalBusyRunners: number;
  totalIdleRunners: number;
}

/** A registered runner. */
export interface RunnerView {
  id: number;
  name: string;
  scaleSetId: number;
  online: boolean;
  busy: boolean;
}

/** Jobs to queue, all alike. */
export interface QueueJobs {
  scaleSetId: number;
  /** Default: 1. */
  count?: number;
  /** Absent: each runs until it is finished by hand. */
  durationMs?: number;
  /** Default: `succeeded`. */
  result?: string;
  owner?: string;
  repository?: string;
  displayName?: string;
}

/** The life of a job, in order; `available` only on Enterprise Server. */
export type JobState = 'queued' | 'available' | 'assigned' | 'running' | 'completed';

/** A job. Ids are decimal text where GitHub has 64 bits. */
export interface JobView {
  jobId: string;
  /** Decimal text: may exceed 2^53. */
  runnerRequestId: string;
  workflowRunId: string;
  /** The one whose runners may take it; after that one's deletion, the one that had it until another takes it over. */
  scaleSetId: number;
  state: JobState;
  displayName: string;
  durationMs?: number;
  runnerId?: number;
  runnerName?: string;
  result?: string;
  queueTime: number;
  scaleSetAssignTime?: number;
  runnerAssignTime?: number;
  finishTime?: number;
}

/** Names of calls, as faults, latencies and the log use them. */
export type CallName =
  | 'accesstoken'
  | 'registrationtoken'
  | 'runnerregistration'
  | 'getrunnergroup'
  | 'getscalesetbyname'
  | 'getscaleset'
  | 'createscaleset'
  | 'updatescaleset'
  | 'deletescaleset'
  | 'generatejitconfig'
  | 'getrunner'
  | 'getrunnerbyname'
  | 'removerunner'
  | 'createsession'
  | 'refreshsession'
  | 'deletesession'
  | 'acquirejobs'
  | 'getmessage'
  | 'deletemessage'
  | 'unknown';

/**
 * - `status`: answers `status` without doing anything, with `typeName`, `retryAfter` (seconds) and `headers` if given, or
 *   with `json` in place of an exception
 * - `text`: as `status`, as plain text
 * - `empty`: `status` (200) with an empty body
 * - `timeout`: never answers
 * - `slow`: waits `latencyMs`, then goes on as usual
 * - `reset`: breaks the connection without doing anything
 * - `lost-answer`: does it, then breaks the connection
 * - `html`: an HTML page with `status` (200)
 * - `members`: does it, with the members of `json` in place of the answer's own
 * - `truncated`: does it, and sends half of the answer's JSON
 * - `wrong-types`: does it, and sends each text as a number and the other way round
 * - `missing`: does it, and leaves out the members that `json` names, at any depth
 * - `foreign`: does it, and gives each object of the answer a member that nobody knows
 * - `reordered`: does it, with the elements of each list the other way round
 * - `huge`: an answer of 10 MB
 * - `drip`: one byte of an endless answer every 50 ms
 * - `redirect-loop`: redirects to itself
 * - `bom`, `gzip`: does it, with a byte order mark, or compressed
 */
export type FaultKind =
  | 'status'
  | 'text'
  | 'empty'
  | 'timeout'
  | 'slow'
  | 'reset'
  | 'lost-answer'
  | 'html'
  | 'members'
  | 'truncated'
  | 'wrong-types'
  | 'missing'
  | 'foreign'
  | 'reordered'
  | 'huge'
  | 'drip'
  | 'redirect-loop'
  | 'bom'
  | 'gzip';

/** What goes wrong with a call, and how often. */
export interface Fault {
  match: CallName | '*';
  kind: FaultKind;
  status?: number;
  /** Seconds, for Retry-After. */
  retryAfter?: number;
  headers?: Record<string, string>;
  json?: unknown;
  typeName?: string;
  message?: string;
  latencyMs?: number;
  /** How many calls it hits. Default: no end, or 1 when neither this, `forMs` nor `probability` is given. */
  times?: number;
  /** How long it lasts from now. */
  forMs?: number;
  /** Of hitting a call, 0 to 1, drawn from `seed`. */
  probability?: number;
  seed?: number;
}

/** One call to the stand-in. */
export interface CallView {
  name: CallName;
  method: string;
  path: string;
  /** 0 while in flight or when no answer was sent. */
  status: number;
  at: number;
  durationMs: number;
  /** Calls of this name in flight, this one included, when it came. */
  inFlight: number;
}

/** What was called since the last reset. */
export interface Stats {
  calls: Partial<Record<CallName, { count: number; maxInFlight: number; statuses: Record<string, number> }>>;
  /** Things a correct client or runner never does. */
  violations: string[];
}

/** The stand-in's clock. */
export interface ClockView {
  /** Milliseconds since the epoch. */
  now: number;
  /** What GitHub's answers say in Date. */
  wall: number;
  /** Whether it moves only when it is told to. */
  isStill: boolean;
}

/** Who is let in from now on. */
export interface Credentials {
  /** Personal access tokens that are accepted; replaces the earlier ones. */
  tokens?: string[];
  /** The App that is accepted: its public or private key as PEM verifies its JWT. */
  app?: { appId: string; installationId: string; key: string };
  /** Whether admin tokens handed out so far are refused from now on. */
  revokeAdminTokens?: boolean;
}
