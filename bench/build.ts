import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** The program as it is shipped: started from source, the worker would bundle its workflows first, at 400 MiB. */
export const PROGRAM = join(root, 'dist', 'cli', 'main.js');

/** Its workflows, as its workers run them. */
export const WORKFLOW_BUNDLE = join(root, 'dist', 'workflow-bundle.cjs');

/** Compiles the program into `dist`. @throws when it does not compile */
export function build(log: (line: string) => void): void {
  log('compiling the program');
  execFileSync('npm', ['run', 'build', '--silent'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
