import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Viewpoint } from './observer.ts';

const pathIn = (stateDir: string): string => join(stateDir, 'run.json');

/** Leaves a note for `make demo` where to find what `make run` started. @returns takes it away again */
export function leaveNote(stateDir: string, viewpoint: Viewpoint): () => void {
  writeFileSync(pathIn(stateDir), JSON.stringify(viewpoint), { mode: 0o600 });
  return () => rmSync(pathIn(stateDir), { force: true });
}

/** @throws Error that says what to do when nothing runs */
export function readNote(stateDir: string): Viewpoint {
  try {
    return JSON.parse(readFileSync(pathIn(stateDir), 'utf8')) as Viewpoint;
  } catch (cause) {
    throw new Error(
      'Nothing to queue jobs at: start "make run" in another terminal, without a GITHUB_CONFIG_URL.',
      {
        cause,
      },
    );
  }
}
