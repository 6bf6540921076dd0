import { Command, InvalidArgumentError } from 'commander';
import type { BootstrapReport } from '../../workers/bootstrap.ts';
import { readSettings } from '../../workers/configuration/configuration.ts';
import { writeResult } from '../context.ts';
import type { Run } from '../run.ts';
import type { CommandContext } from '../surroundings.ts';

/** Longest retention that is taken: a hundred years. */
const MAX_DAYS = 36_500;

/** `temporal-arc bootstrap`: gives Temporal the namespace and the search attributes that workers need. */
export function bootstrapCommand(run: Run): Command {
  const command = new Command('bootstrap')
    .summary('Give Temporal what workers need.')
    .description(
      'Makes the namespace in Temporal (--temporal-namespace) if it is missing, and registers the search attributes that are. ' +
        'What is there already stays as it is, so it may be run at any time; nothing is taken from Kubernetes.',
    )
    .option(
      '--retention-days <n>',
      'How long closed workflows are kept. Without: 3 days in a new namespace, and as it is in one that is there.',
      readDays,
    )
    .addHelpText(
      'after',
      `
Example:
  temporal-arc bootstrap --temporal-address temporal-frontend.temporal.svc:7233 --temporal-namespace runners

JSON: {namespace, did (created, changed, nothing), retentionDays, addedSearchAttributes}`,
    );
  return command.action(({ retentionDays }: { retentionDays?: number }) =>
    run((context) => bootstrap(context, retentionDays), command),
  );
}

async function bootstrap(context: CommandContext, retentionDays: number | undefined): Promise<void> {
  const { around, flags } = context;
  const target = readSettings(['temporalAddress', 'temporalNamespace', 'temporalProfile'], {
    flags,
    env: around.env,
  });
  const report = await around.bootstrapTemporal(target, retentionDays);
  writeResult(context, report, sentencesOf(report));
}

function sentencesOf({ namespace, did, retentionDays, addedSearchAttributes }: BootstrapReport): string {
  const days = retentionDays === 1 ? '1 day' : `${retentionDays} days`;
  const what = {
    created: `created, closed workflows are kept for ${days}`,
    changed: `there already, closed workflows are kept for ${days} from now on`,
    nothing: `there already, closed workflows are kept for ${days}`,
  }[did];
  const attributes =
    addedSearchAttributes.length === 0 ? 'there already' : `added ${addedSearchAttributes.join(', ')}`;
  return `Namespace ${namespace}: ${what}\nSearch attributes: ${attributes}\n`;
}

function readDays(text: string): number {
  const days = /^\d+$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= MAX_DAYS) return days;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${MAX_DAYS}.`);
}
