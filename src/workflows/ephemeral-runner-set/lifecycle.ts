import { withoutPod } from './observe.ts';
import { backoffMs, isProof, withFailure } from './policies/failure-backoff.ts';
import { endingOf } from './policies/runner-ending.ts';
import type { Ending, RunnerState } from './runner.ts';
import type { RunnerSetState } from './state.ts';
import { NO_FAILURES, remember } from './state.ts';

/** Takes note of every runner that has ended, or proved that runners work, since the last pass. */
export function followRunners(state: RunnerSetState, now: number): void {
  for (const row of state.rows.values()) {
    if (row.end ?? row.retired ?? row.doing) continue;
    const ending = endingOf(row, now, state.settings);
    if (ending) letGo(row, ending);
    if (ending && !row.seen?.deleting) recordEnding(state, { row, ending, now });
    if (state.failures.inARow > 0 && isProof(row, state.failures, now)) state.failures = NO_FAILURES;
  }
}

/** That GitHub would not let go of it while it had a job is past: it is asked again at once. */
function letGo(row: RunnerState, { end }: Ending): void {
  row.end = end;
  delete row.heldByJob;
  delete row.notBefore;
}

function recordEnding(
  state: RunnerSetState,
  { row, ending, now }: { row: RunnerState; ending: Ending; now: number },
): void {
  const { end, reason, message = '' } = ending;
  row.reason = reason;
  if (message) row.message = message;
  if (end === 'completed') {
    state.order = { ...state.order, completed: state.order.completed + 1 };
    return;
  }
  remember(state, { at: now, runner: row.name, reason, message });
  if (end === 'failed') recordFailure(state, row, { now, reason, message });
  if (end === 'failed' && row.seen?.loose) tryAgain(state, row, now);
  if (end === 'lost') {
    const told = message ? `${reason}: ${message}` : reason;
    const text = `The runner was lost while it had a job (${told}).`;
    state.happenings.push({ type: 'Warning', reason: 'RunnerLost', message: text, runner: row.name });
  }
  if (end === 'unregistered') state.happenings.push({ type: 'Warning', reason, message, runner: row.name });
  if (end === 'outdated') recordOutdated(state, row, message);
}

function recordFailure(
  state: RunnerSetState,
  row: RunnerState,
  failure: { now: number; reason: string; message: string },
): void {
  row.failures = (row.failures ?? 0) + 1;
  state.failures = withFailure(state.failures, failure, state.settings);
  const text = failure.message ? `${failure.reason}: ${failure.message}` : failure.reason;
  state.happenings.push({ type: 'Warning', reason: 'RunnerFailed', message: text, runner: row.name });
}

/** A runner that belongs to no set cannot be replaced by another: it gets a new pod and a new registration. */
function tryAgain(state: RunnerSetState, { name, seen, failures = 0 }: RunnerState, now: number): void {
  if (failures > state.settings.maxConsecutiveFailures) return;
  state.rows.set(name, {
    name,
    failures,
    begun: true,
    notBefore: now + backoffMs(failures, state.settings),
    ...(seen && { seen: withoutPod(seen) }),
    ...(seen?.pod && { spentPod: seen.pod.uid }),
  });
}

function recordOutdated(state: RunnerSetState, row: RunnerState, message: string): void {
  const revision = row.seen?.revision;
  if (revision === undefined || state.outdatedRevision === revision) return;
  state.outdatedRevision = revision;
  state.happenings.push({ type: 'Warning', reason: 'Outdated', message });
}
