import type { ObservedRunner } from '../activities/observation.ts';

/** How a runner's work ended. */
export type End = 'completed' | 'outdated' | 'failed' | 'lost' | 'rejected';

/** What a runner is to its set right now. */
export type Stage =
  | 'creating' // an activity is at it
  | 'unfinished' // it exists without a pod: an earlier creation was cut short
  | 'pending'
  | 'idle'
  | 'busy'
  | 'ended'
  | 'leaving'; // being deregistered and deleted

/** One runner in its set's state: what was seen of it, and what is in progress. */
export interface Row {
  name: string;
  seen?: ObservedRunner;
  doing?: 'create' | 'retire';
  /** Its creation was carried out at this time (milliseconds); a pod must show up. */
  madeAt?: number;
  runnerId?: number;
  /** An activity of ours began its creation, so it can be taken up again without waiting. */
  begun?: boolean;
  /** A pod was seen: its absence now means that it is gone. */
  podSeen?: boolean;
  /** The uid of a pod that failed and was replaced under the same name (a runner that belongs to no set). */
  spentPod?: string;
  /** Milliseconds, when its pod was first seen running. */
  runningSince?: number;
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
  /** What was last written to its status (`statusKey`). */
  published?: string;
  /** Failed tries, of a runner that belongs to no set. */
  failures?: number;
}

export const hasJob = (row: Row): boolean => row.seen?.hasJob === true || row.heldByJob === true;

/** The one place where a row's stage is decided. */
export function stageOf(row: Row): Stage {
  if (row.retired || row.doing === 'retire' || row.seen?.deleting) return 'leaving';
  if (row.end) return 'ended';
  if (row.doing === 'create' && row.madeAt === undefined) return 'creating';
  if (hasJob(row)) return 'busy';
  if (row.seen?.pod?.phase === 'Running') return 'idle';
  if (row.seen?.pod || row.madeAt !== undefined) return 'pending';
  return 'unfinished';
}

/** Whether a runner counts as supply: it has, or may still take, a job. */
export const isSupply = (row: Row): boolean => {
  const stage = stageOf(row);
  return stage !== 'ended' && stage !== 'leaving';
};

/** The revision a runner was made from; one that is still being created is of the current one. */
export const revisionOfRow = (row: Row, current: string): string => row.seen?.revision ?? current;
