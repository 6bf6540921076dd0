import type { ScaleSetMessage } from '../../../github/message-session.ts';
import type { RunnerScaleSetStatistics } from '../../../github/wire.ts';

/** Jobs that want a runner, as far as the message queue told. */
export interface Demand {
  /** `totalAssignedJobs` of the last statistics: waiting and running ones. Absent: there were none yet. */
  assignedJobs?: number;
  /**
   * Jobs that were assigned by a message whose statistics do not count them, by id. GitHub's statistics have been seen to
   * say 0 then.
   */
  uncounted: Record<string, UncountedJob>;
}

interface UncountedJob {
  /** Milliseconds since the epoch: it is forgotten then. */
  until: number;
  /** The queue has been quiet since: nothing newer explains it, and it counts. */
  counts?: true;
}

/** The demand before the first message of a session. */
export const NO_DEMAND: Demand = { uncounted: {} };

/** A job that no statistics ever counted, and that neither started nor ended, is not waited for longer. */
const FORGET_AFTER_MS = 10 * 60_000;

/** The demand after statistics that came without a message: at the start of a session. */
export const withStatistics = (demand: Demand, statistics: RunnerScaleSetStatistics | undefined): Demand =>
  statistics ? confirmed({ ...demand, assignedJobs: statistics.totalAssignedJobs }) : demand;

/** The demand after a message. Taking in the same message twice changes nothing. */
export function withMessage(demand: Demand, message: ScaleSetMessage, now: number): Demand {
  const { statistics, assigned, started, completed } = message;
  const over = new Set([...started, ...completed].map(({ jobId }) => jobId));
  const waiting = assigned.map(({ jobId }) => jobId).filter((jobId) => jobId !== '' && !over.has(jobId));
  const assignedJobs = statistics?.totalAssignedJobs ?? demand.assignedJobs;
  const earlier = Object.entries(demand.uncounted).filter(
    ([jobId, { until }]) => !over.has(jobId) && until > now,
  );
  const fresh = waiting.length > (assignedJobs ?? 0) ? waiting : [];
  const added = fresh.map(
    (jobId) => [jobId, demand.uncounted[jobId] ?? { until: now + FORGET_AFTER_MS }] as const,
  );
  return confirmed({
    ...(assignedJobs !== undefined && { assignedJobs }),
    uncounted: Object.fromEntries([...earlier, ...added]),
  });
}

/** Statistics that count as many jobs as were in doubt have caught up. */
const confirmed = (demand: Demand): Demand =>
  Object.keys(demand.uncounted).length <= (demand.assignedJobs ?? 0) ? { ...demand, uncounted: {} } : demand;

/**
 * The demand once the queue has been quiet. Statistics are newer than the message they come with: the next message may
 * tell that a job they leave out has ended. When none comes, it waits for a runner.
 */
export function whenQuiet(demand: Demand, now: number): Demand {
  const waiting = Object.entries(demand.uncounted).filter(([, { until }]) => until > now);
  const uncounted = waiting.map(([jobId, job]) => [jobId, { ...job, counts: true }] as const);
  return { ...demand, uncounted: Object.fromEntries(uncounted) };
}

/** How many jobs want a runner; `undefined` while nothing is known. */
export function jobsWanted({ assignedJobs, uncounted }: Demand): number | undefined {
  const counting = Object.values(uncounted).filter(({ counts }) => counts).length;
  return counting === 0 ? assignedJobs : Math.max(assignedJobs ?? 0, counting);
}

/** Jobs are in doubt that do not count yet. */
export const isDoubtful = ({ uncounted }: Demand): boolean =>
  Object.values(uncounted).some(({ counts }) => !counts);
