import { Argument, Command } from 'commander';
import type { EphemeralRunner } from '../../api/v1alpha1/ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import type { KubernetesObject, Resource } from '../../kubernetes/client/resources.ts';
import { ephemeralRunnerSets, ephemeralRunners } from '../../kubernetes/client/resources.ts';
import { didYouMean } from '../../workers/configuration/did-you-mean.ts';
import { resolveKey, withCluster, writeResult } from '../context.ts';
import { usageError } from '../failure.ts';
import { findSet } from '../find-set.ts';
import type { Column } from '../output/output.ts';
import { formatAge, formatTable } from '../output/output.ts';
import type { Run } from '../run.ts';
import type { Cluster, CommandContext } from '../surroundings.ts';
import type { RunnerRow, SetRow } from '../output/view.ts';
import { runnerRow, setRow } from '../output/view.ts';

/** What can be listed, by all the names it goes by. */
const WORDS = {
  sets: ['sets', 'set', 'runnersets', 'ephemeralrunnersets', 'ephemeralrunnerset', 'ers'],
  runners: ['runners', 'runner', 'ephemeralrunners', 'ephemeralrunner', 'er'],
} as const;

interface GetOptions {
  set?: string;
}

/** `temporal-arc get`: sets or runners as they stand in the cluster. */
export function getCommand(run: Run): Command {
  const command = new Command('get')
    .summary('List runner sets, or runners.')
    .description('Lists what is in the cluster, in all namespaces unless --namespace is given.')
    .addArgument(new Argument('[what]', 'sets (ers) or runners (er)').default('sets'))
    .argument('[name]', '[NAMESPACE/]NAME of one of them; for a set, also of its AutoscalingRunnerSet')
    .option('--set <name>', 'Only the runners of this set.')
    .addHelpText(
      'after',
      `
Examples:
  temporal-arc get
  temporal-arc get runners --set linux -n arc-runners -o wide
  temporal-arc get sets -o json | jq '.items[] | select(.ready != "True")'

JSON: {items: [...]}, whatever their number
  sets     {namespace, name, autoscalingRunnerSet, desired, current, pending, running, failed, phase, ready, reason,
            message, paused, pausedByItself, githubConfigUrl, runnerScaleSetId, createdAt}
  runners  {namespace, name, set, phase, ready, job, repository, runnerId, reason, message, createdAt}`,
    );
  return command.action((what: string, name: string | undefined, options: GetOptions) =>
    run((context) => get(context, { what, name, set: options.set }), command),
  );
}

interface Wanted {
  what: string;
  name: string | undefined;
  set: string | undefined;
}

async function get(context: CommandContext, { what, name, set }: Wanted): Promise<void> {
  const kind = kindOf(what);
  if (kind === 'sets' && set !== undefined) throw usageError('--set goes with "get runners" only.');
  await withCluster(context, async (cluster) => {
    if (kind === 'sets') {
      writeSets(context, rowsOf(context, await readSets(context, cluster, name), setRow));
      return;
    }
    const rows = rowsOf(context, await read(context, cluster, { ...RUNNERS, name }), runnerRow);
    writeRunners(context, set === undefined ? rows : rows.filter((row) => row.set === set));
  });
}

/** One object that cannot be shown is named, and keeps none of the others from being shown. */
function rowsOf<T extends KubernetesObject, Row>(
  { around }: CommandContext,
  objects: readonly T[],
  rowOf: (object: T) => Row,
): Row[] {
  return objects.flatMap((object) => {
    try {
      return [rowOf(object)];
    } catch (error) {
      const { namespace = '', name = '' } = object.metadata ?? {};
      around.stderr.write(`${namespace}/${name} cannot be shown: ${(error as Error).message}\n`);
      return [];
    }
  });
}

function kindOf(word: string): keyof typeof WORDS {
  for (const kind of ['sets', 'runners'] as const) if (WORDS[kind].some((one) => one === word)) return kind;
  const near = didYouMean(word, [...WORDS.sets, ...WORDS.runners]);
  const remedy = near ? `did you mean ${near}?` : 'give "sets" or "runners"; for one set: get sets NAME.';
  throw usageError(`"${word}" cannot be listed; ${remedy}`);
}

