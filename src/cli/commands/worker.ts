import { Command } from 'commander';
import type { ConfigurationProblem } from '../../workers/configuration/configuration.ts';
import { ConfigurationError, readConfiguration } from '../../workers/configuration/configuration.ts';
import { SETTINGS } from '../../workers/configuration/settings.ts';
import { createLogger } from '../../workers/log.ts';
import type { Run } from '../run.ts';
import { WORKER_SETTINGS, arcOptions, settingOption } from '../setting-options.ts';
import type { CommandContext } from '../surroundings.ts';

/** `temporal-arc worker`: serves a cluster until it is ended. */
export function workerCommand(run: Run): Command {
  const command = new Command('worker')
    .summary('Run a worker: everything that serves a cluster.')
    .description(
      'Runs workflows and activities for one cluster until SIGTERM. Any number of workers may run; they share the work. ' +
        'Every setting is a flag or an environment variable; a flag wins.',
    )
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      'after',
      `
Flags of ARC's manager (--metrics-addr, --watch-single-namespace, --runner-max-concurrent-reconciles, ...) are accepted;
those without a meaning here are named in the log.

Examples:
  temporal-arc worker
  temporal-arc worker --cluster production --runner-creation-concurrency 50 --log-format json
  TEMPORAL_ADDRESS=temporal-frontend:7233 temporal-arc worker --watch-namespace team-a --watch-namespace team-b`,
    );
  for (const name of WORKER_SETTINGS)
    command.addOption(settingOption(name).helpGroup(`${SETTINGS[name].group}:`));
  for (const option of arcOptions()) command.addOption(option);
  return command.action(() => run((context) => work(context, command.args), command));
}

async function work(context: CommandContext, unknownArguments: readonly string[]): Promise<void> {
  const { around, flags } = context;
  const { configuration, notes } = configurationOf(context, { env: around.env, flags, unknownArguments });
  const { logLevel: level, logFormat: format } = configuration;
  const log = createLogger({ level, format, write: (line) => around.stderr.write(`${line}\n`) });
  for (const { message, flag } of notes) log.info(message, { flag });
  await around.runWorker(configuration, log);
}

/** The configuration, where a global flag that a worker does not know counts among its problems. */
function configurationOf(
  { namespace }: CommandContext,
  sources: Parameters<typeof readConfiguration>[0],
): ReturnType<typeof readConfiguration> {
  const problems: ConfigurationProblem[] = [];
  if (namespace !== undefined) {
    const message = '--namespace: a worker serves namespaces by --watch-namespace; all of them without it.';
    problems.push({ source: '--namespace', message });
  }
  try {
    const read = readConfiguration(sources);
    if (problems.length === 0) return read;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    problems.push(...error.problems);
  }
  throw new ConfigurationError(problems);
}
