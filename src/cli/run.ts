import type { Command } from 'commander';
import type { CommandContext } from './surroundings.ts';

/** Runs a command's action with its context. */
export type Run = (action: (context: CommandContext) => Promise<void>, command: Command) => Promise<void>;
