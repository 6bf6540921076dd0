import type { RunnerSetObservation, ObservedRunner, ObservedRunnerSet } from '../../messages/observations.ts';
import { isOvertaken } from '../policies/observation-order.ts';
import { orderFrom, withWord } from './policies/patch-id.ts';
import { notePending } from './policies/pending-timeout.ts';
import { SETTLED_MS } from './policies/runner-ending.ts';
import type { RunnerState } from './runner.ts';
import { isSupply } from './runner.ts';
import { haveSurroundingsChanged } from '../policies/surroundings-change.ts';
import type { RunnerSetState } from './state.ts';
import { NO_FAILURES, NO_ORDER } from './state.ts';

/** Takes a batch of changes into the state. What was seen replaces what was known, unless that is later. */
export function observe(state: RunnerSetState, observation: RunnerSetObservation): void {
  const { sequence } = observation;
  if (isOvertaken(state.sequence, sequence)) return;
  // A snapshot that another watch began is never finished.
  if (sequence && sequence.epoch !== state.sequence?.epoch) delete state.incoming;
  if (sequence) state.sequence = sequence;
  if (observation.settings) state.settings = observation.settings;
  if (observation.runnerSet !== undefined) observeSet(state, observation.runnerSet, observation.at);
  for (const runner of observation.runners ?? []) observeRunner(state, runner, observation.at);
  for (const name of observation.gone ?? []) observeGone(state, name);
  observeResults(state, observation);
  if (observation.snapshot) observeSnapshot(state, observation);
}

function observeSet(state: RunnerSetState, set: ObservedRunnerSet | null, at: number): void {
  const before = state.runnerSet;
  if (set && before !== undefined && before?.uid !== set.uid) forgetTheOther(state);
  state.runnerSet = set;
  if (set?.orphaning) state.orphaned = true;
  if (!set || set.deleting) state.deletingSince ??= at;
  else delete state.deletingSince;
  if (!set) return;
  state.order = orderFrom(state.order, set);
  if (before && haveSurroundingsChanged(before, set)) tryAtOnce(state);
  if (before?.revision === set.revision) return;
  tellOfRestartPolicy(state, set);
  if (!before) return;
  // Whoever edits the template has repaired something: try at once instead of waiting out the backoff.
  state.failures = NO_FAILURES;
  tryAtOnce(state);
}

/** Somebody has repaired something, as it seems: the intervals of the tries grow anew from here. */
function tryAtOnce(state: RunnerSetState): void {
  state.repairs += 1;
  if (state.creationBlock) Object.assign(state.creationBlock, { nextTryAt: 0, tries: 0 });
  if (!state.retirementBlock) return;
  Object.assign(state.retirementBlock, { nextTryAt: 0, tries: 0 });
  for (const runner of state.runners.edited()) if (!runner.heldByJob) delete runner.notBefore;
}

/** Another EphemeralRunnerSet of the same name: nothing that was ordered of the first, or failed, is true of it. */
function forgetTheOther(state: RunnerSetState): void {
  if (state.orphaned) leaveOrphans(state);
  state.order = NO_ORDER;
  state.failures = NO_FAILURES;
  delete state.creationBlock;
  delete state.retirementBlock;
  delete state.outdatedRevision;
  delete state.orphaned;
  delete state.published;
}

/** Runners that the first left alone are nobody's surplus. */
function leaveOrphans({ runners }: RunnerSetState): void {
  for (const { name, doing, seen } of [...runners.values()])
    if (doing === undefined && !seen?.deleting) runners.delete(name);
}

/**
 * A runner that went without us, its finalizers taken off by somebody. The pod of a job has no owner any more that would
 * take it along: it is retired as if its runner were still there, after its job.
 */
function observeGone(state: RunnerSetState, name: string): void {
  const { protected: isProtected, seen, retired, doing } = state.runners.get(name) ?? {};
  const leavesPod = isProtected && seen?.pod && !seen.orphaning && !retired && doing !== 'retire';
  if (!leavesPod || !state.runnerSet || state.orphaned) state.runners.delete(name);
  else Object.assign(state.runners.editOrAdd(name), { absent: true, seen: { ...seen, deleting: true } });
}

/** Another one of the same name: made at another time, or by another uid where that is known. */
const isAnother = (before: ObservedRunner | undefined, seen: ObservedRunner): boolean =>
  before !== undefined &&
  (before.createdAt !== seen.createdAt ||
    (before.uid !== undefined && seen.uid !== undefined && before.uid !== seen.uid));

/** The runner as it is known; of one that was replaced, only that an activity is still at the first. */
function knownAs({ runners }: RunnerSetState, seen: ObservedRunner): RunnerState {
  const { name } = seen;
  const known = runners.editOrAdd(name);
  if (!isAnother(known.seen, seen)) return known;
  return runners.put({ name, ...(known.doing && { doing: known.doing, replaced: true }) });
}

/** Once for each template. */
function tellOfRestartPolicy(state: RunnerSetState, { restartPolicy }: ObservedRunnerSet): void {
  if (restartPolicy === undefined) return;
  const message =
    `restartPolicy "${restartPolicy}" of the pod template is not used: a runner is registered for one job, and its pod ` +
    'is made with Never. Leave it out.';
  state.events.push({ type: 'Warning', reason: 'RestartPolicyIgnored', message });
}

