#!/usr/bin/env node
import { runCli } from './program.ts';
import { thisMachine } from './this-machine.ts';

// A reader such as `head` that closes the pipe early is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runCli(process.argv.slice(2), thisMachine);
