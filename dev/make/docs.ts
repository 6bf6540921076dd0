/**
 * Writes the documents that come from the code: docs/configuration.md, docs/metrics.md, docs/cli.md and
 * docs/permissions.md. With `--check` writes nothing and fails when one of them is not up to date.
 */
import * as prettier from 'prettier';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { ARC_FLAGS } from '../../src/workers/configuration/arc-flags.ts';
import type { Setting } from '../../src/workers/configuration/setting.ts';
import { chartReadme } from '../charts/readme.ts';
import { SETTINGS } from '../../src/workers/configuration/settings.ts';
import { createMetrics } from '../../src/workers/metrics/metrics.ts';
import { cell, code, GENERATED, table } from './markdown.ts';
import { permissionsDocument } from './permissions.ts';

const root = join(import.meta.dirname, '..', '..');

/** The settings of the worker and of the command, and what becomes of ARC's flags. */
export function configurationDocument(): string {
  const settings: Setting<unknown>[] = Object.values(SETTINGS);
  const groups = [...new Set(settings.map(({ group }) => group))];
  const sections = groups.map((group) => {
    const rows = settings
      .filter((setting) => setting.group === group)
      .map((one) => [
        code(`--${one.flag}`),
        code(one.env),
        code(one.defaultText),
        `${cell(one.description)} Allowed: ${cell(one.allowed)}.`,
      ]);
    return `## ${group}\n\n${table(['Flag', 'Environment variable', 'Default', 'Meaning'], rows)}`;
  });
  return `${GENERATED}

# Configuration

Settings of \`temporal-arc worker\`. A flag wins over an environment variable, and that over the default. Everything is
validated at the start: the worker refuses to run with an unknown flag, a misspelt \`TEMPORAL_ARC_…\` variable or a value
that is not allowed, and names all of them at once. Durations are written \`500ms\`, \`90s\`, \`10m\`, \`1h30m\`. Flags that may
be repeated take several values with commas between them from their variable.

The connection to Temporal follows Temporal's own environment configuration: \`TEMPORAL_ADDRESS\`, \`TEMPORAL_NAMESPACE\`,
\`TEMPORAL_API_KEY\`, \`TEMPORAL_TLS_…\`, or a profile of the file that \`TEMPORAL_CONFIG_FILE\` names.

In a cluster the [chart](../charts/gha-runner-scale-set-controller) hands all of them to the workers, by its values \`temporal\`,
\`settings\` and \`flags\`.

${sections.join('\n\n')}

## Flags of ARC's manager

Arguments that ARC's chart passes are accepted, by \`temporal-arc worker\` and by \`/manager\` of the [image](image.md).
\`--metrics-addr\`, \`--health-probe-bind-address\`, \`--log-level\`, \`--log-format\`, \`--watch-namespace\`, \`--update-strategy\` and \`--exclude-label-propagation-prefix\` are settings of the
same name above.

${table(
  ['Flag', 'Here'],
  ARC_FLAGS.map((arc) => [
    code(`--${arc.flag}`),
    'feeds' in arc
      ? cell(arc.note ?? `the same as --${arc.feeds}`)
      : `no effect, named in the log: ${cell(arc.ignored)}`,
  ]),
)}
`;
}

/** The metrics, from the help texts of the registry. */
export function metricsDocument(): string {
  const rows = createMetrics({ processMetrics: false })
    .describe()
    .map(({ name, type, labels, help }) => [code(name), type, labels.map(code).join(', '), cell(help)]);
  return `${GENERATED}

# Metrics

Served for Prometheus at \`/metrics\` (\`--metrics-addr\`). The number of series depends on the number of sets, never on runners
or jobs; series of a set that no longer exists go. Beside these there are prom-client's \`process_…\` and \`nodejs_…\` metrics.

${table(['Metric', 'Type', 'Labels', 'Meaning'], rows)}
`;
}

/** A command and all below it, by their names without the program's. */
function commandsBelow(command: Command, name = ''): [name: string, command: Command][] {
  const below = command.commands.flatMap((child) => commandsBelow(child, `${name} ${child.name()}`.trim()));
  return [[name, command], ...below];
}

/** The help of the command and of each subcommand. */
export function cliDocument(): string {
  const pages: string[] = [];
  const sink = { write: (text: string) => pages.push(text), columns: 100 };
  const program = createProgram(() => Promise.resolve(), { stdout: sink, stderr: sink, env: {} });
  const sections = commandsBelow(program).map(([name, command]) => {
    pages.length = 0;
    command.outputHelp();
    const title = name === '' ? '' : `## ${name}\n\n`;
    return `${title}\`\`\`text\n${pages.join('').trimEnd()}\n\`\`\``;
  });
  return `${GENERATED}

# The command temporal-arc

Results go to standard output, everything else to standard error. The shapes of \`-o json\` are stable: members are added,
never renamed or removed within a major version.

${sections.join('\n\n')}
`;
}

const documents: Record<string, () => string> = {
  'docs/configuration.md': configurationDocument,
  'docs/metrics.md': metricsDocument,
  'docs/cli.md': cliDocument,
  'docs/permissions.md': permissionsDocument,
  ...Object.fromEntries(
    ['gha-runner-scale-set-controller', 'gha-runner-scale-set'].map((chart) => [
      `charts/${chart}/README.md`,
      () => chartReadme(chart),
    ]),
  ),
};

async function main(check: boolean): Promise<number> {
  const options = (await prettier.resolveConfig(join(root, 'docs/x.md'))) ?? {};
  let outdated = 0;
  for (const [path, write] of Object.entries(documents)) {
    const text = await prettier.format(write(), { ...options, parser: 'markdown' });
    if (!check) writeFileSync(join(root, path), text);
    else if (read(join(root, path)) !== text) {
      process.stderr.write(`${path} is not up to date: run "node dev/make/docs.ts".\n`);
      outdated += 1;
    }
  }
  return outdated;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

if (import.meta.main) process.exitCode = (await main(process.argv.includes('--check'))) > 0 ? 1 : 0;
