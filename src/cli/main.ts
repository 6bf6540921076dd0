#!/usr/bin/env node
import { startLean } from './memory.ts';

const args = process.argv.slice(2);
startLean(args);

// Only now, so that nothing is loaded twice.
const { runCli } = await import('./program.ts');
const { thisMachine } = await import('./this-machine.ts');

// A reader such as `head` that closes the pipe early is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runCli(args, thisMachine);
