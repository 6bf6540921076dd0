import { Command, InvalidArgumentError, Option } from 'commander';
import { CREATION_BLOCKED_CONDITION, PAUSED_CONDITION, findCondition } from '../../api/conditions.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import type { Resource } from '../../kubernetes/client/resources.ts';
import { ephemeralRunnerSets } from '../../kubernetes/client/resources.ts';
import { parseDuration } from '../../workers/configuration/setting.ts';
import { resolveKey, withCluster, withWorkflow, writeResult } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { CliError, usageError } from '../failure.ts';
import type { Run } from '../run.ts';
import type { SetKey } from '../set-key.ts';
import { keyText } from '../set-key.ts';
import type { Cluster, CommandContext } from '../surroundings.ts';
import type { SetRow } from '../output/view.ts';
import { setRow } from '../output/view.ts';
import { INT32_MAX } from '../../api/int32.ts';

interface ScaleOptions {
  replicas?: number;
  wait?: true;
  timeout: number;
}

/** The stable shape of `scale -o json`. */
interface ScaleReport extends SetKey {
  replicas: number;
  previous: number;
  /** Only with `--wait`: runners there are at the end. */
  current?: number;
}

const POLL_MS = 500;

/** `temporal-arc scale`: sets the number of runners wanted, through the set's workflow. */
export function scaleCommand(run: Run): Command {
  const command = new Command('scale')
    .summary('Set how many runners a set wants.')
    .description(
      'Sets spec.replicas of an EphemeralRunnerSet through its workflow, so that the order stands in its history. ' +
        'A listener that follows a queue sets it again with its next message.',
    )
    .argument('<set>', '[NAMESPACE/]NAME of the EphemeralRunnerSet')
    .option('--replicas <n>', 'Number of runners wanted: 0 or more. Required.', readReplicas)
    .option('--wait', 'Wait until there are as many as wanted.')
    .addOption(
      new Option('--timeout <duration>', 'How long to wait with --wait.')
        .default(300_000, '5m')
        .argParser(readTimeout),
    )
    .addHelpText(
      'after',
      `
Examples:
  temporal-arc scale arc-runners/linux --replicas 20
  temporal-arc scale linux -n arc-runners --replicas 0 --wait --timeout 10m

JSON: {namespace, name, replicas, previous, current (with --wait)}`,
    );
  return command.action((set: string, options: ScaleOptions) =>
    run((context) => scale(context, set, options), command),
  );
}

async function scale(context: CommandContext, set: string, options: ScaleOptions): Promise<void> {
  const { replicas: wanted, wait, timeout } = options;
  if (wanted === undefined) throw usageError('--replicas is missing; give a number, as in --replicas 20.');
  const key = await resolveKey(context, set);
  const { replicas, previous } = await withWorkflow(context, key, (workflow) => workflow.scale(wanted));
  const report: ScaleReport = { ...key, replicas, previous };
  if (wait) {
    const reached = await withCluster(context, (cluster) =>
      follow(context, cluster, { key, replicas, timeout }),
    );
    report.current = reached.current;
  }
  writeResult(context, report, sentenceOf(report));
}

const sentenceOf = ({ replicas, previous, current, ...key }: ScaleReport): string => {
  const change =
    replicas === previous ? `wants ${replicas} as before` : `scaled from ${previous} to ${replicas}`;
  return `${keyText(key)} ${change}${current === undefined ? '' : `, ${current} there`}\n`;
};

interface Following {
  key: SetKey;
  replicas: number;
  timeout: number;
}

/** Watches the set until current equals desired; tells each change on standard error. */
async function follow(context: CommandContext, cluster: Cluster, following: Following): Promise<SetRow> {
  const { around } = context;
  const { key, replicas, timeout } = following;
  const until = around.now() + timeout;
  const resource: Resource<EphemeralRunnerSet> = ephemeralRunnerSets;
  let told = '';
  for (;;) {
    const set = await cluster.get(resource, key);
    const row = setRow(set);
    if (row.desired !== replicas) throw overtaken(row, replicas);
    if (row.current === replicas) return row;
    const progress = `${keyText(key)}: ${row.current} of ${replicas} (${row.running} running, ${row.pending} pending)${obstacleOf(set)}`;
    if (progress !== told) around.stderr.write(`${progress}\n`);
    told = progress;
    if (around.now() >= until) {
      const remedy = `"temporal-arc describe ${keyText(key)}" tells more; --timeout waits longer`;
      throw new CliError(EXIT.failed, `--timeout ${timeout / 1000}s is over. ${progress}; ${remedy}.`);
    }
    await around.sleep(POLL_MS);
  }
}

const overtaken = (row: SetRow, replicas: number): CliError =>
  new CliError(
    EXIT.failed,
    `${keyText(row)} now wants ${row.desired}, not ${replicas}: somebody else scaled it; pause the listener or scale again.`,
  );

/** Why creation does not go on, if the set says so. */
function obstacleOf({ status }: EphemeralRunnerSet): string {
  const conditions = [CREATION_BLOCKED_CONDITION, PAUSED_CONDITION].map((type) =>
    findCondition(status?.conditions, type),
  );
  const holding = conditions.find((condition) => condition?.status === 'True');
  return holding ? `; ${holding.reason}: ${holding.message}` : '';
}

function readReplicas(text: string): number {
  const replicas = /^\d+$/.test(text) ? Number(text) : NaN;
  if (replicas <= INT32_MAX) return replicas;
  throw new InvalidArgumentError(`Give a whole number from 0 to ${INT32_MAX}.`);
}

function readTimeout(text: string): number {
  const timeout = parseDuration(text);
  if (timeout !== undefined && timeout > 0) return timeout;
  throw new InvalidArgumentError('Give a duration such as 90s or 10m.');
}
