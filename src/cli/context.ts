import type { Command } from 'commander';
import { readSettings } from '../workers/configuration/configuration.ts';
import type { SettingName, WorkerConfiguration } from '../workers/configuration/settings.ts';
import type { OutputFormat } from './output/output.ts';
import { paintFor } from './output/output.ts';
import type { SetKey } from './set-key.ts';
import { readKey } from './set-key.ts';
import { flagTexts } from './setting-options.ts';
import type { Cluster, CommandContext, SetWorkflow, Surroundings, Workflows } from './surroundings.ts';

/** The context of a command that was parsed. */
export function contextOf(command: Command, around: Surroundings): CommandContext {
  const options: Record<string, unknown> = command.optsWithGlobals();
  return {
    around,
    flags: flagTexts(options),
    namespace: options['namespace'] as string | undefined,
    format: options['output'] as OutputFormat,
    paint: paintFor(around.stdout, around.env),
    debug: options['debug'] === true,
  };
}

const settingsFor = <K extends SettingName>(
  { around, flags }: CommandContext,
  names: readonly K[],
): Pick<WorkerConfiguration, K> => readSettings(names, { flags, env: around.env });

/** Does `work` with a client of the cluster, and closes it. */
export async function withCluster<T>(
  context: CommandContext,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = await context.around.connectCluster(settingsFor(context, ['kubeconfig', 'context']));
  try {
    return await work(cluster);
  } finally {
    await cluster.close();
  }
}

/** Does `work` with the workflow of an EphemeralRunnerSet, and closes the connection. */
export const withWorkflow = <T>(
  context: CommandContext,
  key: SetKey,
  work: (workflow: SetWorkflow) => Promise<T>,
): Promise<T> => withWorkflows(context, (workflows) => work(workflows.of(key)));

/** Does `work` with the workflows of the cluster, and closes the connection. */
export async function withWorkflows<T>(
  context: CommandContext,
  work: (workflows: Workflows) => Promise<T>,
): Promise<T> {
  const settings = settingsFor(context, [
    'cluster',
    'temporalAddress',
    'temporalNamespace',
    'temporalProfile',
  ]);
  const workflows = await context.around.connectTemporal(settings, settings.cluster);
  try {
    return await work(workflows);
  } finally {
    await workflows.close();
  }
}

/** `[NAMESPACE/]NAME` with the namespace of `-n`, or of the kubeconfig's context. */
export async function resolveKey(context: CommandContext, text: string): Promise<SetKey> {
  const key = readKey(text, context.namespace, () => '');
  if (key.namespace !== '') return key;
  const settings = settingsFor(context, ['kubeconfig', 'context']);
  return { ...key, namespace: await context.around.defaultNamespace(settings) };
}

/** Writes the result of a command: `value` as JSON, or `text`. */
export function writeResult({ around, format }: CommandContext, value: unknown, text: string): void {
  around.stdout.write(format === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : text);
}