const RUNNERS: { resource: Resource<EphemeralRunner> } = { resource: ephemeralRunners };

const readSets = async (context: CommandContext, cluster: Cluster, name: string | undefined) =>
  name === undefined
    ? read(context, cluster, { resource: ephemeralRunnerSets, name })
    : [await findSet(cluster, await resolveKey(context, name))];

/** One object by name, or all of the namespace, in the order of their names. */
async function read<T extends EphemeralRunnerSet | EphemeralRunner>(
  context: CommandContext,
  cluster: Cluster,
  { resource, name }: { resource: Resource<T>; name: string | undefined },
): Promise<T[]> {
  if (name !== undefined) return [await cluster.get(resource, await resolveKey(context, name))];
  const { items } = await cluster.list(resource, { namespace: context.namespace });
  const key = ({ metadata }: T) => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
  return items.sort((a, b) => key(a).localeCompare(key(b)));
}

function writeSets(context: CommandContext, rows: SetRow[]): void {
  const now = context.around.now();
  const columns: Column<SetRow>[] = [
    { title: 'NAMESPACE', text: (row) => row.namespace },
    { title: 'NAME', text: (row) => row.name },
    { title: 'DESIRED', text: (row) => row.desired },
    {
      title: 'CURRENT',
      text: (row) => row.current,
      color: (row) => (row.current === row.desired ? undefined : 'yellow'),
    },
    { title: 'PENDING', text: (row) => row.pending },
    { title: 'RUNNING', text: (row) => row.running },
    { title: 'FAILED', text: (row) => row.failed, color: (row) => (row.failed > 0 ? 'red' : undefined) },
    {
      title: 'PHASE',
      text: (row) => (row.paused ? `${row.phase || 'Pending'},Paused` : row.phase),
      color: phaseColor,
    },
    { title: 'READY', text: readyWord, color: (row) => (row.ready === 'False' ? 'yellow' : undefined) },
    { title: 'AGE', text: (row) => formatAge(row.createdAt, now) },
    { title: 'URL', text: (row) => row.githubConfigUrl, wide: true },
    { title: 'SCALE-SET', text: (row) => row.runnerScaleSetId, wide: true },
    { title: 'MESSAGE', text: (row) => row.message, wide: true },
  ];
  write(context, rows, columns);
}

function writeRunners(context: CommandContext, rows: RunnerRow[]): void {
  const now = context.around.now();
  const columns: Column<RunnerRow>[] = [
    { title: 'NAMESPACE', text: (row) => row.namespace },
    { title: 'NAME', text: (row) => row.name },
    { title: 'SET', text: (row) => row.set },
    { title: 'PHASE', text: (row) => row.phase, color: phaseColor },
    { title: 'READY', text: (row) => String(row.ready) },
    { title: 'JOB', text: (row) => row.job },
    { title: 'RUNNER-ID', text: (row) => row.runnerId || undefined },
    { title: 'AGE', text: (row) => formatAge(row.createdAt, now) },
    { title: 'REPOSITORY', text: (row) => row.repository, wide: true },
    { title: 'REASON', text: (row) => row.reason, wide: true },
    { title: 'MESSAGE', text: (row) => row.message, wide: true },
  ];
  write(context, rows, columns);
}

const readyWord = ({ ready, reason }: SetRow): string =>
  ready === 'False' && reason ? `False (${reason})` : ready;

const phaseColor = ({ phase }: { phase: string }) =>
  phase === 'Failed' || phase === 'Outdated' ? 'red' : phase === 'Pending' ? 'yellow' : undefined;

function write<Row>(context: CommandContext, rows: Row[], columns: Column<Row>[]): void {
  if (rows.length === 0 && context.format !== 'json') {
    const where = context.namespace === undefined ? 'the cluster' : `namespace ${context.namespace}`;
    context.around.stderr.write(`Nothing found in ${where}.\n`);
    return;
  }
  writeResult(context, { items: rows }, formatTable(rows, columns, context));
}
