import type { RunnerToRetire } from '../../activities/ephemeral-runner-set/retire-runners.ts';
import type {
  RunnerStatusUpdate,
  SetStatusUpdate,
} from '../../activities/ephemeral-runner-set/publish-status.ts';
import type { Allowance } from './policies/failure-backoff.ts';
import { allowAfterFailures } from './policies/failure-backoff.ts';
import { POD_SIGHTING_MS } from './policies/runner-ending.ts';
import type { Share } from './policies/creation-batches.ts';
import { shareOut } from './policies/creation-batches.ts';
import { pendingDeadline } from './policies/pending-timeout.ts';
import type { RegistrationCheck } from './policies/registration-check.ts';
import { registrationsToCheck } from './policies/registration-check.ts';
import { outrun, surplusRejected } from './policies/rollout.ts';
import { isOverdue } from './policies/deletion-deadline.ts';
import type { Row } from './runner.ts';
import { hasJob, stageOf } from './runner.ts';
import { replicaDelta } from './policies/replica-delta.ts';
import type { Happening, SetState } from './state.ts';
import { isOutdated, resultDueAt, runnerStatus, setStatus, statusKey } from './status.ts';
import { allowInTrouble } from './policies/creation-block.ts';

/** One activity's share of the creation. */
export interface Creation {
  names: string[];
  /** How many of them are made at the same time. */
  lanes: number;
  /** Creation is blocked, this is a try: ask Kubernetes first whether it would take the pod. */
  probe: boolean;
}

export interface Publication {
  set?: SetStatusUpdate;
  addFinalizer?: true;
  removeFinalizer?: true;
  runners: RunnerStatusUpdate[];
  /** One runner's status after the other: there is more important work. */
  gently?: true;
  happenings: Happening[];
  /** Runners that have a job, whose pods are to stay where they are. */
  protect: string[];
}

/** What to do now. Nouns only: carrying it out is the workflow's part. */
export interface Plan {
  create: Creation[];
  retire: RunnerToRetire[];
  publish?: Publication;
  /** What to ask GitHub about idle runners. */
  check?: RegistrationCheck;
  /** Milliseconds since the epoch: look again then, even if nothing happens. */
  wakeAt?: number;
  /** Nothing is left that this workflow serves. */
  finished: boolean;
}

export interface Circumstances {
  /** Milliseconds since the epoch. */
  now: number;
  /** Runners being created at the same time right now. */
  lanes: number;
  /** How lanes share activities. */
  share: (lanes: readonly number[]) => Share[];
  /** Statuses of runners yield to the creation of others. */
  creationFirst: boolean;
  /** A status is being written. */
  publishing: boolean;
  /** Milliseconds since the epoch: no other is written before. */
  mayPublishAt: number;
  /** GitHub is being asked about idle runners. */
  checking: boolean;
  /** Milliseconds since the epoch: it is not asked before. */
  mayCheckAt: number;
  /** Preparing to continue as new: begin nothing. */
  draining: boolean;
  newName: () => string;
}

/** An EphemeralRunner without a pod may still be in the hands of a worker that was cut off: wait that long. */
const TAKEOVER_MS = 20_000;

/** The plan for a set, and for the runners that belong to none (`set` was never seen). */
export function decide(state: SetState, circumstances: Circumstances): Plan {
  const idle: Plan = { create: [], retire: [], finished: false };
  if (!state.complete || circumstances.draining) return idle;
  const wakes: number[] = [];
  const retire = toRetire(state, circumstances.now, wakes);
  const create = toCreate(state, { ...circumstances, retiring: new Set(retire) }, wakes);
  const publish = toPublish(state, circumstances, wakes);
  const check = circumstances.checking ? undefined : registrationsToCheck(state, circumstances, wakes);
  const wakeAt = Math.min(...wakes, nextDeadline(state, circumstances.now));
  return {
    create,
    retire: retire.map((row) => retirement(state, row, circumstances.now)),
    ...(publish ? { publish } : {}),
    ...(check ? { check } : {}),
    ...(Number.isFinite(wakeAt) ? { wakeAt } : {}),
    // What is still to be told is told first.
    finished: state.rows.size === 0 && !state.set && state.happenings.length === 0,
  };
}

