import type { CheckRegistrationsResult } from '../../../activities/ephemeral-runner-set/check-registrations.ts';
import type { RunnerSettings } from '../../../messages/settings.ts';
import type { Ending, RunnerState } from '../runner.ts';
import { stageOf } from '../runner.ts';
import type { RunnerSetState } from '../state.ts';

/**
 * Runners that are up and idle must be online at GitHub: one that is not takes no job, and counts as supply for ever.
 * GitHub is asked about those that have been idle for long, all of a set together and mostly with one call; what it says
 * of a runner must hold for a while before the runner is replaced.
 */
export interface RegistrationCheck {
  /** Idle runners of the set, as far as is known. */
  idle: number;
  suspects: { name: string; runnerId: number }[];
}

/** Unless the settings say otherwise. */
const TIMEOUT_SECONDS = 300;

/** A runner that GitHub does not know may have done its job a moment ago: its pod has this long (milliseconds) to end. */
const CONFIRM_MS = 30_000;

/** The most runners that one check asks about. */
const TOGETHER = 200;

const timeoutMs = ({ registrationTimeoutSeconds = TIMEOUT_SECONDS }: RunnerSettings): number =>
  registrationTimeoutSeconds * 1000;

interface IdleRow {
  row: RunnerState;
  runnerId: number;
  /** Since then, nobody has seen it online. */
  since: number;
  /** Milliseconds since the epoch: when GitHub is asked about it. */
  due: number;
}

/** What to ask GitHub now, if anything; `wakes` gets the time to look again. */
export function registrationsToCheck(
  state: RunnerSetState,
  { now, mayCheckAt }: { now: number; mayCheckAt: number },
  wakes: number[],
): RegistrationCheck | undefined {
  if (!state.set || state.set.deleting) return undefined;
  const idle = [...state.rows.values()].flatMap((row) => idleRowOf(row, state.settings) ?? []);
  const first = Math.min(...idle.map(({ due }) => due));
  if (first === Infinity) return undefined;
  const at = Math.max(first, mayCheckAt);
  if (at > now) {
    wakes.push(at);
    return undefined;
  }
  // Those whose turn would come soon are asked about along with the others.
  const soon = now - timeoutMs(state.settings) / 2;
  const suspects = idle
    .filter(({ due, since, row }) => due <= now || (row.missing === undefined && since <= soon))
    .sort((a, b) => a.due - b.due)
    .slice(0, TOGETHER);
  return {
    idle: idle.length,
    suspects: suspects.map(({ row: { name }, runnerId }) => ({ name, runnerId })),
  };
}

function idleRowOf(row: RunnerState, settings: RunnerSettings): IdleRow | undefined {
  const runnerId = row.runnerId ?? row.seen?.runnerId;
  if (stageOf(row) !== 'idle' || row.doing || runnerId === undefined || row.runningSince === undefined)
    return undefined;
  const since = Math.max(row.runningSince, row.onlineAt ?? 0);
  const due =
    row.missingSince === undefined
      ? since + timeoutMs(settings)
      : row.missingSince + confirmMs(row, settings);
  return { row, runnerId, since, due };
}

/** A runner that was online before may come back: it gets the whole time once more. */
const confirmMs = ({ missing, onlineAt }: RunnerState, settings: RunnerSettings): number =>
  missing === 'offline' && onlineAt !== undefined
    ? timeoutMs(settings)
    : Math.min(CONFIRM_MS, timeoutMs(settings) / 2);

/** Takes GitHub's answers in. What became of a runner meanwhile counts more. */
export function settleRegistrations(state: RunnerSetState, result: CheckRegistrationsResult, now: number): void {
  for (const name of result.online) {
    const row = state.rows.get(name);
    if (!row) continue;
    row.onlineAt = now;
    forget(row);
  }
  for (const missing of ['gone', 'offline'] as const) {
    for (const name of result[missing]) {
      const row = state.rows.get(name);
      if (row && stageOf(row) === 'idle') noteMissing(row, missing, { now, settings: state.settings });
    }
  }
}

function noteMissing(
  row: RunnerState,
  missing: 'gone' | 'offline',
  { now, settings }: { now: number; settings: RunnerSettings },
): void {
  if (row.missing !== missing) {
    Object.assign(row, { missing, missingSince: now });
    return;
  }
  if (now - (row.missingSince ?? now) >= confirmMs(row, settings)) row.missed = true;
}

function forget(row: RunnerState): void {
  delete row.missing;
  delete row.missingSince;
  delete row.missed;
}

/** The end of an idle runner that GitHub does not have online. One that never was has failed. */
export function missedEnding(row: RunnerState): Ending | undefined {
  if (!row.missed || stageOf(row) !== 'idle') return undefined;
  if (row.missing === 'gone') {
    const message = 'GitHub no longer knows this idle runner; it is replaced.';
    return { end: 'unregistered', reason: 'RegistrationLost', message };
  }
  if (row.onlineAt !== undefined) {
    const message = 'This idle runner has been offline at GitHub for too long; it is replaced.';
    return { end: 'unregistered', reason: 'RunnerOffline', message };
  }
  const message =
    'The runner did not come online at GitHub within the time that --registration-timeout sets.';
  return { end: 'failed', reason: 'NeverOnline', message };
}
