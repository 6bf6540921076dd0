import type { Stage } from '../../../messages/ephemeral-runner-set.ts';
import type { RunnerState } from '../runner.ts';
import { SUPPLY } from '../runner.ts';
import type { Runners } from '../runners.ts';
import type { PatchOrder } from '../state.ts';
import { openReplicas } from './patch-id.ts';

/** What separates the runners there are from those ordered. */
export interface ReplicaDelta {
  /** Runners to add. */
  missing: number;
  /** Runners to take away, in the order in which to try them: some may turn out to have a job. */
  surplus: Readonly<RunnerState>[];
}

/** Unless the settings say otherwise. */
const CLEAN_UP_SURGE_PERCENT = 50;

/** Runners by what they are to the order. */
interface ReplicaCounts {
  supply: number;
  /** Over, and their pods are still there. */
  over: number;
  /** The same, ended by the platform, which takes their pods away. */
  disrupted: number;
}

/**
 * How many runners may be added: a place is free when its job or its pod is over, and what is over may be beside those
 * wanted, up to a share of them, until it is cleaned up. What the platform ended is replaced at once, as many as there are.
 *
 * @param surgePercent the share, 50 unless given; 0: whatever still has a pod holds its place
 */
export function missingReplicas(
  { supply, over, disrupted }: ReplicaCounts,
  order: PatchOrder,
  surgePercent = CLEAN_UP_SURGE_PERCENT,
): number {
  const surge = surgePercent === 0 ? -disrupted : Math.ceil((order.replicas * surgePercent) / 100);
  const room = order.replicas + surge - supply - over;
  return Math.max(0, Math.min(openReplicas(order) - supply, room));
}

/**
 * What separates the runners that count, without those that are to leave anyway, from the number ordered. Only runners
 * without a job are ever named as surplus: pending ones first, then idle ones, oldest first. GitHub has the last word on
 * each, when it is deregistered.
 */
export function replicaDelta(runners: Runners, order: PatchOrder, surgePercent?: number): ReplicaDelta {
  const supply = runners.count(...SUPPLY) - runners.needing('outgoing').size;
  const surplus = supply - openReplicas(order);
  if (surplus <= 0) {
    const counts = {
      supply,
      over: runners.needing('over').size,
      disrupted: runners.needing('disrupted').size,
    };
    return { missing: missingReplicas(counts, order, surgePercent), surplus: [] };
  }
  if (!order.exact) return { missing: 0, surplus: [] };
  const candidates = CANDIDATES.flatMap((stage) => oldestFirst(runners, stage));
  return { missing: 0, surplus: candidates.slice(0, surplus) };
}

const CANDIDATES = ['unfinished', 'pending', 'idle'] as const;

const oldestFirst = (runners: Runners, stage: Stage): Readonly<RunnerState>[] =>
  [...runners.inStage(stage)]
    .filter((runner) => !runners.needing('outgoing').has(runner))
    .sort((a, b) => (a.seen?.createdAt ?? 0) - (b.seen?.createdAt ?? 0));
