import { CREATION_BLOCKED_CONDITION, findCondition } from '../../../api/conditions.ts';
import { isDraining, isPaused } from '../../../api/pause.ts';
import type { EphemeralRunnerSet } from '../../../api/v1alpha1/ephemeral-runner-set.ts';
import type { ListenerCapacity } from '../../../messages/observations.ts';

/** The runners of an EphemeralRunnerSet, counted for decisions about its scale set. */
export interface RunnerSetLoad {
  /** At least one has a job. */
  busy: boolean;
  /** Those that have a pod, have not ended and are not being deleted. */
  alive: number;
  /** Of those alive: for this long (milliseconds), no node has taken its pod. */
  waitingForNode: number[];
}

/** The load of a set of which no runner is known. */
export const NO_LOAD: RunnerSetLoad = { busy: false, alive: 0, waitingForNode: [] };

/** A node may have to be added first: that long, a pod that waits for one still counts. */
const NODE_MS = 60_000;

/**
 * How many jobs an EphemeralRunnerSet can take: none while it is paused, outdated, draining or on its way out; while a
 * quota is used up or pods find no node, what it has and one more. That one is the try that shows when there is room.
 */
export function capacityOf(set: EphemeralRunnerSet | undefined, load: RunnerSetLoad): ListenerCapacity {
  if (!set || isClosed(set)) return 'closed';
  const stuck = load.waitingForNode.filter((ms) => ms >= NODE_MS).length;
  const blocked = findCondition(set.status?.conditions, CREATION_BLOCKED_CONDITION);
  const quota = blocked?.status === 'True' && blocked.reason === 'QuotaExceeded';
  return quota || stuck > 0 ? Math.max(0, load.alive - stuck) + 1 : 'open';
}

const isClosed = (set: EphemeralRunnerSet): boolean =>
  set.metadata.deletionTimestamp !== undefined ||
  set.status?.phase === 'Outdated' ||
  isPaused(set) ||
  isDraining(set);
