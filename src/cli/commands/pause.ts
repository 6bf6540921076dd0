import { Command } from 'commander';
import { autoscalingRunnerSets, ephemeralRunnerSets } from '../../kubernetes/client/resources.ts';
import { resolveKey, withCluster, withWorkflows, writeResult } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { CliError } from '../failure.ts';
import type { PauseTarget } from '../pause-target.ts';
import { pauseTargetOf } from '../pause-target.ts';
import type { Run } from '../run.ts';
import type { SetKey } from '../set-key.ts';
import { keyText } from '../set-key.ts';
import type { CommandContext, Workflows } from '../surroundings.ts';

const WORDS = {
  pause: {
    summary: 'Take no more jobs in a scale set, create no more runners.',
    description:
      'Pauses an AutoscalingRunnerSet with its EphemeralRunnerSet: no job is taken and no runner is created; those that ' +
      'exist go on and finish their jobs. Holds across restarts, until "temporal-arc resume".',
    done: 'paused',
  },
  resume: {
    summary: 'Take jobs and create runners again after pause.',
    description:
      'Lets a paused AutoscalingRunnerSet take jobs again, with its EphemeralRunnerSet, also where that was paused by itself.',
    done: 'resumed',
  },
} as const;

type Order = keyof typeof WORDS;

/** The stable shape of `pause -o json` and `resume -o json`. */
interface PauseReport extends SetKey {
  kind: PauseTarget['kind'];
  paused: boolean;
  /** EphemeralRunnerSets of the scale set that were paused by themselves. Only where there are any. */
  alsoResumed?: string[];
}

const orderCommand = (order: Order, run: Run): Command => {
  const { summary, description } = WORDS[order];
  const command = new Command(order)
    .summary(summary)
    .description(description)
    .argument('<set>', '[NAMESPACE/]NAME of the AutoscalingRunnerSet or EphemeralRunnerSet')
    .addHelpText(
      'after',
      `
An EphemeralRunnerSet that belongs to an AutoscalingRunnerSet stands for it. One that belongs to none is ${WORDS[order].done} alone.

Example:
  temporal-arc ${order} arc-runners/linux

JSON: {kind, namespace, name, paused${order === 'resume' ? ', alsoResumed (where there are any)' : ''}}`,
    );
  return command.action((set: string) => run((context) => carryOut(context, order, set), command));
};

/** `temporal-arc pause`: a set, or a scale set with all below it, creates no more runners. */
export const pauseCommand = (run: Run): Command => orderCommand('pause', run);
/** `temporal-arc resume`: takes a pause back. */
export const resumeCommand = (run: Run): Command => orderCommand('resume', run);

async function carryOut(context: CommandContext, order: Order, text: string): Promise<void> {
  const key = await resolveKey(context, text);
  await withWorkflows(context, async (workflows) => {
    const target = await findTarget(context, key);
    const report = await (order === 'pause' ? pause : resume)(workflows, target);
    writeResult(context, report, sentenceOf(order, target, report));
  });
}

async function findTarget(context: CommandContext, key: SetKey): Promise<PauseTarget> {
  const { namespace } = key;
  const target = await withCluster(context, async (cluster) => {
    const { items: scaleSets } = await cluster.list(autoscalingRunnerSets, { namespace });
    const { items: sets } = await cluster.list(ephemeralRunnerSets, { namespace });
    return pauseTargetOf(key, { scaleSets, sets });
  });
  if (target) return target;
  const remedy = 'list what there is with "temporal-arc get" (names are NAMESPACE/NAME)';
  const what = 'neither an AutoscalingRunnerSet nor an EphemeralRunnerSet has this name';
  throw new CliError(EXIT.notFound, `${keyText(key)}: ${what}; ${remedy}.`);
}

async function pause(workflows: Workflows, target: PauseTarget): Promise<PauseReport> {
  const { kind, key } = target;
  const { paused } = await workflowOf(workflows, target).setPaused(true);
  return { kind, ...key, paused };
}

/** The scale set first: its EphemeralRunnerSet would be paused with it again. */
async function resume(workflows: Workflows, target: PauseTarget): Promise<PauseReport> {
  const { kind, key } = target;
  const { paused } = await workflowOf(workflows, target).setPaused(false);
  const alsoResumed = kind === 'AutoscalingRunnerSet' ? target.pausedByThemselves : [];
  for (const name of alsoResumed) await workflows.of({ ...key, name }).setPaused(false);
  return { kind, ...key, paused, ...(alsoResumed.length > 0 && { alsoResumed }) };
}

const workflowOf = (workflows: Workflows, { kind, key }: PauseTarget) =>
  kind === 'AutoscalingRunnerSet' ? workflows.ofScaleSet(key) : workflows.of(key);

/** What was done to which object, and what a person may not expect of it. */
function sentenceOf(order: Order, target: PauseTarget, { alsoResumed = [] }: PauseReport): string {
  const { kind, key } = target;
  const set = (name: string) => `EphemeralRunnerSet ${keyText({ ...key, name })}`;
  const lines = [`${kind} ${keyText(key)} ${WORDS[order].done}`];
  if (kind === 'AutoscalingRunnerSet') {
    if (target.named !== undefined) lines.push(`${set(target.named)} belongs to it and follows`);
    if (target.hasNamesake) lines.push(`${set(key.name)} does not belong to it and stays as it is`);
    lines.push(...alsoResumed.map((name) => `${set(name)} was paused by itself: resumed too`));
  }
  return `${lines.join('\n')}\n`;
}
