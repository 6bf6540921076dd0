import { withoutPod } from './observe.ts';
import { backoffMs, isProof, withDisruption, withFailure } from './policies/failure-backoff.ts';
import { believed, withCompletion } from './policies/patch-id.ts';
import { endingOf, hadCountedJob, noteDeadlines } from './policies/runner-ending.ts';
import type { Ending, RunnerState } from './runner.ts';
import type { RunnerSetState } from './state.ts';
import { NO_FAILURES, remember } from './state.ts';

/** Takes note of every runner that has ended, or proved that runners work, since the last pass. */
export function followRunners(state: RunnerSetState, now: number): void {
  state.order = believed(state.order, now);
  for (const runner of state.runners.unplaced(now)) {
    noteOwnEnd(runner);
    if (runner.end ?? runner.retired ?? isInHand(runner)) continue;
    noteDeadlines(runner, now, state.settings);
    const ending = endingOf(runner, now, state.settings);
    if (ending && !runner.seen?.deleting && hadCountedJob(runner, ending))
      state.order = withCompletion(state.order, runner.name, now);
    if (ending) letGo(runner, ending);
    if (ending && !runner.seen?.deleting) recordEnding(state, { runner, ending, now });
    if (state.failures.inARow > 0 && isProof(runner, state.failures, now)) state.failures = NO_FAILURES;
  }
  if (state.failures.inARow > 0 && someStaysUp(state, now)) state.failures = NO_FAILURES;
}

/** To stay up changes nothing in a runner; so they are all asked, but only after a failure. */
function someStaysUp({ runners, failures }: RunnerSetState, now: number): boolean {
  for (const runner of runners.inStage('idle')) if (isProof(runner, failures, now)) return true;
  return false;
}

/**
 * An activity is at it. Its lane may still be busy with others, and takes this one up again if its worker is lost; one
 * whose pod has ended comes back from it as it is.
 */
const isInHand = ({ doing, seen }: RunnerState): boolean =>
  doing === 'retire' || (doing === 'create' && (seen?.standalone === true || !seen?.pod?.ended));

/** It went on after its job, and came to its end before anybody ended it: people need not be told. */
function noteOwnEnd(runner: RunnerState): void {
  const { end, doing, retired, seen } = runner;
  if (end !== 'outlived' || doing === 'retire' || retired || (seen?.pod && !seen.pod.ended)) return;
  runner.end = 'completed';
  delete runner.reason;
  delete runner.message;
}

/** Notes the end. GitHub may have refused to remove the runner while it had a job: now GitHub is asked again at once. */
function letGo(runner: RunnerState, { end }: Ending): void {
  runner.end = end;
  delete runner.heldByJob;
  delete runner.notBefore;
}

function recordEnding(
  state: RunnerSetState,
  { runner, ending, now }: { runner: RunnerState; ending: Ending; now: number },
): void {
  const { end, reason, message = '' } = ending;
  runner.reason = reason;
  if (message) runner.message = message;
  // Whether it is ended is for GitHub to say: it is told then.
  if (end === 'completed' || end === 'outlived') return;
  remember(state, { at: now, runner: runner.name, reason, message });
  if (end === 'disrupted') recordDisruption(state, runner, now);
  if (end === 'failed') recordFailure(state, runner, { now, reason, message });
  if ((end === 'failed' || end === 'disrupted') && runner.seen?.standalone) tryAgain(state, runner, now);
  if (end === 'lost') {
    const told = message ? `${reason}: ${message}` : reason;
    const text = `The runner was lost while it had a job (${told}).`;
    state.events.push({ type: 'Warning', reason: 'RunnerLost', message: text, runner: runner.name });
  }
  if (end === 'unregistered') state.events.push({ type: 'Warning', reason, message, runner: runner.name });
  if (end === 'outdated') recordOutdated(state, runner, message);
}

function recordFailure(
  state: RunnerSetState,
  runner: RunnerState,
  failure: { now: number; reason: string; message: string },
): void {
  runner.failures = (runner.failures ?? 0) + 1;
  state.failures = withFailure(state.failures, failure, state.settings);
  const text = failure.message ? `${failure.reason}: ${failure.message}` : failure.reason;
  state.events.push({ type: 'Warning', reason: 'RunnerFailed', message: text, runner: runner.name });
}

function recordDisruption(state: RunnerSetState, runner: RunnerState, now: number): void {
  const { name, reason = '', message } = runner;
  Object.assign(state, withDisruption(state, runner, { now, settings: state.settings }));
  const text = `The platform ended it, it had no job (${message === undefined ? reason : `${reason}: ${message}`}).`;
  state.events.push({ type: 'Warning', reason: 'RunnerDisrupted', message: text, runner: name });
}

/** A runner that belongs to no set cannot be replaced by another: it gets a new pod and a new registration. */
function tryAgain(state: RunnerSetState, { name, seen, failures = 0 }: RunnerState, now: number): void {
  if (failures > state.settings.maxConsecutiveFailures) return;
  state.runners.put({
    name,
    failures,
    begun: true,
    notBefore: now + backoffMs(failures, state.settings),
    ...(seen && { seen: withoutPod(seen) }),
    ...(seen?.pod && { spentPod: seen.pod.uid, failedAt: now }),
  });
}

function recordOutdated(state: RunnerSetState, runner: RunnerState, message: string): void {
  const revision = runner.seen?.revision;
  if (revision === undefined || state.outdatedRevision === revision) return;
  state.outdatedRevision = revision;
  state.events.push({ type: 'Warning', reason: 'Outdated', message });
}
