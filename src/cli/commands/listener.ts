import { Command } from 'commander';
import { createLogger } from '../../workers/log.ts';
import type { Run } from '../run.ts';
import type { CommandContext } from '../surroundings.ts';

/** `temporal-arc listener`: holds one message session until it is ended. */
export const listenerCommand = (run: Run): Command =>
  new Command('listener')
    .summary('Run one listener: what the pod of a listener does.')
    .description(
      "Holds the message session of one AutoscalingListener until SIGTERM. Listeners run inside the workers; only one with a pod of its own (listenerTemplate, or listener mode 'pod') needs this, and its pod gets everything from the worker that makes it: LISTENER_CONFIG_PATH, TEMPORAL_ARC_LISTENER, TEMPORAL_ARC_CLUSTER, TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.",
    )
    .action((_options: unknown, command: Command) => run((context) => listen(context), command));

async function listen({ around, flags }: CommandContext): Promise<void> {
  const { readListenerConfiguration, listenerLogging } = await import('../../workers/run-listener.ts');
  const configuration = readListenerConfiguration({ flags, env: around.env });
  const { log_level: level, log_format: format } = await listenerLogging(configuration.configPath);
  const log = createLogger({
    level: isLevel(level) ? level : 'info',
    format: format === 'json' ? 'json' : 'text',
    write: (line) => around.stderr.write(`${line}\n`),
  });
  await around.runListener(configuration, log);
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

const isLevel = (text: string): text is (typeof LEVELS)[number] => LEVELS.some((level) => level === text);
