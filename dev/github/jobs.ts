import { randomUUID } from 'node:crypto';
import type { Alarm, Clock } from './clock.ts';
import { messageOf } from './job.ts';
import type { Job, Runner, ScaleSet } from './model.ts';
import type { JobState, QueueJobs } from './protocol.ts';
import type { Runners } from './runners.ts';

/** How jobs find their runners. Durations in milliseconds. */
export interface JobOptions {
  /** `github`: queued jobs are assigned as capacity allows. `ghes`: only those that the listener acquires. */
  style: 'github' | 'ghes';
  firstRequestId: bigint;
  /** How long an assigned job waits for a runner before it is cancelled and queued again, three times; 0: for ever. */
  pickUpMs: number;
  /** How long a busy runner that fell silent keeps its job. */
  lostJobMs: number;
}

const MOST_UNPICKED = 3;

/** Jobs that are remembered; finished ones beyond this are forgotten. */
const MOST_JOBS = 20_000;

/** The life of jobs: queued, available, assigned, running, completed, each step told to the scale set's queue. */
export class Jobs {
  readonly #known = new Map<string, Job>();
  /** Queued, and no scale set is there for them. */
  readonly #homeless = new Set<Job>();
  readonly #runners: Runners;
  readonly #options: JobOptions;
  readonly #clock: Clock;
  #nextId: bigint;

  constructor(runners: Runners, options: JobOptions, clock: Clock) {
    this.#runners = runners;
    this.#options = options;
    this.#clock = clock;
    this.#nextId = options.firstRequestId;
  }

  all(): Job[] {
    return [...this.#known.values()];
  }

  queue(scaleSet: ScaleSet, wanted: QueueJobs): Job[] {
    const jobs = Array.from({ length: wanted.count ?? 1 }, () => this.#create(scaleSet, wanted));
    for (const job of jobs) this.#enqueue(job);
    this.pump(scaleSet);
    return jobs;
  }

  /** Assigns jobs as capacity allows and starts them on idle runners. */
  pump(scaleSet: ScaleSet): void {
    const { jobs, idle } = scaleSet;
    const limit = scaleSet.capacity ?? jobs.running.size + idle.size;
    for (const job of jobs.queued) {
      if (jobs.assigned.size + jobs.running.size >= limit) break;
      this.#assignToSet(job);
    }
    for (const runner of idle) {
      const [job] = jobs.assigned;
      if (!job) break;
      this.#start(job, runner);
    }
  }

  /** The scale set is gone: its jobs wait for another one that has their labels. */
  orphan({ jobs }: ScaleSet): void {
    for (const job of [...jobs.queued, ...jobs.available, ...jobs.assigned]) {
      job.timer?.cancel();
      move(job, 'queued');
      delete job.scaleSetAssignTime;
      this.#homeless.add(job);
    }
  }

  /** Gives a scale set that is new, or has new labels, the jobs that no other one takes. */
  adopt(scaleSet: ScaleSet): void {
    for (const job of this.#homeless) {
      if (!isFor(scaleSet, job)) continue;
      this.#homeless.delete(job);
      job.scaleSet = scaleSet;
      this.#enqueue(job);
    }
    this.pump(scaleSet);
  }

  /** What the listener asks for and can still have. */
  acquire(scaleSet: ScaleSet, ids: readonly bigint[]): bigint[] {
    const wanted = new Set(ids);
    const acquired = [...scaleSet.jobs.available].filter(({ runnerRequestId }) =>
      wanted.has(runnerRequestId),
    );
    for (const job of acquired) this.#assignToSet(job);
    this.pump(scaleSet);
    return acquired.map(({ runnerRequestId }) => runnerRequestId);
  }

  /** Starts the oldest assigned job, or a new one, on this idle runner. */
  assign(runner: Runner): Job {
    const { scaleSet } = runner;
    const [waiting] = scaleSet.jobs.assigned;
    const job = waiting ?? this.#create(scaleSet, { scaleSetId: scaleSet.id });
    if (!waiting) this.#assignToSet(job);
    this.#start(job, runner);
    return job;
  }

  /** Ends the runner's job, and with it the runner. */
  finish(runner: Runner, result: string): void {
    const { job, scaleSet } = runner;
    this.#runners.remove(runner);
    if (!job) return;
    delete runner.job;
    move(job, 'completed');
    job.result = result;
    job.finishTime = this.#clock.now();
    tell(job, 'JobCompleted');
    this.pump(scaleSet);
  }

  /** The runner was heard of (again). */
  online(runner: Runner): void {
    runner.timer?.cancel();
    runner.online = true;
    if (!runner.job) runner.scaleSet.idle.add(runner);
    this.pump(runner.scaleSet);
  }

  /** The runner's job is alive. From the first time on, it must say so again and again. */
  renew(runner: Runner): void {
    this.online(runner);
    runner.timer = this.#loseLater(runner);
  }

  /** The runner left; a job it has is lost if it does not come back. */
  offline(runner: Runner): void {
    runner.timer?.cancel();
    runner.online = false;
    runner.scaleSet.idle.delete(runner);
    runner.timer = this.#loseLater(runner);
  }

  #loseLater(runner: Runner): Alarm {
    const lose = (): void => {
      if (runner.job) this.finish(runner, 'failed');
    };
    return this.#clock.after(this.#options.lostJobMs, lose);
  }

  #create(scaleSet: ScaleSet, wanted: QueueJobs): Job {
    const [owner = 'standin', repository = 'app'] = scaleSet.configPath?.split('/') ?? [];
    const id = this.#nextId++;
    const job: Job = {
      jobId: randomUUID(),
      runnerRequestId: id,
      workflowRunId: id + 1_000_000n,
      scaleSet,
      labels: scaleSet.labels,
      state: 'queued',
      owner: wanted.owner ?? owner,
      repository: wanted.repository ?? repository,
      displayName: wanted.displayName ?? 'build',
      durationMs: wanted.durationMs,
      wantedResult: wanted.result ?? 'succeeded',
      queueTime: this.#clock.now(),
      unpicked: 0,
    };
    this.#remember(job);
    return job;
  }

