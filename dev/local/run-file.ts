import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunAddresses } from './observer.ts';

const pathIn = (stateDir: string): string => join(stateDir, 'run.json');

/** Writes down for `make demo` where the servers of `make run` are. @returns removes the file again */
export function writeRunFile(stateDir: string, addresses: RunAddresses): () => void {
  writeFileSync(pathIn(stateDir), JSON.stringify(addresses), { mode: 0o600 });
  return () => rmSync(pathIn(stateDir), { force: true });
}

/** @throws Error that says what to do when nothing runs */
export function readRunFile(stateDir: string): RunAddresses {
  try {
    return JSON.parse(readFileSync(pathIn(stateDir), 'utf8')) as RunAddresses;
  } catch (cause) {
    throw new Error(
      'Nothing to queue jobs at: start "make run" in another terminal, without a GITHUB_CONFIG_URL.',
      {
        cause,
      },
    );
  }
}
