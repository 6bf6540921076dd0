import type { RunnerState } from '../runner.ts';
import { isHalfMade } from '../runner.ts';

/** An EphemeralRunner that is half made may still be in the hands of a worker that was cut off: wait that long. */
const TAKEOVER_MS = 20_000;

/** Whether nobody else is at this runner any more. If somebody may be, `wakes` gets the time from which it is free. */
export function isFree(runner: Readonly<RunnerState>, now: number, wakes: number[]): boolean {
  if (!isHalfMade(runner)) return true;
  const takeover = runner.begun ? 0 : (runner.foundAt ?? 0) + TAKEOVER_MS;
  // A runner that belongs to no set was made by a person: nobody else is at it.
  if (runner.seen?.standalone || takeover <= now) return true;
  wakes.push(takeover);
  return false;
}

/** Whether something may be begun with this runner now. If it has to wait, `wakes` gets the time. */
export function mayBegin(runner: Readonly<RunnerState>, now: number, wakes: number[]): boolean {
  if (runner.retired || runner.doing) return false;
  if (runner.notBefore === undefined || runner.notBefore <= now) return true;
  wakes.push(runner.notBefore);
  return false;
}