  #remember(job: Job): void {
    this.#known.set(job.jobId, job);
    const [oldest] = this.#known.values();
    if (this.#known.size > MOST_JOBS && oldest?.state === 'completed') this.#known.delete(oldest.jobId);
  }

  #enqueue(job: Job): void {
    const isOffered = this.#options.style === 'ghes';
    move(job, isOffered ? 'available' : 'queued');
    if (isOffered) tell(job, 'JobAvailable');
  }

  #assignToSet(job: Job): void {
    move(job, 'assigned');
    job.scaleSetAssignTime = this.#clock.now();
    const { pickUpMs } = this.#options;
    if (pickUpMs > 0) job.timer = this.#clock.after(pickUpMs, () => this.#giveUp(job));
    tell(job, 'JobAssigned');
  }

  #giveUp(job: Job): void {
    job.unpicked += 1;
    job.result = 'canceled';
    tell(job, 'JobCompleted');
    move(job, 'completed');
    if (job.unpicked > MOST_UNPICKED) return;
    delete job.result;
    this.#enqueue(job);
    this.pump(job.scaleSet);
  }

  #start(job: Job, runner: Runner): void {
    job.timer?.cancel();
    move(job, 'running');
    job.runner = { id: runner.id, name: runner.name };
    job.runnerAssignTime = this.#clock.now();
    runner.job = job;
    runner.scaleSet.idle.delete(runner);
    tell(job, 'JobStarted');
    runner.wake?.();
  }
}

/** Whether the scale set has all labels of the job, and sees its repository. */
function isFor({ labels, configPath }: ScaleSet, job: Job): boolean {
  const has = new Set(labels.map((label) => label.toLowerCase()));
  const path = job.scaleSet.configPath;
  const isSeen = configPath === undefined || path === undefined || configPath === path;
  return isSeen && job.labels.every((label) => has.has(label.toLowerCase()));
}

function move(job: Job, state: JobState): void {
  const { jobs } = job.scaleSet;
  for (const set of Object.values(jobs)) set.delete(job);
  job.state = state;
  if (state !== 'completed') jobs[state].add(job);
}

/** Before a listener was ever there, only offers are kept for it: the rest it learns from the statistics. */
function tell(job: Job, messageType: string): void {
  const { session, capacity, queue } = job.scaleSet;
  const isHeard = session !== undefined || capacity !== undefined;
  if (isHeard || messageType === 'JobAvailable') queue.push(messageOf(job, messageType));
}