/** When the first of the runners is overdue: its pod to be seen, or to run, or to end with its job. */
function nextDeadline(state: SetState, now: number): number {
  let next = Infinity;
  for (const row of state.rows.values()) {
    if (row.doing) continue;
    const sighting = awaitsSighting(row) ? (row.madeAt ?? 0) + POD_SIGHTING_MS : Infinity;
    const result = resultDueAt(row);
    const pending = pendingDeadline(row, state.settings) ?? Infinity;
    next = Math.min(next, sighting, pending, result > now ? result : Infinity);
  }
  return next;
}

const awaitsSighting = (row: Row): boolean => row.madeAt !== undefined && !row.podSeen && !row.end;

function retirement(state: SetState, row: Row, now: number): RunnerToRetire {
  const runnerId = row.runnerId ?? row.seen?.runnerId;
  const kept = row.seen?.loose && row.end === 'outdated' && !row.seen.deleting;
  return {
    name: row.name,
    ...(runnerId === undefined ? {} : { runnerId }),
    ...(isOverdue(state, row, now) ? { force: true as const } : {}),
    ...(kept ? { keepAs: { phase: 'Outdated', reason: 'Outdated', message: row.message ?? '' } } : {}),
  };
}

/** Ended, deleted, outdated and surplus runners, as far as they may be tried now. */
function toRetire(state: SetState, now: number, wakes: number[]): Row[] {
  const rows = [...state.rows.values()];
  const wanted = new Set<Row>();
  for (const row of rows) {
    if (row.seen?.deleting || (row.end !== undefined && row.end !== 'rejected' && !row.settled))
      wanted.add(row);
    else if (leavesWithItsSet(state, row)) wanted.add(row);
  }
  if (state.set && !state.set.deleting) {
    for (const row of surplusRejected(rows)) wanted.add(row);
    for (const row of outrun(rows, state.set.revision)) wanted.add(row);
    const kept = rows.filter((row) => !wanted.has(row));
    for (const row of replicaDelta(kept, state.order).surplus) wanted.add(row);
  }
  return [...wanted].filter((row) => mayBegin(row, now, wakes) && isInNobodysHands(row, now, wakes));
}

/** A set that goes takes along every runner that has no job. */
const leavesWithItsSet = (state: SetState, row: Row): boolean =>
  (state.set === null || state.set?.deleting === true) && stageOf(row) !== 'busy';

function mayBegin(row: Row, now: number, wakes: number[]): boolean {
  if (row.retired || row.doing) return false;
  if (row.notBefore === undefined || row.notBefore <= now) return true;
  wakes.push(row.notBefore);
  return false;
}

type Creating = Circumstances & { retiring: Set<Row> };

function toCreate(state: SetState, circumstances: Creating, wakes: number[]): Creation[] {
  const limit = state.settings.runnerCreationConcurrency;
  const free = limit - circumstances.lanes;
  if (free <= 0 || !mayCreate(state)) return [];
  const kept = [...state.rows.values()].filter((row) => !circumstances.retiring.has(row));
  const unfinished = kept.filter((row) => mayResume(row, circumstances.now, wakes));
  const missing = state.set ? replicaDelta(kept, state.order).missing : 0;
  const allowed = allowance(state, { missing, unfinished: unfinished.length, kept }, circumstances);
  if (allowed.again !== undefined) wakes.push(allowed.again);
  const wanted = new Set(unfinished.slice(0, allowed.count).map(({ name }) => name));
  const total = wanted.size + Math.min(missing, allowed.count - wanted.size);
  while (wanted.size < total) wanted.add(circumstances.newName());
  const names = [...wanted];
  const probe = state.trouble !== undefined;
  const shares = circumstances.share(shareOut(names.length, free, limit));
  return shares.map(({ runners, lanes }) => ({ names: names.splice(0, runners), lanes, probe }));
}

