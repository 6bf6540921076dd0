import type { RunnerState } from '../runner.ts';
import { isSupply, stageOf } from '../runner.ts';
import type { PatchOrder } from '../state.ts';
import { openReplicas } from './patch-id.ts';

/** What separates the runners there are from those ordered. */
export interface ReplicaDelta {
  /** Runners to add. */
  missing: number;
  /** Runners to take away, in the order in which to try them: some may turn out to have a job. */
  surplus: RunnerState[];
}

/**
 * What separates the runners that count from the number ordered. Only runners without a job are ever named as surplus:
 * pending ones first, then idle ones, oldest first. GitHub has the last word on each, when it is deregistered.
 */
export function replicaDelta(runners: Iterable<RunnerState>, order: PatchOrder): ReplicaDelta {
  const supply = [...runners].filter(isSupply);
  const difference = openReplicas(order) - supply.length;
  if (difference >= 0) return { missing: difference, surplus: [] };
  if (!order.exact) return { missing: 0, surplus: [] };
  const candidates = [
    ...ofStage(supply, 'unfinished'),
    ...ofStage(supply, 'pending'),
    ...ofStage(supply, 'idle'),
  ];
  return { missing: 0, surplus: candidates.slice(0, -difference) };
}

const ofStage = (runners: RunnerState[], stage: 'unfinished' | 'pending' | 'idle'): RunnerState[] =>
  runners
    .filter((runner) => stageOf(runner) === stage)
    .sort((a, b) => (a.seen?.createdAt ?? 0) - (b.seen?.createdAt ?? 0));
