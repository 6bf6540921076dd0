import { setTimeout as sleep } from 'node:timers/promises';
import type { RunnerJob } from '../github/protocol.ts';
import type { Refusal, Session } from './session.ts';

/** Why a runner is stopped from outside. */
export type StopCause =
  | { kind: 'deleted' }
  | { kind: 'exit'; exitCode: number }
  | { kind: 'evicted' }
  | { kind: 'disconnected' }
  | { kind: 'waiting'; reason: string; container?: string }
  | { kind: 'unmounted'; message: string }
  | { kind: 'unstarted'; sideCar: string; restarts: number };

/** What a runner is at. */
export type RunnerState = 'starting' | 'idle' | 'busy';

/** What one runner needs to live. `open` connects it; `signal` stops it, with a StopCause as its reason. */
export interface Life {
  open: (signal: AbortSignal) => Promise<Session | Refusal>;
  onState: (state: RunnerState) => void;
  signal: AbortSignal;
}

/** How often a runner looks whether a job that nobody timed was finished by hand. */
const heldJobMs = 1_000;
const renewMs = 5_000;

/**
 * One ephemeral runner, from its connection to the end of its only job. Resolves with the exit code: 0 after a job or
 * when GitHub removed the runner, 1 when its JIT config was refused. Rejects when `signal` stops it: an idle runner then
 * leaves; a busy one whose pod is deleted cancels its job, and otherwise falls silent, as a killed one does.
 */
export async function live({ open, onState, signal }: Life): Promise<number> {
  onState('starting');
  const session = await open(signal);
  if ('refused' in session) return session.refused === 410 ? 0 : 1;
  let busy = false;
  try {
    onState('idle');
    const job = await session.nextJob(signal);
    if (!job) return 0;
    busy = true;
    onState('busy');
    if (await work(session, job, signal)) await session.complete(job.result);
    return 0;
  } catch (error) {
    await leave(session, busy, signal.reason as StopCause).catch(() => undefined);
    throw error;
  }
}

async function leave(session: Session, busy: boolean, cause: StopCause): Promise<void> {
  if (busy && cause.kind === 'deleted') return session.complete('canceled');
  if (busy && cause.kind === 'exit' && cause.exitCode === 0) return session.complete('succeeded');
  return session.disconnect();
}

/** Works for the job's duration; false when the job was finished or taken away by someone else. */
async function work(session: Session, job: RunnerJob, signal: AbortSignal): Promise<boolean> {
  const end = job.durationMs === undefined ? Infinity : Date.now() + job.durationMs;
  const step = job.durationMs === undefined ? heldJobMs : renewMs;
  for (;;) {
    await sleep(Math.max(0, Math.min(step, end - Date.now())), undefined, { signal });
    if (Date.now() >= end) return true;
    if (!(await session.renew(signal))) return false;
  }
}
