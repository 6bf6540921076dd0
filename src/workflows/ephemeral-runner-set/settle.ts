import type { CheckRegistrationsResult } from '../../activities/ephemeral-runner-set/check-registrations.ts';
import type { CreateRunnersResult } from '../../activities/ephemeral-runner-set/create-runners.ts';
import type { RetireRunnersResult } from '../../activities/ephemeral-runner-set/retire-runners.ts';
import type { Stop } from '../../activities/failures.ts';
import { INVALID_NAME } from '../../api/conditions.ts';
import { markMade } from './observe.ts';
import { joinStops, blockAfter } from './policies/creation-block.ts';
import { overdueAt } from './policies/deletion-deadline.ts';
import { settleRegistrations } from './policies/registration-check.ts';
import { retirementBlockAfter } from './policies/retirement-block.ts';
import { isPremature } from './policies/runner-ending.ts';
import type { RunnerState } from './runner.ts';
import type { RunnerSetState } from './state.ts';

/** What an activity of ours came to. `stop` alone when it failed as a whole. */
export type Outcome =
  | { of: 'create'; names: string[]; probe: boolean; repairs: number; result: CreateRunnersResult }
  | { of: 'retire'; names: string[]; result: RetireRunnersResult }
  | { of: 'check'; result: CheckRegistrationsResult };

/** While a job keeps GitHub from letting go of a runner, it is asked again after this time. */
const HELD_BY_JOB_MS = 30_000;

/** What a runner of no set lacks is looked for again after this time. */
const HELD_UP_MS = 30_000;

/** A name stays as it is: only another object under another name can help. */
const NAME_AGAIN_MS = 86_400_000;

/** After an attempt to retire a runner that did not come to it, because its worker was to end. */
const RETIRE_AGAIN_MS = 5_000;

/** Takes what the activities of one pass came to into the state. */
export function settle(state: RunnerSetState, outcomes: Outcome[], now: number): void {
  const stops: Stop[] = [];
  for (const outcome of outcomes) {
    if (outcome.of === 'retire') settleRetirement(state, outcome, now);
    else if (outcome.of === 'check') settleRegistrations(state, outcome.result, now);
    else stops.push(...settleCreation(state, outcome, now));
  }
  const stop = joinStops(stops);
  if (stop) blockCreation(state, stop, now);
  else if (outcomes.some(provesRepair)) unblockCreation(state);
}

/** What was under way when the block began may still end well: only a try that was made since then tells anything. */
const provesRepair = (outcome: Outcome): boolean =>
  outcome.of === 'create' && outcome.probe && outcome.result.created.length > 0;

function settleCreation(
  state: RunnerSetState,
  { names, repairs, result }: Extract<Outcome, { of: 'create' }>,
  now: number,
): Stop[] {
  for (const name of names) forgetReplaced(state, name);
  for (const { name, runnerId } of result.created) {
    const runner = state.runners.edit(name);
    if (!runner) continue;
    runner.runnerId = runnerId;
    markMade(runner, now);
  }
  for (const { name, reason, message } of result.rejected) {
    const runner = state.runners.edit(name);
    if (runner) Object.assign(runner, { end: 'rejected', reason, message } satisfies Partial<RunnerState>);
  }
  for (const name of names) {
    const runner = state.runners.edit(name);
    if (runner?.absent) state.runners.delete(name);
    if (runner?.doing !== 'create') continue;
    delete runner.doing;
    // Begun and cut short: its object is in the cluster. Not begun: it never was.
    if (result.begun.includes(name) || runner.seen) runner.begun = true;
    else if (!runner.end) state.runners.delete(name);
  }
  for (const held of result.heldUp ?? []) holdUp(state, held, now);
  return result.stopped && repairs === state.repairs ? [result.stopped] : [];
}

/** A runner that belongs to no set waits for what it lacks, and its owner is told what that is when it changes. */
function holdUp(
  state: RunnerSetState,
  { name, reason, message, retryAfterMs = 0 }: { name: string } & Stop,
  now: number,
): void {
  const runner = state.runners.edit(name);
  if (!runner || runner.end) return;
  if (runner.reason !== reason) state.events.push({ type: 'Warning', reason, message, runner: name });
  Object.assign(runner, { reason, message } satisfies Partial<RunnerState>);
  runner.notBefore = now + Math.max(reason === INVALID_NAME ? NAME_AGAIN_MS : HELD_UP_MS, retryAfterMs);
}

