import { Command } from 'commander';
import type { Option } from 'commander';
import type { ManagerReading } from '../../workers/configuration/arc-manager.ts';
import { readAsManager } from '../../workers/configuration/arc-manager.ts';
import type { FlagTexts } from '../../workers/configuration/configuration.ts';
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
  return addSettings(command, (option) => option).action(() =>
    run((context) => work(context, { flags: context.flags, unknownArguments: command.args }), command),
  );
}

/** `temporal-arc manager`: a worker that is started as ARC's manager is; in the image, `/manager`. */
export function managerCommand(run: Run): Command {
  const command = new Command('manager')
    .summary("Run a worker that is started as ARC's manager is.")
    .description(
      "Runs a worker with the flags and the environment that ARC's chart gives its manager, in Go's style. What ARC needs is needed " +
        '(--auto-scaling-runner-set-only, CONTROLLER_MANAGER_POD_NAMESPACE, CONTROLLER_MANAGER_CONTAINER_IMAGE), its legacy mode is refused; ' +
        'every setting of "temporal-arc worker" may stand beside. In the image it is /manager.',
    )
    .addHelpText(
      'after',
      `
Example:
  temporal-arc manager --auto-scaling-runner-set-only --log-level=info --metrics-addr=0`,
    );
  return addSettings(command, (option) => option.hideHelp()).action(() =>
    run(async (context) => {
      const { flags, notes, problems } = readAsManager({ flags: context.flags, env: context.around.env });
      await work(context, { flags, unknownArguments: command.args, notes, problems });
    }, command),
  );
}

function addSettings(command: Command, shown: (option: Option) => Option): Command {
  command.allowUnknownOption().allowExcessArguments();
  for (const name of WORKER_SETTINGS)
    command.addOption(shown(settingOption(name).helpGroup(`${SETTINGS[name].group}:`)));
  for (const option of arcOptions()) command.addOption(option);
  return command;
}

/** What a command line says, and what was found in it already. */
interface WorkerLine extends Partial<Pick<ManagerReading, 'notes' | 'problems'>> {
  flags: FlagTexts;
  unknownArguments: readonly string[];
}

async function work(context: CommandContext, line: WorkerLine): Promise<void> {
  const { around } = context;
  const { configuration, notes } = configurationOf(context, line);
  const { logLevel: level, logFormat: format } = configuration;
  const log = createLogger({ level, format, write: (text) => around.stderr.write(`${text}\n`) });
  for (const { message, flag } of [...(line.notes ?? []), ...notes]) log.info(message, { flag });
  await around.runWorker(configuration, log);
}

/** The configuration, where a global flag that a worker does not know counts among its problems. */
function configurationOf(
  { namespace, around: { env } }: CommandContext,
  { flags, unknownArguments, problems: found = [] }: WorkerLine,
): ReturnType<typeof readConfiguration> {
  const problems = [...found];
  if (namespace !== undefined) {
    const message = '--namespace: a worker serves namespaces by --watch-namespace; all of them without it.';
    problems.push({ source: '--namespace', message });
  }
  try {
    const read = readConfiguration({ env, flags, unknownArguments });
    if (problems.length === 0) return read;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    problems.push(...error.problems);
  }
  throw new ConfigurationError(problems);
}
