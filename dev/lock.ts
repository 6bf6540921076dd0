import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const beatMs = 2_000;
const silentMs = 60_000;

/** A held lock; its file is refreshed every two seconds until it is released. */
export interface Lock {
  release(): void;
}

/**
 * Takes the lock that `file` stands for, or answers undefined when a living process holds it. The file names its holder
 * by process id and host, so that of a killed process expires at once; where that cannot be told (another container),
 * it expires a minute after the last refresh.
 */
export function tryLock(file: string): Lock | undefined {
  if (isAbandoned(file) || isSilent(file)) rmSync(file, { force: true });
  try {
    writeFileSync(file, `${process.pid} ${hostname()}`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
  const beat = setInterval(() => refresh(file), beatMs);
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

/** Whether `file` is the lock of a process of this host that is no more. */
export function isAbandoned(file: string): boolean {
  const [pid = '', host] = contentOf(file).split(' ');
  if (host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function isSilent(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > silentMs;
}

function refresh(file: string): void {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    // The folder was deleted under us: there is nothing left to hold.
  }
}
