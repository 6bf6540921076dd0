/** What was seen in one round, and all that the properties are judged by. Times are milliseconds since the epoch. */
export interface Journal {
  /** From the first job on, in order. */
  samples: Sample[];
  troubles: Trouble[];
  /** Every job, as it stood at the end. */
  jobs: JobStory[];
  workflows: WorkflowStory[];
  /** How histories grew while nothing happened. */
  grown: Growth[];
  /** What workers logged. */
  log: LogLine[];
  calls: CallStory[];
  /** How long it took until something was served that came after all the wild objects. */
  served: { what: string; ms: number }[];
  /** What was there after everything had been deleted, and time had passed. */
  left: string[];
  /** What a correct client never does, as the stand-ins for GitHub saw it. */
  violations: string[];
  /** Workers that ended and were not ended by us. */
  ended: string[];
  /** Where a credential was seen that nobody should see. */
  told: string[];
}

/** How the sets stand at one moment. */
export interface Sample {
  at: number;
  sets: { name: string; maxRunners: number; running: number; waiting: string[] }[];
}

/** Something that was done to sets. */
export interface Trouble {
  what: string;
  from: number;
  /** `all`, or what the names of its sets begin with. */
  of: 'all' | 'tried';
  /** How long jobs may wait because of it, in milliseconds. */
  allowMs: number;
}

/** A job at the end of a round. */
export interface JobStory {
  id: string;
  set: string;
  state: string;
  result?: string | undefined;
  runner?: string | undefined;
  /** Whether something was done to the pod of its runner. */
  isTouched: boolean;
}

/** A workflow, over all its runs. */
export interface WorkflowStory {
  id: string;
  type: string;
  runs: RunStory[];
}

/** One run of a workflow. */
export interface RunStory {
  runId: string;
  /** As Temporal calls it: `RUNNING`, `COMPLETED`, … */
  status: string;
  /** When each workflow task was scheduled, and which attempt it was. */
  tasks: { at: number; attempt: number }[];
  /** Workflow tasks that failed, and why. */
  failures: { at: number; cause: string }[];
  timers: { at: number; ms: number }[];
  activities: { at: number; type: string }[];
}

/** How far a history grew in a time in which nothing happened. */
export interface Growth {
  id: string;
  events: number;
  seconds: number;
  /** Whether it serves a set that is well. */
  isWell: boolean;
}

/** A line of a worker's log without its time, and with a sign for each number. */
export interface LogLine {
  at: number;
  text: string;
}

/** One call to a GitHub. */
export interface CallStory {
  at: number;
  call: string;
  status: number;
}

/** A journal of a round in which nothing was seen. */
export const emptyJournal = (): Journal => ({
  samples: [],
  troubles: [],
  jobs: [],
  workflows: [],
  grown: [],
  log: [],
  calls: [],
  served: [],
  left: [],
  violations: [],
  ended: [],
  told: [],
});
