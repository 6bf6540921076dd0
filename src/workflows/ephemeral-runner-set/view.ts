import type { RunnersPage, RunnerView, RunnerSetView } from '../../messages/ephemeral-runner-set.ts';
import { openReplicas } from './policies/patch-id.ts';
import type { RunnerState } from './runner.ts';
import { hasJob, stageOf } from './runner.ts';
import type { RunnerSetState } from './state.ts';
import { countRunners, runnerSetStatus } from './status.ts';

const viewRunner = (runner: Readonly<RunnerState>): RunnerView => ({
  name: runner.name,
  stage: stageOf(runner),
  hasJob: hasJob(runner),
  ...defined({
    end: runner.end,
    runnerId: runner.runnerId ?? runner.seen?.runnerId,
    revision: runner.seen?.revision,
    patchId: runner.seen?.patchId,
    createdAt: runner.seen?.createdAt,
    pod: runner.seen?.pod?.phase,
    reason: runner.reason ?? runner.seen?.pod?.reason,
    message: runner.message ?? runner.seen?.pod?.message,
  }),
});

/** Without the members that are undefined. */
const defined = <T extends object>(object: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;

/** Runners in one answer, so that it stays under 512 KiB: a runner with its message takes 500 bytes at most. */
const MOST_RUNNERS = 1_000;

/** The answer of the query `state`. What it is asked with may have been typed by hand. */
export function viewRunnerSet(state: RunnerSetState, page?: unknown): RunnerSetView {
  const runners = runnersAfter(state, (page as RunnersPage | null | undefined)?.after);
  const shown = runners.slice(0, MOST_RUNNERS);
  const { holds: _holds, ...failures } = state.failures;
  const status = runnerSetStatus(state);
  return {
    desired: state.order.replicas,
    current: status.currentReplicas,
    busy: countRunners(state.runners).busy,
    paused: state.runnerSet?.paused === true,
    conditions: status.conditions,
    ...(state.creationBlock ? { blocked: state.creationBlock } : {}),
    failures,
    pastFailures: state.pastFailures,
    ...(state.outdatedRevision === undefined ? {} : { outdatedRevision: state.outdatedRevision }),
    known: state.runners.size,
    runners: shown.map(viewRunner),
    ...(shown.length < runners.length && { next: shown.at(-1)?.name ?? '' }),
  };
}

/** By name, because runners come and go between two pages. */
function runnersAfter({ runners }: RunnerSetState, after: unknown): Readonly<RunnerState>[] {
  const from = typeof after === 'string' ? after : '';
  const wanted = [...runners.values()].filter(({ name }) => name > from);
  return wanted.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The first page in Temporal's user interface: a small table. */
export function describeRunnerSet(state: RunnerSetState): string {
  const { pending, running, busy, failed } = countRunners(state.runners);
  const lines = [
    '| desired | running | busy | pending | failed |',
    '|---|---|---|---|---|',
    `| ${openReplicas(state.order)} | ${running} | ${busy} | ${pending} | ${failed} |`,
  ];
  if (state.runnerSet?.paused) lines.push('', 'Paused: no runners are created.');
  if (state.creationBlock)
    lines.push('', `Creation is blocked: **${state.creationBlock.reason}** ${state.creationBlock.message}`);
  if (state.failures.inARow > 0) {
    lines.push(
      '',
      `${state.failures.inARow} failures in a row, last: **${state.failures.reason}** ${state.failures.message}`,
    );
  }
  return lines.join('\n');
}
