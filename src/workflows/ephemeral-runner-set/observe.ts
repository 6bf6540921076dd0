import type { RunnerSetObservation, ObservedRunner, ObservedRunnerSet } from '../../messages/observations.ts';
import { orderFrom } from './policies/patch-id.ts';
import { notePending } from './policies/pending-timeout.ts';
import type { RunnerState } from './runner.ts';
import type { RunnerSetState } from './state.ts';
import { NO_FAILURES } from './state.ts';

/** Takes a batch of changes into the state. Idempotent: what was seen replaces what was known. */
export function observe(state: RunnerSetState, observation: RunnerSetObservation): void {
  if (observation.settings) state.settings = observation.settings;
  if (observation.set !== undefined) observeSet(state, observation.set, observation.at);
  for (const runner of observation.runners ?? []) observeRunner(state, runner, observation.at);
  for (const name of observation.gone ?? []) state.rows.delete(name);
  observeResults(state, observation);
  if (observation.snapshot) observePicture(state, observation);
}

function observeSet(state: RunnerSetState, set: ObservedRunnerSet | null, at: number): void {
  const before = state.set;
  state.set = set;
  if (!set || set.deleting) state.deletingSince ??= at;
  else delete state.deletingSince;
  if (!set) return;
  state.order = orderFrom(state.order, set);
  if (!before || before.revision === set.revision) return;
  // Whoever edits the template has repaired something: try at once instead of waiting out the backoff.
  state.failures = NO_FAILURES;
  if (state.trouble) state.trouble.nextTryAt = 0;
}

function observeRunner(state: RunnerSetState, seen: ObservedRunner, at: number): void {
  const row = state.rows.get(seen.name) ?? { name: seen.name };
  state.rows.set(seen.name, row);
  row.seen = withoutSpentPod(seen, row.spentPod);
  delete row.absent;
  // The status of a runner with a new pod still tells of its old one.
  if (row.seen.pod || (seen.phase === 'Running' && row.spentPod === undefined)) row.podSeen = true;
  if (row.seen.pod?.phase === 'Running') row.runningSince ??= at;
  notePending(row, at);
  // Its lane may still be busy with others, and takes up this one again if its worker is lost: until it ends, it is in
  // its hands. But the runner counts.
  if (row.doing === 'create' && row.seen.pod) row.madeAt ??= at;
  if (seen.hasJob && row.heldByJob) {
    delete row.heldByJob;
    delete row.notBefore;
  }
}

function observeResults({ rows }: RunnerSetState, { jobResults = {}, at }: RunnerSetObservation): void {
  for (const [name, result] of Object.entries(jobResults)) {
    const row = rows.get(name);
    if (row) Object.assign(row, { jobResult: result, jobEndedAt: at } satisfies Partial<RunnerState>);
  }
}

/** A runner of no set gets a new pod under its old name: what its old pod does no longer counts. */
const withoutSpentPod = (seen: ObservedRunner, spentPod: string | undefined): ObservedRunner =>
  spentPod !== undefined && seen.pod?.uid === spentPod ? withoutPod(seen) : seen;

export function withoutPod({ pod: _pod, ...rest }: ObservedRunner): ObservedRunner {
  return rest;
}

/** The runner is registered and has a pod. */
export function markMade(row: RunnerState, at: number): void {
  if (row.doing === 'create') delete row.doing;
  row.madeAt ??= at;
}

/** After the last part of a full picture, runners that are in none of its parts are gone. */
function observePicture(state: RunnerSetState, { snapshot, runners }: RunnerSetObservation): void {
  if (!snapshot) return;
  if (snapshot.part === 1) state.picture = [];
  state.picture.push(...(runners ?? []).map(({ name }) => name));
  if (snapshot.part < snapshot.parts) return;
  const present = new Set(state.picture);
  for (const [name, row] of state.rows) {
    // The picture shows what really stands there: whatever was written over is written again.
    delete row.published;
    if (present.has(name)) continue;
    // One that was never seen may only just have been made.
    if (row.doing === 'retire' || (row.doing && row.seen)) row.absent = true;
    else if (row.retired || (row.seen && row.doing === undefined)) state.rows.delete(name);
  }
  state.picture = [];
  state.complete = true;
}
