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

/**
 * What separates the runners that count, without those that are to leave anyway, from the number ordered. Only runners without a job are ever named as surplus:
 * pending ones first, then idle ones, oldest first. GitHub has the last word on each, when it is deregistered.
 */
export function replicaDelta(runners: Runners, order: PatchOrder): ReplicaDelta {
  const supply = runners.count(...SUPPLY) - runners.needing('outgoing').size;
  const difference = openReplicas(order) - supply;
  if (difference >= 0) return { missing: difference, surplus: [] };
  if (!order.exact) return { missing: 0, surplus: [] };
  const candidates = CANDIDATES.flatMap((stage) => oldestFirst(runners, stage));
  return { missing: 0, surplus: candidates.slice(0, -difference) };
}

const CANDIDATES = ['unfinished', 'pending', 'idle'] as const;

const oldestFirst = (runners: Runners, stage: Stage): Readonly<RunnerState>[] =>
  [...runners.inStage(stage)]
    .filter((runner) => !runners.needing('outgoing').has(runner))
    .sort((a, b) => (a.seen?.createdAt ?? 0) - (b.seen?.createdAt ?? 0));