/** Another one has the name by now: whatever became of the first, nothing is known to be done for this one. */
function forgetReplaced(state: RunnerSetState, name: string): boolean {
  if (!state.runners.get(name)?.replaced) return false;
  const runner = state.runners.editOrAdd(name);
  delete runner.doing;
  delete runner.replaced;
  return true;
}

function settleRetirement(
  state: RunnerSetState,
  { names, result }: { names: string[]; result: RetireRunnersResult },
  now: number,
): void {
  const retired = new Set(result.retired);
  const busy = new Set(result.busy);
  const kept = new Set(result.kept);
  noteRetirement(state, result, now);
  for (const name of names) {
    const runner = state.runners.edit(name);
    if (!runner || forgetReplaced(state, name)) continue;
    delete runner.doing;
    if (retired.has(name)) tellOfOutlived(state, runner);
    if (retired.has(name) && runner.absent) state.runners.delete(name);
    else if (retired.has(name)) runner[kept.has(name) ? 'settled' : 'retired'] = true;
    else if (busy.has(name)) holdForJob(runner, now);
    else runner.notBefore = result.stopped ? retiredAgainAt(state, runner, now) : now + RETIRE_AGAIN_MS;
  }
  if (result.leaked?.length) tellOfLeak(state, result.leaked);
}

/** The deadline of a deletion is kept, however long the pause. */
function retiredAgainAt(state: RunnerSetState, runner: RunnerState, now: number): number {
  const { nextTryAt = now } = state.retirementBlock ?? {};
  const overdue = overdueAt(state, runner);
  return overdue > now ? Math.min(nextTryAt, overdue) : nextTryAt;
}

/** GitHub has the last word: a runner that it says has a job goes on, and what ends it is seen then. */
function holdForJob(runner: RunnerState, now: number): void {
  Object.assign(runner, { heldByJob: true, notBefore: now + HELD_BY_JOB_MS });
  if (!isPremature(runner)) return;
  delete runner.end;
  delete runner.reason;
  delete runner.message;
}

function tellOfOutlived(state: RunnerSetState, { name, end, reason = '', message = '' }: RunnerState): void {
  if (end !== 'outlived') return;
  state.events.push({ type: 'Warning', reason, message, runner: name });
}

/** So many names fit into one Event, and nobody else knows them. */
const NAMES_TOGETHER = 12;

function tellOfLeak(state: RunnerSetState, names: string[]): void {
  for (let at = 0; at < names.length; at += NAMES_TOGETHER) {
    const some = names.slice(at, at + NAMES_TOGETHER);
    const message = `These runners were let go without GitHub, remove them there: ${some.join(', ')}.`;
    const [runner = ''] = some;
    state.events.push({
      type: 'Warning',
      reason: 'RunnersLeaked',
      message,
      ...(!state.runnerSet && { runner }),
    });
  }
}

/** People are told when retiring begins to fail, and for which reason, not of every try. */
function noteRetirement(
  state: RunnerSetState,
  { stopped, retired, leaked = [] }: RetireRunnersResult,
  now: number,
): void {
  // Those that were let go without GitHub do not show that it answers again.
  const progress = retired.length > leaked.length;
  const before = state.retirementBlock;
  if (!stopped) {
    if (progress) delete state.retirementBlock;
    return;
  }
  state.retirementBlock = retirementBlockAfter(before, { stop: stopped, progress, now });
  const { reason, message } = stopped;
  if (before?.reason === reason) return;
  state.events.push({ type: 'Warning', reason, message: `Runners could not be retired: ${message}` });
}

function blockCreation(state: RunnerSetState, stop: Stop, now: number): void {
  const before = state.creationBlock;
  state.creationBlock = blockAfter(before, stop, now);
  if (before?.reason !== stop.reason) {
    state.events.push({ type: 'Warning', reason: stop.reason, message: stop.message });
  }
}

function unblockCreation(state: RunnerSetState): void {
  if (!state.creationBlock) return;
  const { reason } = state.creationBlock;
  delete state.creationBlock;
  // What was refused is taken now: the evidence has served.
  for (const { name } of [...state.runners.needing('rejected')]) {
    const runner = state.runners.edit(name);
    if (runner) runner.end = 'failed';
  }
  state.events.push({
    type: 'Normal',
    reason: 'CreationResumed',
    message: `Runners are created again (it was blocked by ${reason}).`,
  });
}
