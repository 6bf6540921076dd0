import type {
  RunnerStatusUpdate,
  RunnerSetStatusUpdate,
} from '../../activities/ephemeral-runner-set/publish-status.ts';
import type { Circumstances } from './policies/in-flight.ts';
import { hasJob } from './runner.ts';
import type { RunnerSetEvent, RunnerSetState } from './state.ts';
import { runnerStatus, runnerSetStatus, statusKey } from './status.ts';

export interface Publication {
  set?: RunnerSetStatusUpdate;
  addFinalizer?: true;
  removeFinalizer?: true;
  runners: RunnerStatusUpdate[];
  /** One runner's status after the other: there is more important work. */
  gently?: true;
  happenings: RunnerSetEvent[];
  /** Runners that have a job, whose pods are to stay where they are. */
  protect: string[];
}

/** While runners are being created, the statuses of so many others are written together. */
const STATUSES_AMONG_CREATIONS = 20;

export function toPublish(
  state: RunnerSetState,
  { publishing, mayPublishAt, now, lanes }: Circumstances,
  wakes: number[],
): Publication | undefined {
  const publication = publishing ? undefined : publicationOf(state, now);
  if (!publication) return undefined;
  if (mayPublishAt > now) {
    wakes.push(mayPublishAt);
    return undefined;
  }
  return lanes > 0 ? gently(publication) : publication;
}

/** A runner that is there is worth more than one that is told of: statuses must not take the API server from creation. */
const gently = ({ runners, ...rest }: Publication): Publication => ({
  ...rest,
  runners: runners.slice(0, STATUSES_AMONG_CREATIONS),
  gently: true,
});

function publicationOf(state: RunnerSetState, now: number): Publication | undefined {
  const runners = [...state.rows.values()].flatMap((row) => runnerStatus(row, now) ?? []);
  const finalizer = finalizerChange(state);
  const status = state.set ? runnerSetStatus(state) : undefined;
  const changed = status && state.set && statusKey(status, state.set.generation) !== state.published;
  const protect = toProtect(state);
  const isNothing = runners.length + state.happenings.length + protect.length === 0;
  if (!changed && !finalizer && isNothing) return undefined;
  const { happenings } = state;
  return { ...(changed ? { set: status } : {}), ...finalizer, runners, happenings, protect };
}

/** Runners with a job whose pods do not say so yet. */
function toProtect({ rows, settings }: RunnerSetState): string[] {
  if (settings.jobProtection === 'off') return [];
  return [...rows.values()]
    .filter((row) => hasJob(row) && !row.protected && !row.end && row.seen?.pod?.phase === 'Running')
    .map(({ name }) => name);
}

function finalizerChange({
  set,
  rows,
}: RunnerSetState): Pick<Publication, 'addFinalizer' | 'removeFinalizer'> | undefined {
  if (!set) return undefined;
  if (set.deleting) return set.hasFinalizer && rows.size === 0 ? { removeFinalizer: true } : undefined;
  return set.hasFinalizer ? undefined : { addFinalizer: true };
}
