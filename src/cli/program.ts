import { Command, CommanderError, Help, Option } from 'commander';
import { SETTINGS } from '../workers/configuration/settings.ts';
import { bootstrapCommand } from './commands/bootstrap.ts';
import { crdsCommand } from './commands/crds.ts';
import { describeCommand } from './commands/describe.ts';
import { devCommand } from './commands/dev.ts';
import { getCommand } from './commands/get.ts';
import { listenerCommand } from './commands/listener.ts';
import { pauseCommand, resumeCommand } from './commands/pause.ts';
import { scaleCommand } from './commands/scale.ts';
import { programVersion, versionCommand } from './commands/version.ts';
import { managerCommand, workerCommand } from './commands/worker.ts';
import { goFlags } from '../workers/configuration/arc-manager.ts';
import { contextOf } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT, EXIT_CODES_HELP } from './exit-codes.ts';
import { describeFailure, toCliError } from './failure.ts';
import { OUTPUT_FORMATS } from './output/output.ts';
import type { Run } from './run.ts';
import { GLOBAL_SETTINGS, settingOption } from './setting-options.ts';
import type { Surroundings } from './surroundings.ts';

const RUN = 'Run:';
const LOOK = 'Look:';
const STEER = 'Steer:';
const MORE = 'More:';

/**
 * Runs one command line.
 *
 * @param args without the program's own name
 * @returns the exit code; everything else went to standard output and standard error
 */
export async function runCli(args: readonly string[], around: Surroundings): Promise<ExitCode> {
  const outcome: { debug: boolean } = { debug: args.includes('--debug') };
  const run: Run = (action, command) => action(contextOf(command, around));
  const program = createProgram(run, around);
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : readable(args), { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // Commander has written its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = toCliError(error);
    around.stderr.write(`${describeFailure(failure, outcome)}\n`);
    return failure.exitCode;
  }
}

/** What is started as ARC's manager may have flags in Go's style. */
const readable = (args: readonly string[]): readonly string[] =>
  args[0] === 'manager' ? goFlags(args) : args;

/** The command with its subcommands. */
export function createProgram(
  run: Run,
  { stdout, stderr, env }: Pick<Surroundings, 'stdout' | 'stderr' | 'env'>,
): Command {
  const program = new Command('temporal-arc');
  configure(program, { stdout, stderr, env });
  program
    .description(
      'GitHub Actions runners on Kubernetes that scale with the queue, as durable Temporal workflows.\n' +
        'A drop-in replacement for actions-runner-controller (ARC) and its runner scale sets.',
    )
    .usage('<command> [options]')
    .version(programVersion(), '--version', 'Show the version.')
    .helpOption('-h, --help', 'Show help; also for each command.')
    .commandsGroup(MORE)
    .helpCommand('help [command]', 'Show help for a command.')
    .addHelpText('after', `${EXAMPLES}\n\n${EXIT_CODES_HELP}`);
  for (const option of globalOptions()) program.addOption(option);
  const groups: [string, Command[]][] = [
    [RUN, [workerCommand(run), managerCommand(run), listenerCommand(run)]],
    [LOOK, [getCommand(run), describeCommand(run)]],
    [STEER, [scaleCommand(run), pauseCommand(run), resumeCommand(run)]],
    [MORE, [bootstrapCommand(run), crdsCommand(run), devCommand(run), versionCommand(run)]],
  ];
  for (const [group, commands] of groups) for (const command of commands) addCommand(program, command, group);
  return program;
}

const EXAMPLES = `
Examples:
  temporal-arc worker                                  serve the cluster of the current context
  temporal-arc get                                     runner sets: wanted, there, ready
  temporal-arc describe arc-runners/linux              why is it not creating runners?
  temporal-arc scale arc-runners/linux --replicas 20 --wait`;

function globalOptions(): Option[] {
  const settings = GLOBAL_SETTINGS.map((name) => {
    const group = SETTINGS[name].group === 'Temporal' ? 'Temporal:' : 'Cluster:';
    return settingOption(name).helpGroup(group);
  });
  return [
    new Option('-n, --namespace <name>', 'Namespace of Kubernetes.').helpGroup('Cluster:'),
    ...settings,
    new Option('-o, --output <format>', 'How results are shown.')
      .choices(OUTPUT_FORMATS)
      .default('table')
      .helpGroup('Output:'),
    new Option('--debug', 'With an error, show its stack and causes.').helpGroup('Output:'),
  ];
}

function addCommand(program: Command, command: Command, group: string): void {
  adopt(program, command);
  command.helpGroup(group);
  program.addCommand(command);
}

/** Lets a command, and those below it, behave as the program does. */
function adopt(program: Command, command: Command): void {
  command.exitOverride().configureHelp(program.configureHelp()).configureOutput(program.configureOutput());
  command.helpOption('-h, --help', 'Show this help.');
  if (command.commands.length > 0) command.helpCommand(false).usage('<command> [options]');
  for (const child of command.commands) adopt(program, child);
}

/** Errors in one line with a remedy, no exit of the process, help as wide as the terminal. */
function configure(
  program: Command,
  { stdout, stderr, env }: Pick<Surroundings, 'stdout' | 'stderr' | 'env'>,
): void {
  const width = (columns: number | undefined) => Math.min(columns ?? 100, 120);
  program
    .exitOverride()
    .configureHelp({
      showGlobalOptions: true,
      formatHelp: commandsFirst,
      sortSubcommands: false,
      styleTitle: (text) => (stdout.isTTY && !env['NO_COLOR'] ? `\u001b[1m${text}\u001b[22m` : text),
      subcommandTerm: (command) => `${command.name()} ${argumentsOf(command)}`.trimEnd(),
    })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => width(stdout.columns),
      getErrHelpWidth: () => width(stderr.columns),
      outputError: (text, write) => write(`${oneLine(text)}\n`),
    });
}

/** Commander's help, with the commands before the options: they are what one looks for. */
function commandsFirst(command: Command, helper: Help): string {
  const blocks = Help.prototype.formatHelp.call(helper, command, helper).trimEnd().split('\n\n');
  const isCommands = (block: string) =>
    [RUN, LOOK, STEER, MORE].some((group) => block.split('\n')[0]?.includes(group));
  const [usage = '', description = '', ...others] = blocks;
  const sorted = [...others.filter(isCommands), ...others.filter((block) => !isCommands(block))];
  return `${[usage, description, ...sorted].join('\n\n')}\n`;
}

const argumentsOf = (command: Command): string =>
  command.registeredArguments
    .map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`))
    .join(' ');

const oneLine = (text: string): string => {
  const line = text.trim().replaceAll(/\s*\n\s*/g, ' ');
  return /did you mean|give |allowed choices/i.test(line)
    ? line
    : `${line.replace(/\.$/, '')}; --help tells more.`;
};
