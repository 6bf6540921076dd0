import type { RunnerView, RunnerSetView } from '../../messages/ephemeral-runner-set.ts';
import { openReplicas } from './policies/patch-id.ts';
import type { RunnerState } from './runner.ts';
import { hasJob, stageOf } from './runner.ts';
import type { RunnerSetState } from './state.ts';
import { countRunners, runnerSetStatus } from './status.ts';

const viewRow = (row: RunnerState): RunnerView => ({
  name: row.name,
  stage: stageOf(row),
  hasJob: hasJob(row),
  ...defined({
    end: row.end,
    runnerId: row.runnerId ?? row.seen?.runnerId,
    revision: row.seen?.revision,
    patchId: row.seen?.patchId,
    createdAt: row.seen?.createdAt,
    pod: row.seen?.pod?.phase,
    reason: row.reason ?? row.seen?.pod?.reason,
    message: row.message ?? row.seen?.pod?.message,
  }),
});

/** Without the members that are undefined. */
const defined = <T extends object>(object: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;

export function viewRunnerSet(state: RunnerSetState): RunnerSetView {
  const { holds: _holds, ...failures } = state.failures;
  const status = runnerSetStatus(state);
  return {
    desired: state.order.replicas,
    current: status.currentReplicas,
    busy: countRunners(state.rows.values()).busy,
    paused: state.set?.paused === true,
    conditions: status.conditions,
    ...(state.trouble ? { blocked: state.trouble } : {}),
    failures,
    pastFailures: state.pastFailures,
    ...(state.outdatedRevision === undefined ? {} : { outdatedRevision: state.outdatedRevision }),
    runners: [...state.rows.values()].map(viewRow),
  };
}

/** The first page in Temporal's user interface: a small table. */
export function describeRunnerSet(state: RunnerSetState): string {
  const { pending, running, busy, failed } = countRunners(state.rows.values());
  const lines = [
    '| desired | running | busy | pending | failed |',
    '|---|---|---|---|---|',
    `| ${openReplicas(state.order)} | ${running} | ${busy} | ${pending} | ${failed} |`,
  ];
  if (state.set?.paused) lines.push('', 'Paused: no runners are created.');
  if (state.trouble)
    lines.push('', `Creation is blocked: **${state.trouble.reason}** ${state.trouble.message}`);
  if (state.failures.inARow > 0) {
    lines.push(
      '',
      `${state.failures.inARow} failures in a row, last: **${state.failures.reason}** ${state.failures.message}`,
    );
  }
  return lines.join('\n');
}
