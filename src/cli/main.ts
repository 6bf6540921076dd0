#!/usr/bin/env node
import { commandLine } from './entry-points.ts';
import { endWhenTold } from './first-process.ts';
import { startLean } from './memory.ts';

endWhenTold();
const args = commandLine(process.argv);
startLean(args);

// Only now, so that nothing is loaded twice.
const { runCli } = await import('./program.ts');
const { thisMachine } = await import('./this-machine.ts');

// A reader such as `head` that closes the pipe early is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runCli(args, thisMachine);