function observeRunner(state: RunnerSetState, seen: ObservedRunner, at: number): void {
  const runner = knownAs(state, seen);
  const before = runner.seen;
  runner.seen = withoutSpentPod(seen, runner.spentPod);
  // Whoever wrote it last: what the cluster shows now is what counts.
  if (before && showsOther(before, seen)) delete runner.published;
  delete runner.absent;
  // The status of a runner with a new pod still tells of its old one.
  if (runner.seen.pod || (seen.phase === 'Running' && runner.spentPod === undefined)) runner.podSeen = true;
  if (seen.goneUid !== undefined && seen.goneUid !== runner.spentPod) runner.podSeen = true;
  if (runner.seen.pod?.phase === 'Running') runner.runningSince ??= at;
  if (runner.seen.pod?.ended) noteEnded(runner, at);
  // A workflow that begins anew knows no other word of it.
  if (seen.jobResult !== undefined) noteJobEnd(runner, seen.jobResult, at);
  notePending(runner, at);
  const isWhole = runner.seen.pod !== undefined && (runner.runnerId ?? seen.runnerId) !== undefined;
  if (isWhole) delete runner.foundAt;
  else if (!before && runner.doing === undefined) runner.foundAt = at;
  // Its lane may still be busy with others, and takes up this one again if its worker is lost: until it ends, it is in
  // its hands. But the runner counts.
  if (runner.doing === 'create' && runner.seen.pod) runner.madeAt ??= at;
  if (seen.hasJob && runner.heldByJob) {
    delete runner.heldByJob;
    delete runner.notBefore;
  }
}

function noteEnded(runner: RunnerState, at: number): void {
  if (runner.endedAt === undefined && at - (runner.runningSince ?? at) >= SETTLED_MS) runner.settledIn = true;
  if (runner.endedAt !== undefined) return;
  runner.endedAt = at;
  // Whatever GitHub said of it before, now it can be asked again.
  if (runner.end === undefined) return;
  delete runner.heldByJob;
  delete runner.notBefore;
}

function noteJobEnd(runner: RunnerState, result: string, at: number): void {
  runner.jobEndedAt ??= at;
  if (result !== '') runner.jobResult = result;
}

const showsOther = (before: ObservedRunner, seen: ObservedRunner): boolean =>
  before.phase !== seen.phase ||
  before.ready !== seen.ready ||
  before.runnerId !== seen.runnerId ||
  before.jobResult !== seen.jobResult;

/** A job that is over no longer counts, each once: with its runner, or with the order that still counts it. */
function observeResults(
  state: RunnerSetState,
  { jobResults = {}, countedOut, at }: RunnerSetObservation,
): void {
  for (const [name, result] of Object.entries(jobResults)) {
    const runner = state.runners.edit(name);
    const hadPart = state.order.completed.some((each) => each.runner === name);
    if (hadPart || (runner && isSupply(runner)))
      state.order = withWord(state.order, { runner: name, countedOut, at });
    if (runner) noteJobEnd(runner, result, at);
  }
}

/** A runner of no set gets a new pod under its old name: what its old pod does no longer counts. */
const withoutSpentPod = (seen: ObservedRunner, spentPod: string | undefined): ObservedRunner =>
  spentPod !== undefined && seen.pod?.uid === spentPod ? withoutPod(seen) : seen;

/** The same runner as if its pod had not been seen. */
export function withoutPod({ pod: _pod, ...rest }: ObservedRunner): ObservedRunner {
  return rest;
}

/** The runner is registered and has a pod. */
export function markMade(runner: RunnerState, at: number): void {
  if (runner.doing === 'create') delete runner.doing;
  runner.madeAt ??= at;
}

/** After the last part of a full snapshot, runners that are in none of its parts are gone. */
function observeSnapshot(state: RunnerSetState, { snapshot, runners = [] }: RunnerSetObservation): void {
  if (!snapshot) return;
  const { id, part, parts } = snapshot;
  if (part === 1) state.incoming = { id, parts: 0, names: [] };
  const { incoming } = state;
  // Parts of two snapshots never mix, and one that lacks a part tells of nobody that he is gone: another one follows.
  if (incoming?.id !== id || incoming.parts !== part - 1) {
    delete state.incoming;
    return;
  }
  incoming.parts = part;
  for (const { name } of runners) incoming.names.push(name);
  if (part < parts) return;
  delete state.incoming;
  completeSnapshot(state, new Set(incoming.names));
}

function completeSnapshot(state: RunnerSetState, present: ReadonlySet<string>): void {
  // The snapshot shows what really stands there: whatever was written over, or refused, is written again.
  delete state.published;
  for (const runner of state.runners.edited()) {
    const { name } = runner;
    delete runner.published;
    if (present.has(name)) continue;
    // One that was never seen may only just have been made.
    if (runner.doing === 'retire' || (runner.doing && runner.seen)) runner.absent = true;
    else if (runner.retired || (runner.seen && runner.doing === undefined)) state.runners.delete(name);
  }
  state.complete = true;
}
