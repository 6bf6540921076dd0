import { INT32_MAX } from '../../../api/int32.ts';

/** Where the numbering of orders stands (protocol: scaling state machine). Carried from one session to the next. */
export interface Scaling {
  /** Runners of the last order; -1 before the first. */
  targetRunners: number;
  /** Number of the last order; -1 before the first. */
  patchSeq: number;
  /** A job started or completed since the last order. */
  dirty: boolean;
}

/** Before the first order: -1 differs from every number that could be ordered. */
export const NO_SCALING: Scaling = { targetRunners: -1, patchSeq: -1, dirty: false };

/** How many runners a scale set keeps idle, and how many it has at most. */
export interface RunnerLimits {
  minRunners: number;
  maxRunners: number;
}

/** What is written to an EphemeralRunnerSet. With the number 0, exactly that many runners are wanted. */
export interface ReplicaOrder {
  patchID: number;
  replicas: number;
}

/** The number that the next order bears, unless it asks for exactly so many. */
export const nextPatchSeq = ({ patchSeq }: Scaling): number => (patchSeq >= INT32_MAX ? 1 : patchSeq + 1);

/** The next order, for `count` jobs that wait or run: as many runners, and those that are kept idle. */
export function nextOrder(
  scaling: Scaling,
  { minRunners, maxRunners }: RunnerLimits,
  count: number,
): { scaling: Scaling; order: ReplicaOrder } {
  const patchSeq = nextPatchSeq(scaling);
  const replicas = Math.min(minRunners + count, maxRunners);
  const isIdle = !scaling.dirty && replicas === scaling.targetRunners && replicas === minRunners;
  return {
    scaling: { targetRunners: replicas, patchSeq, dirty: false },
    order: { patchID: isIdle ? 0 : patchSeq, replicas },
  };
}
