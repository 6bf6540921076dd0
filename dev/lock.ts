import { closeSync, openSync, rmSync, statSync, utimesSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const beatMs = 2_000;
const staleMs = 15_000;

/** A held lock; its file is refreshed every two seconds until it is released. */
export interface Lock {
  release(): void;
}

/**
 * Takes the lock that `file` stands for, or answers undefined when a living process holds it. A holder proves that it
 * lives by touching the file, so a lock left behind by a killed process expires after 15 seconds, in any container.
 */
export function tryLock(file: string): Lock | undefined {
  if (isStale(file)) rmSync(file, { force: true });
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
  const beat = setInterval(() => touch(file), beatMs);
  beat.unref();
  const release = () => {
    clearInterval(beat);
    process.off('exit', release);
    rmSync(file, { force: true });
  };
  process.on('exit', release);
  return { release };
}

/** Waits for the lock; `onWait` is called once, when someone else holds it. */
export async function lock(file: string, onWait: () => void): Promise<Lock> {
  for (let told = false; ; told = true) {
    const held = tryLock(file);
    if (held) return held;
    if (!told) onWait();
    await sleep(500);
  }
}

function isStale(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > staleMs;
}

function touch(file: string): void {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    // The folder was deleted under us: there is nothing left to hold.
  }
}
