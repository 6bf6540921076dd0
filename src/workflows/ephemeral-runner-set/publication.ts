import type {
  RunnerSetStatusUpdate,
  RunnerStatusUpdate,
} from '../../activities/ephemeral-runner-set/publish-status.ts';
import type { Circumstances } from './circumstances.ts';
import type { RunnerSetEvent, RunnerSetState } from './state.ts';
import { runnerSetStatus, runnerStatus, statusKey } from './status.ts';

/** What to write into the cluster, and which pods to protect. */
export interface Publication {
  status?: RunnerSetStatusUpdate;
  addFinalizer?: true;
  removeFinalizer?: true;
  runners: RunnerStatusUpdate[];
  /** One runner's status after the other: there is more important work. */
  oneAtATime?: true;
  events: RunnerSetEvent[];
  /** Runners that have a job, whose pods are to stay where they are. */
  protect: string[];
}

/** While runners are being created, the statuses of so many others are written together. */
const STATUSES_AMONG_CREATIONS = 20;

/** What one activity is given at most, so that its input stays under 512 KiB: statuses have texts of 200 characters. */
const MOST_TOGETHER = 500;
const MOST_EVENTS = 100;

/** What to write now, if anything. If it has to wait, `wakes` gets the time. */
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
  return lanes > 0 ? yieldingToCreation(publication) : publication;
}

/** A runner that is there is worth more than one that is told of: statuses must not take the API server from creation. */
const yieldingToCreation = ({ runners, ...rest }: Publication): Publication => ({
  ...rest,
  runners: runners.slice(0, STATUSES_AMONG_CREATIONS),
  oneAtATime: true,
});

function publicationOf(state: RunnerSetState, now: number): Publication | undefined {
  const runners = first(state.runners.needing('tell'), MOST_TOGETHER).flatMap(
    (runner) => runnerStatus(runner, now) ?? [],
  );
  const finalizer = finalizerChange(state);
  const status = state.runnerSet ? runnerSetStatus(state) : undefined;
  const changed =
    status && state.runnerSet && statusKey(status, state.runnerSet.generation) !== state.published;
  const protect = first(state.runners.needing('protect'), MOST_TOGETHER).map(({ name }) => name);
  const isNothing = runners.length + state.events.length + protect.length === 0;
  if (!changed && !finalizer && isNothing) return undefined;
  const events = state.events.slice(0, MOST_EVENTS);
  return { ...(changed ? { status } : {}), ...finalizer, runners, events, protect };
}

function first<T>(all: Iterable<T>, most: number): T[] {
  const taken: T[] = [];
  for (const each of all) {
    if (taken.length === most) break;
    taken.push(each);
  }
  return taken;
}

function finalizerChange({
  runnerSet,
  runners,
}: RunnerSetState): Pick<Publication, 'addFinalizer' | 'removeFinalizer'> | undefined {
  if (!runnerSet) return undefined;
  if (runnerSet.deleting) {
    // Runners that are to be left alone hold nothing up: Kubernetes lets go of them first.
    const isEmpty = runners.size === 0 || runnerSet.orphaning === true;
    return runnerSet.hasFinalizer && isEmpty ? { removeFinalizer: true } : undefined;
  }
  return runnerSet.hasFinalizer ? undefined : { addFinalizer: true };
}
