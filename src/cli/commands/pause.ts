import { Command } from 'commander';
import { resolveKey, withWorkflow, writeResult } from '../context.ts';
import { keyText } from '../set-key.ts';
import type { Run } from '../run.ts';

const WORDS = {
  pause: {
    summary: 'Create no more runners in a set.',
    description:
      'Stops the creation of runners in an EphemeralRunnerSet; those that exist go on and finish their jobs. ' +
      'Holds across restarts, until "temporal-arc resume".',
    done: 'paused',
  },
  resume: {
    summary: 'Create runners again after pause.',
    description: 'Lets a paused EphemeralRunnerSet create runners again.',
    done: 'resumed',
  },
} as const;

const orderCommand = (order: keyof typeof WORDS, run: Run): Command => {
  const { summary, description, done } = WORDS[order];
  const command = new Command(order)
    .summary(summary)
    .description(description)
    .argument('<set>', '[NAMESPACE/]NAME of the EphemeralRunnerSet')
    .addHelpText(
      'after',
      `\nExample:\n  temporal-arc ${order} arc-runners/linux\n\nJSON: {namespace, name, paused}`,
    );
  return command.action((set: string) =>
    run(async (context) => {
      const key = await resolveKey(context, set);
      const { paused } = await withWorkflow(context, key, (workflow) =>
        workflow.setPaused(order === 'pause'),
      );
      writeResult(context, { ...key, paused }, `${keyText(key)} ${done}\n`);
    }, command),
  );
};

export const pauseCommand = (run: Run): Command => orderCommand('pause', run);
export const resumeCommand = (run: Run): Command => orderCommand('resume', run);
