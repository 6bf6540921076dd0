import type { RunnerState } from '../runner.ts';
import { stageOf } from '../runner.ts';

/** An EphemeralRunner without a pod may still be in the hands of a worker that was cut off: wait that long. */
const TAKEOVER_MS = 20_000;

export function isFree(row: RunnerState, now: number, wakes: number[]): boolean {
  if (stageOf(row) !== 'unfinished') return true;
  const takeover = row.begun ? 0 : (row.seen?.createdAt ?? 0) * 1000 + TAKEOVER_MS;
  // A runner that belongs to no set was made by a person: nobody else is at it.
  if (row.seen?.loose || takeover <= now) return true;
  wakes.push(takeover);
  return false;
}

export function mayBegin(row: RunnerState, now: number, wakes: number[]): boolean {
  if (row.retired || row.doing) return false;
  if (row.notBefore === undefined || row.notBefore <= now) return true;
  wakes.push(row.notBefore);
  return false;
}
