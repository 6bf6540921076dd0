import type { Stage } from '../../../messages/ephemeral-runner-set.ts';
import type { RunnerState } from '../runner.ts';
import { SUPPLY } from '../runner.ts';
import type { Runners } from '../runners.ts';
import type { PatchOrder } from '../state.ts';
import { openReplicas } from './patch-id.ts';

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

/** How many runners the order asks for beyond those that count, as far as there is room (`missingReplicas`). */
export function missingRunners(runners: Runners, order: PatchOrder, surgePercent?: number): number {
  const over = runners.needing('over').size;
  const disrupted = runners.needing('disrupted').size;
  return missingReplicas({ supply: supplyOf(runners), over, disrupted }, order, surgePercent);
}

/**
 * The runners beyond an order for exactly so many, in the order in which to try them: some may turn out to have a job.
 * Only runners without one are ever named: pending ones first, then idle ones, oldest first. GitHub has the last word on
 * each, when it is deregistered.
 */
export function surplusRunners(runners: Runners, order: PatchOrder): Readonly<RunnerState>[] {
  const surplus = supplyOf(runners) - openReplicas(order);
  if (!order.exact || surplus <= 0) return [];
  return CANDIDATES.flatMap((stage) => oldestFirst(runners, stage)).slice(0, surplus);
}

/** Those that count, without those that are to leave anyway. */
const supplyOf = (runners: Runners): number => runners.count(...SUPPLY) - runners.needing('outgoing').size;

const CANDIDATES = ['unfinished', 'pending', 'idle'] as const;

const oldestFirst = (runners: Runners, stage: Stage): Readonly<RunnerState>[] =>
  [...runners.inStage(stage)]
    .filter((runner) => !runners.needing('outgoing').has(runner))
    .sort((a, b) => (a.seen?.createdAt ?? 0) - (b.seen?.createdAt ?? 0));
