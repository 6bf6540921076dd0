import { Command } from 'commander';
import { readSettings } from '../../workers/configuration/configuration.ts';
import { writeResult } from '../context.ts';
import type { Run } from '../run.ts';
import type { CommandContext } from '../surroundings.ts';

/** The custom resource definitions of a cluster. */
export function crdsCommand(run: Run): Command {
  return new Command('crds')
    .summary('Bring the custom resource definitions up to date.')
    .description('Looks after the four custom resource definitions of the cluster (actions.github.com).')
    .addCommand(applyCommand(run));
}

const applyCommand = (run: Run): Command =>
  new Command('apply')
    .summary('Create them, or bring them up to date.')
    .description(
      'Creates the custom resource definitions, or brings those up to date that are there, whoever installed them: fields ' +
        'of this release come, and fields that only the present ones have stay. Nothing is deleted. The chart does it before each upgrade.',
    )
    .addHelpText('after', '\nJSON: [{crd, change: created|updated|unchanged}]')
    .action((_options: unknown, command: Command) => run((context) => apply(context), command));

async function apply(context: CommandContext): Promise<void> {
  const { around, flags } = context;
  const updates = await around.updateCrds(
    readSettings(['kubeconfig', 'context'], { flags, env: around.env }),
  );
  const text = updates.map(({ crd, change }) => `${crd} ${change}\n`).join('');
  writeResult(context, updates, text);
}
