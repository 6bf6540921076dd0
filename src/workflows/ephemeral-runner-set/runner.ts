import type { Stage } from '../../messages/ephemeral-runner-set.ts';
import type { ObservedRunner } from '../../messages/observations.ts';
import type { RunnerFacts, RunnerMeaning } from './policies/runner-meaning.ts';
import { meaningOf } from './policies/runner-meaning.ts';

/** How a runner's work ended. */
type End =
  | 'completed'
  | 'outdated'
  | 'failed'
  | 'lost'
  | 'rejected'
  // ended by the platform, without a job: nobody's failure
  | 'disrupted'
  // it went on for too long after its job
  | 'outlived'
  // idle, and no longer known to GitHub or not online there: replaced, and nobody's failure
  | 'unregistered';

/** How a runner ended, and why. */
export interface Ending {
  end: End;
  reason: string;
  message?: string;
}

/** One runner in its set's state: what was seen of it, and what is in progress. */
export interface RunnerState {
  name: string;
  seen?: ObservedRunner;
  doing?: 'create' | 'retire';
  /** Its creation was carried out at this time (milliseconds); a pod must show up. */
  madeAt?: number;
  runnerId?: number;
  /** Milliseconds, when its object was first seen, half made, and nothing of ours was at it. */
  foundAt?: number;
  /** An activity of ours began its creation, so it can be taken up again without waiting. */
  begun?: boolean;
  /** A pod was seen: its absence now means that it is gone. */
  podSeen?: boolean;
  /** The uid of a pod that failed and was replaced under the same name (a runner that belongs to no set). */
  spentPod?: string;
  /** Milliseconds, when that pod failed. */
  failedAt?: number;
  /** Milliseconds, when its pod was first seen running. */
  runningSince?: number;
  /** Milliseconds, since when its pod is pending though nothing holds back a node for it. */
  pendingSince?: number;
  /** Milliseconds, since when one of its containers waits for what only a person can give. */
  stuckSince?: number;
  /** Milliseconds: GitHub last said that it was online. */
  onlineAt?: number;
  /** What GitHub said of it when it was asked while it was idle, and since when (milliseconds). */
  missing?: 'gone' | 'offline';
  missingSince?: number;
  /** GitHub said so again after a while: it is given up. */
  missed?: boolean;
  /** Its pod was marked as having a job. */
  protected?: boolean;
  /** How its job ended, in GitHub's words, and when that was told (milliseconds). */
  jobResult?: string;
  jobEndedAt?: number;
  /** It goes on for longer than the grace after its job. */
  outlived?: boolean;
  /** Milliseconds, when its pod was first seen ended. */
  endedAt?: number;
  /** Its pod had been up for a while when it ended. */
  settledIn?: boolean;
  /** GitHub no longer knew it when its container had ended well: its job has used it up. */
  used?: boolean;
  /** GitHub still knew it then: it never had a job. */
  unused?: boolean;
  end?: End;
  reason?: string;
  message?: string;
  /** GitHub answered that its job is still running; holds until `notBefore`. */
  heldByJob?: boolean;
  /** Milliseconds: no further try to create or retire it before. */
  notBefore?: number;
  /** Deregistered, its pod gone, its object left in the cluster for its owner to read. */
  settled?: boolean;
  /** Retired; stays until the cluster confirms, so that a late change does not bring it back. */
  retired?: boolean;
  /** While an activity was at it, a full snapshot of the cluster was without it: nothing will tell that it is gone. */
  absent?: boolean;
  /** While an activity was at it, another one took its name: what the activity comes to is not about that one. */
  replaced?: boolean;
  /** What was last written to its status (`statusKey`). */
  published?: string;
  /** Failed tries, of a runner that belongs to no set. */
  failures?: number;
}

/** Its status names a job, or GitHub said that one is running. */
export const hasJob = (runner: Readonly<RunnerState>): boolean =>
  runner.seen?.hasJob === true || runner.heldByJob === true;

/** GitHub said that its job has ended. It may still work: GitHub has been seen to be early. */
export const isJobOver = (runner: Readonly<RunnerState>): boolean => runner.jobEndedAt !== undefined;

/** What a runner is, by what is known of it now. */
export const meaningOfRunner = (runner: Readonly<RunnerState>): RunnerMeaning => meaningOf(factsOf(runner));

const LEFT_AS = ['Failed', 'Outdated', 'Succeeded'] as const;

function factsOf(runner: Readonly<RunnerState>): RunnerFacts {
  const { seen, podSeen, madeAt, outlived, unused, settledIn } = runner;
  const { pod } = seen ?? {};
  return {
    ...pod,
    gone: podSeen && !pod,
    made: madeAt !== undefined,
    leftAs: LEFT_AS.find((phase) => phase === seen?.phase),
    hasJob: hasJob(runner) || runner.used ? true : undefined,
    jobOver: isJobOver(runner),
    ...{ outlived, unused, settledIn, standalone: seen?.standalone },
  };
}

/** The one place where a runner's stage is decided. */
export function stageOf(runner: Readonly<RunnerState>): Stage {
  if (runner.retired || runner.doing === 'retire' || runner.seen?.deleting) return 'leaving';
  if (runner.end) return 'ended';
  const meaning = meaningOfRunner(runner);
  // Its lane is about to tell that it was rejected: until then, no other one is to meet the same.
  const isInLane = runner.madeAt === undefined || meaning === 'rejected';
  if (runner.doing === 'create' && isInLane) return 'creating';
  return STAGE_OF[meaning];
}

/** What it is until its end is noted. One whose pod is gone while its lane is still at it may get another. */
const STAGE_OF: Record<RunnerMeaning, Stage> = {
  unfinished: 'unfinished',
  pending: 'pending',
  idle: 'idle',
  busy: 'busy',
  ending: 'ending',
  unclear: 'unclear',
  completed: 'ending',
  outdated: 'ending',
  rejected: 'ending',
  lost: 'ending',
  disrupted: 'pending',
  failed: 'ending',
  outlived: 'ending',
};

/** The stages of runners that have, or may still take, a job; or of which it is not known yet that they do not. */
export const SUPPLY = [
  'creating',
  'unfinished',
  'pending',
  'idle',
  'busy',
  'unclear',
] as const satisfies Stage[];

/** Whether a runner counts as supply. */
export const isSupply = (runner: Readonly<RunnerState>): boolean =>
  (SUPPLY as readonly Stage[]).includes(stageOf(runner));

/**
 * Its creation may have been cut short, between any two steps: it has no pod, or nobody has told its id at GitHub, which
 * stands in its Secret. Whether it is whole is seen when it is taken up again.
 */
export function isHalfMade(runner: Readonly<RunnerState>): boolean {
  const stage = stageOf(runner);
  if (stage === 'unfinished') return true;
  const hasId = (runner.runnerId ?? runner.seen?.runnerId) !== undefined;
  return (stage === 'pending' || stage === 'idle') && !hasId;
}

/** It has done its part, and its pod is still there: it is being cleaned up, or soon will be. */
export const isOver = (runner: Readonly<RunnerState>): boolean =>
  runner.seen?.pod !== undefined &&
  !runner.retired &&
  (runner.end !== undefined ? runner.end !== 'rejected' : stageOf(runner) === 'ending');

/** The revision a runner was made from; one that is still being created is of the current one. */
export const revisionOfRunner = (runner: Readonly<RunnerState>, current: string): string =>
  runner.seen?.revision ?? current;