const mayCreate = (state: SetState): boolean => {
  if (state.set === undefined) return true;
  return state.set !== null && !state.set.deleting && !state.set.paused && !isOutdated(state);
};

const mayResume = (row: Row, now: number, wakes: number[]): boolean =>
  stageOf(row) === 'unfinished' && mayBegin(row, now, wakes) && isInNobodysHands(row, now, wakes);

function isInNobodysHands(row: Row, now: number, wakes: number[]): boolean {
  if (stageOf(row) !== 'unfinished') return true;
  const takeover = row.begun ? 0 : (row.seen?.createdAt ?? 0) * 1000 + TAKEOVER_MS;
  // A runner that belongs to no set was made by a person: nobody else is at it.
  if (row.seen?.loose || takeover <= now) return true;
  wakes.push(takeover);
  return false;
}

function allowance(
  state: SetState,
  { missing, unfinished, kept }: { missing: number; unfinished: number; kept: Row[] },
  { lanes, now }: Circumstances,
): Allowance {
  if (missing + unfinished === 0) return { count: 0 };
  if (state.trouble) return allowInTrouble(state.trouble, { lanes, now });
  if (!state.set) return { count: unfinished };
  const { failures, settings } = state;
  const fresh = allowAfterFailures(missing, { failures, rows: kept, now }, settings);
  return { ...fresh, count: fresh.count + unfinished };
}

/** While runners are being created, the statuses of so many others are written together. */
const STATUSES_AMONG_CREATIONS = 20;

function toPublish(
  state: SetState,
  { publishing, mayPublishAt, now, lanes, creationFirst }: Circumstances,
  wakes: number[],
): Publication | undefined {
  const publication = publishing ? undefined : publicationOf(state, now);
  if (!publication) return undefined;
  if (mayPublishAt > now) {
    wakes.push(mayPublishAt);
    return undefined;
  }
  return creationFirst && lanes > 0 ? gently(publication) : publication;
}

/** A runner that is there is worth more than one that is told of: statuses must not take the API server from creation. */
const gently = ({ runners, ...rest }: Publication): Publication => ({
  ...rest,
  runners: runners.slice(0, STATUSES_AMONG_CREATIONS),
  gently: true,
});

function publicationOf(state: SetState, now: number): Publication | undefined {
  const runners = [...state.rows.values()].flatMap((row) => runnerStatus(row, now) ?? []);
  const finalizer = finalizerChange(state);
  const status = state.set ? setStatus(state) : undefined;
  const changed = status && state.set && statusKey(status, state.set.generation) !== state.published;
  const protect = toProtect(state);
  const isNothing = runners.length + state.happenings.length + protect.length === 0;
  if (!changed && !finalizer && isNothing) return undefined;
  const { happenings } = state;
  return { ...(changed ? { set: status } : {}), ...finalizer, runners, happenings, protect };
}

/** Runners with a job whose pods do not say so yet. */
function toProtect({ rows, settings }: SetState): string[] {
  if (settings.jobProtection === 'off') return [];
  return [...rows.values()]
    .filter((row) => hasJob(row) && !row.protected && !row.end && row.seen?.pod?.phase === 'Running')
    .map(({ name }) => name);
}

function finalizerChange({
  set,
  rows,
}: SetState): Pick<Publication, 'addFinalizer' | 'removeFinalizer'> | undefined {
  if (!set) return undefined;
  if (set.deleting) return set.hasFinalizer && rows.size === 0 ? { removeFinalizer: true } : undefined;
  return set.hasFinalizer ? undefined : { addFinalizer: true };
}
