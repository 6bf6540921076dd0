import type { RunnerSettings } from '../../../messages/settings.ts';
import type { RunnerState } from '../runner.ts';
import { isHalfMade, isOver, isSupply, stageOf } from '../runner.ts';
import type { Need, Place } from '../runners.ts';
import { resultDueAt, runnerStatus } from '../status.ts';
import { needsProtection } from './job-protection.ts';
import { pendingDeadline } from './pending-timeout.ts';
import { checkDueAt } from './registration-check.ts';
import { isOfOlderRevision } from './rollout.ts';
import { endingDueAt } from './runner-ending.ts';
import { isFree, mayBegin } from './takeover.ts';

/** What runners' places depend on, beside the runners themselves and the time. */
export interface PlaceFacts {
  settings: RunnerSettings;
  /** Of the set's template, if there is a set that stays. */
  revision?: string;
  /** The set is being deleted, or gone. */
  leaving: boolean;
}

/** Where a runner stands now, what it calls for, and when that changes though nothing happens. */
export function placeOf(runner: Readonly<RunnerState>, facts: PlaceFacts, now: number): Place {
  const stage = stageOf(runner);
  const wakes = [deadline(runner, facts.settings, now)];
  const isReady = mayBegin(runner, now, wakes) && isFree(runner, now, wakes);
  const checkAt = checkDueAt(runner, facts.settings);
  const leaves = wantsToLeave(runner, facts);
  const calls: Record<Need, boolean> = {
    begin: isHalfMade(runner) && isReady,
    leave: leaves && isReady,
    outgoing: leaves && isSupply(runner),
    tell: runnerStatus(runner, now) !== undefined,
    protect: needsProtection(runner),
    check: checkAt <= now,
    rejected: runner.end === 'rejected',
    over: isOver(runner) && runner.end !== 'disrupted',
    disrupted: isOver(runner) && runner.end === 'disrupted',
  };
  if (checkAt > now) wakes.push(checkAt);
  const needs = (Object.keys(calls) as Need[]).filter((need) => calls[need]);
  return { stage, needs, dueAt: Math.min(...wakes) };
}

/** When the runner is overdue: its pod to be seen, or to run, or to end with its job. What is past is known. */
function deadline(runner: Readonly<RunnerState>, settings: RunnerSettings, now: number): number {
  if (runner.doing) return Infinity;
  const all = [
    endingDueAt(runner, settings),
    resultDueAt(runner),
    pendingDeadline(runner, settings) ?? Infinity,
  ];
  return Math.min(...all.filter((at) => at > now));
}

/** Deleted, ended or outdated, or without a job in a set that goes. One that was rejected stays as evidence. */
function wantsToLeave(runner: Readonly<RunnerState>, { leaving, revision }: PlaceFacts): boolean {
  if (runner.seen?.deleting) return true;
  if (runner.end !== undefined && runner.end !== 'rejected' && !runner.settled) return true;
  if (leaving) return stageOf(runner) !== 'busy';
  return revision !== undefined && isOfOlderRevision(runner, revision);
}
