import { basename } from 'node:path';

/** The names that ARC's image gives its programs, and the command that takes the place of each. */
const ENTRY_POINTS: ReadonlyMap<string, string> = new Map([
  ['manager', 'manager'],
  ['ghalistener', 'listener'],
]);

/**
 * The command line of a process, by the name it was started by: in the image, `/manager` and `/ghalistener` are links to
 * this program.
 *
 * @param argv as `process.argv`: Node.js, the program, its arguments
 */
export function commandLine([, program = '', ...args]: readonly string[]): string[] {
  const command = ENTRY_POINTS.get(basename(program));
  return command === undefined ? args : [command, ...args];
}
