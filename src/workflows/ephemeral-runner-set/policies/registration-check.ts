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
  /** Those whose container ended well though no job was told of: GitHub no longer knows one that had a job. */
  unclear: { name: string; runnerId: number }[];
}

/** That long (milliseconds), the word of a job that was over in an instant may still be on its way. */
const WORD_MS = 1_000;

/** Unless the settings say otherwise. */
const TIMEOUT_SECONDS = 300;

/** A runner that GitHub does not know may have done its job a moment ago: its pod has this long (milliseconds) to end. */
const CONFIRM_MS = 30_000;

/** After GitHub could not be asked. */
const AGAIN_MS = 60_000;

/** When GitHub is asked again after it could not be, in milliseconds since the epoch. */
export const nextCheckAt = (now: number): number => now + AGAIN_MS;

/** The most runners that one check asks about. */
const TOGETHER = 200;

const timeoutMs = ({ registrationTimeoutSeconds = TIMEOUT_SECONDS }: RunnerSettings): number =>
  registrationTimeoutSeconds * 1000;

interface IdleRunner {
  runner: Readonly<RunnerState>;
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
  if (!state.runnerSet || state.runnerSet.deleting) return undefined;
  if (state.runners.needing('check').size === 0) return undefined;
  if (mayCheckAt > now) {
    wakes.push(mayCheckAt);
    return undefined;
  }
  const unclear = [...state.runners.inStage('unclear')].flatMap((runner) => unclearRunnerOf(runner) ?? []);
  const inStage = [...state.runners.inStage('idle')];
  const idle = inStage.flatMap((runner) => idleRunnerOf(runner, state.settings) ?? []);
  // Those whose turn would come soon are asked about along with the others.
  const soon = now - timeoutMs(state.settings) / 2;
  const suspects = idle
    .filter(({ due, since, runner }) => due <= now || (runner.missing === undefined && since <= soon))
    .sort((a, b) => a.due - b.due)
    .slice(0, TOGETHER);
  return {
    idle: idle.length,
    suspects: suspects.map(({ runner: { name }, runnerId }) => ({ name, runnerId })),
    unclear: unclear
      .filter(({ due }) => due <= now)
      .slice(0, TOGETHER)
      .map(({ name, runnerId }) => ({ name, runnerId })),
  };
}

/** Milliseconds since the epoch: when GitHub is to be asked about a runner; `Infinity`: not at all, as it is now. */
export const checkDueAt = (runner: Readonly<RunnerState>, settings: RunnerSettings): number =>
  (unclearRunnerOf(runner) ?? idleRunnerOf(runner, settings))?.due ?? Infinity;

function unclearRunnerOf(
  runner: Readonly<RunnerState>,
): { name: string; runnerId: number; due: number } | undefined {
  const { name, endedAt = 0 } = runner;
  const runnerId = runner.runnerId ?? runner.seen?.runnerId;
  if (runnerId === undefined || stageOf(runner) !== 'unclear') return undefined;
  return { name, runnerId, due: endedAt + WORD_MS };
}

function idleRunnerOf(runner: Readonly<RunnerState>, settings: RunnerSettings): IdleRunner | undefined {
  const runnerId = runner.runnerId ?? runner.seen?.runnerId;
  if (
    stageOf(runner) !== 'idle' ||
    runner.doing ||
    runnerId === undefined ||
    runner.runningSince === undefined
  )
    return undefined;
  const since = Math.max(runner.runningSince, runner.onlineAt ?? 0);
  const due =
    runner.missingSince === undefined
      ? since + timeoutMs(settings)
      : runner.missingSince + confirmMs(runner, settings);
  return { runner, runnerId, since, due };
}

/** A runner that was online before may come back: it gets the whole time once more. */
const confirmMs = ({ missing, onlineAt }: Readonly<RunnerState>, settings: RunnerSettings): number =>
  missing === 'offline' && onlineAt !== undefined
    ? timeoutMs(settings)
    : Math.min(CONFIRM_MS, timeoutMs(settings) / 2);

/** Takes GitHub's answers in. What became of a runner meanwhile counts more. */
export function settleRegistrations(
  state: RunnerSetState,
  result: CheckRegistrationsResult,
  now: number,
): void {
  for (const name of [...result.gone, ...result.online, ...result.offline]) {
    const runner = state.runners.edit(name);
    if (runner && stageOf(runner) === 'unclear')
      runner[result.gone.includes(name) ? 'used' : 'unused'] = true;
  }
  for (const name of result.online) {
    const runner = state.runners.edit(name);
    if (!runner || stageOf(runner) !== 'idle') continue;
    runner.onlineAt = now;
    forget(runner);
  }
  for (const missing of ['gone', 'offline'] as const) {
    for (const name of result[missing]) {
      const runner = state.runners.edit(name);
      if (runner && stageOf(runner) === 'idle')
        noteMissing(runner, missing, { now, settings: state.settings });
    }
  }
}

function noteMissing(
  runner: RunnerState,
  missing: 'gone' | 'offline',
  { now, settings }: { now: number; settings: RunnerSettings },
): void {
  if (runner.missing !== missing) {
    Object.assign(runner, { missing, missingSince: now });
    return;
  }
  if (now - (runner.missingSince ?? now) >= confirmMs(runner, settings)) runner.missed = true;
}

function forget(runner: RunnerState): void {
  delete runner.missing;
  delete runner.missingSince;
  delete runner.missed;
}

/** The end of an idle runner that GitHub does not have online. One that never was has failed. */
export function missedEnding(runner: Readonly<RunnerState>): Ending | undefined {
  if (!runner.missed || stageOf(runner) !== 'idle') return undefined;
  if (runner.missing === 'gone') {
    const message = 'GitHub no longer knows this idle runner; it is replaced.';
    return { end: 'unregistered', reason: 'RegistrationLost', message };
  }
  if (runner.onlineAt !== undefined) {
    const message = 'This idle runner has been offline at GitHub for too long; it is replaced.';
    return { end: 'unregistered', reason: 'RunnerOffline', message };
  }
  const message =
    'The runner did not come online at GitHub within the time that --registration-timeout sets.';
  return { end: 'failed', reason: 'NeverOnline', message };
}
