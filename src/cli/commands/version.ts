import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { writeResult } from '../context.ts';
import type { Run } from '../run.ts';

interface Package {
  version: string;
  dependencies: Record<string, string>;
}

/** The package's own description; it lies at the same distance from the sources and from what is built of them. */
const description = (): Package =>
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as Package;

/** The version of this program, from its package.json. */
export const programVersion = (): string => description().version;

/** `temporal-arc version`: this program, and what it runs on. */
export function versionCommand(run: Run): Command {
  const command = new Command('version')
    .summary('Show versions.')
    .description('Shows the version of this program, of its Temporal SDK and of Node.')
    .addHelpText('after', '\nJSON: {version, temporalSdk, node}');
  return command.action(() =>
    run((context) => {
      const { version, dependencies } = description();
      const temporalSdk = dependencies['@temporalio/worker'] ?? '';
      const node = process.versions.node;
      writeResult(
        context,
        { version, temporalSdk, node },
        `temporal-arc ${version} (Temporal SDK ${temporalSdk}, Node ${node})\n`,
      );
      return Promise.resolve();
    }, command),
  );
}
