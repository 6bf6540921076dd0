import type { Calls } from './calls.ts';
import type { Faults } from './faults.ts';
import { viewOf as jobView } from './job.ts';
import type { Runner, ScaleSet } from './model.ts';
import type {
  CallName,
  CallView,
  ClockView,
  Credentials,
  Fault,
  JobView,
  NewScaleSet,
  QueueJobs,
  RunnerView,
  ScaleSetView,
  Stats,
} from './protocol.ts';
import { endSession } from './routes/session-routes.ts';
import { viewOf as runnerView } from './runners.ts';
import { viewOf as scaleSetView } from './scale-sets.ts';
import type { World } from './world.ts';

/** How long calls take, in milliseconds, by name; `*` for all others. */
export type Latency = Partial<Record<CallName | '*', number>>;

/** Asked for something that is not there, or not in the right state. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
}

/** What a test does to the stand-in, and sees of it: in process, or over HTTP below `/standin`. */
export interface Admin {
  createScaleSet(wanted: NewScaleSet): ScaleSetView;
  scaleSets(): ScaleSetView[];
  /** Gives a runner group another name; it keeps its id and its scale sets. */
  renameRunnerGroup(name: string, to: string): void;
  runners(scaleSetId?: number): RunnerView[];
  /** Queues jobs for a scale set. */
  queueJobs(wanted: QueueJobs): JobView[];
  jobs(): JobView[];
  /** Starts a job on this idle runner: the oldest that waits, or a new one. */
  assignJob(runnerName: string): JobView;
  /** Ends the runner's job by hand. */
  finishJob(runnerName: string, result?: string): void;
  /** Makes the message queue refuse its token, or drops the session as a whole. */
  expire(scaleSetId: number, what: 'token' | 'session'): void;
  addFault(...faults: Fault[]): void;
  clearFaults(): void;
  faults(): Fault[];
  /** Sets how long calls take, in milliseconds; `*` is for all that are not named. */
  setLatency(latency: Latency): Latency;
  setCredentials(credentials: Credentials): void;
  clock(): ClockView;
  /** Moves the clock forward; what becomes due on the way happens before this returns. */
  advanceClock(ms: number): ClockView;
  /** Sets GitHub's clock on the wall ahead of the machine's, or behind: its Date, and by what it judges a JWT. */
  setWallClock(aheadMs: number): ClockView;
  calls(): CallView[];
  clearCalls(): void;
  stats(): Stats;
  clearStats(): void;
}

/** What the admin side works on. */
export interface AdminParts {
  world: World;
  faults: Faults;
  calls: Calls;
  latency: Latency;
}

/** The admin side, for tests in this process and for the routes. */
export function createAdmin({ world, faults, calls, latency }: AdminParts): Admin {
  return {
    ...worldAdmin(world),
    addFault: (...added) => added.forEach((fault) => faults.add(fault)),
    clearFaults: () => faults.clear(),
    faults: () => faults.all(),
    setLatency: (change) => Object.assign(latency, change),
    calls: () => calls.all(),
    clearCalls: () => calls.clear(),
    stats: () => ({ calls: calls.stats(), violations: [...world.violations] }),
    clearStats: () => {
      calls.clear();
      world.violations.length = 0;
    },
  };
}

type WorldAdmin = Pick<
  Admin,
  | 'createScaleSet'
  | 'scaleSets'
  | 'renameRunnerGroup'
  | 'runners'
  | 'queueJobs'
  | 'jobs'
  | 'assignJob'
  | 'finishJob'
  | 'expire'
  | 'setCredentials'
  | 'clock'
  | 'advanceClock'
  | 'setWallClock'
>;

function worldAdmin({ scaleSets, runners, jobs, keys, clock, options }: World): WorldAdmin {
  const view = (): ClockView => ({
    now: clock.now(),
    wall: clock.wall(),
    isStill: options.isStill === true,
  });
  const scaleSet = (id: number): ScaleSet => present(scaleSets.get(id), `scale set ${id}`);
  const runner = (name: string): Runner => present(runners.anyNamed(name), `runner ${name}`);
  return {
    createScaleSet: (wanted) => {
      const created = present(scaleSets.add(wanted), `free id and name for ${wanted.name}`);
      jobs.adopt(created);
      return scaleSetView(created);
    },
    scaleSets: () => scaleSets.all().map(scaleSetView),
    renameRunnerGroup: (name, to) => {
      const group = scaleSets.groups.find((each) => each.name.toLowerCase() === name.toLowerCase());
      present(group, `runner group ${name}`).name = to;
    },
    runners: (id) => (id === undefined ? runners.all() : [...scaleSet(id).runners]).map(runnerView),
    queueJobs: (wanted) => jobs.queue(scaleSet(wanted.scaleSetId), wanted).map(jobView),
    jobs: () => jobs.all().map(jobView),
    assignJob: (name) => {
      const { online, job } = runner(name);
      if (!online || job) throw new AdminError(`Runner ${name} is not idle.`);
      return jobView(jobs.assign(runner(name)));
    },
    finishJob: (name, result) => {
      const busy = runner(name);
      const job = present(busy.job, `job on runner ${name}`);
      jobs.finish(busy, result ?? job.wantedResult);
    },
    expire: (id, what) => {
      const set = scaleSet(id);
      const session = present(set.session, `session of scale set ${id}`);
      if (what === 'session') endSession(set);
      else session.isTokenExpired = true;
      set.queue.wake();
    },
    setCredentials: (credentials) => keys.set(credentials),
    clock: view,
    advanceClock: (ms) => {
      if (!(ms >= 0 && ms < Infinity))
        throw new AdminError('The clock goes forward only: give milliseconds.');
      clock.advance(ms);
      return view();
    },
    setWallClock: (aheadMs) => {
      clock.setWall(aheadMs);
      return view();
    },
  };
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new AdminError(`There is no ${what}.`);
  return value;
}
