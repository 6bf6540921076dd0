import type { CaseResult } from './create-ephemeral-runners.ts';
import { nameOf } from './create-ephemeral-runners.ts';
import type { FigureName, Spread } from './figures.ts';
import { FIGURE_NAMES } from './figures.ts';
import type { Baseline, Results, Surroundings } from '../results.ts';
import { compare, figuresIn } from '../results.ts';
import { targetsOf, verdictsOn } from './targets.ts';

const LABELS: Record<FigureName, string> = {
  limitCreatedSeconds: 'limit: all created, s',
  limitRunningSeconds: 'limit: all pods run, s',
  createdSeconds: 'ours: all created, s',
  runningSeconds: 'ours: all pods run, s',
  readySeconds: 'ours: all ready, s',
  goneSeconds: 'ours: ended, all gone, s',
  createdRatio: 'created, ours / limit',
  runningRatio: 'running, ours / limit',
  kubernetesRequests: 'Kubernetes requests / runner',
  gitHubRequests: 'GitHub requests / runner',
  historyEvents: 'history events / runner',
  limitCpuSeconds: 'limit: CPU to create, s',
  creationCpuSeconds: 'worker: CPU to create, s',
  cpuSeconds: 'worker: CPU over the life, s',
  peakRssMiB: 'worker: peak RSS, MiB',
  limitMaxJitInFlight: 'limit: most JIT calls at once',
  maxJitInFlight: 'ours: most JIT calls at once',
  limitOthersCpus: 'limit: CPUs taken by others',
  othersCpus: 'ours: CPUs taken by others',
};

/** The results for people: a table per case, and at the end what became of the targets. */
export function reportOf(results: Results, baseline: Baseline | undefined): string {
  const { options } = results;
  const lines = [
    machineLine(results),
    `${options.rounds} rounds; a JIT config takes ${options.jitLatencyMs} ms`,
    baseline
      ? `compared with ${baseline.file}, commit ${baseline.commit}`
      : 'no results of another commit to compare with',
  ];
  for (const result of results.cases) lines.push('', nameOf(result), ...caseLines(result, baseline));
  return [...lines, '', ...targetLines(results.cases), ...disturbance(results.cases)].join('\n');
}

/** What it ran on, and what. */
export const machineLine = ({ machine, commit, isDirty }: Surroundings): string =>
  `${machine.cpus} CPUs (${machine.cpuModel}), ${machine.memoryGiB} GiB, Node ${machine.node}, ` +
  `load before ${machine.loadBefore}; commit ${commit}${isDirty ? ' with changes' : ''}`;

function caseLines(result: CaseResult, baseline: Baseline | undefined): string[] {
  if ('failure' in result) return [`  FAILED: ${result.failure}`];
  const former = baseline && figuresIn(baseline, result);
  const changes = former ? compare(result.figures, former) : {};
  const bounds = new Map(targetsOf(result).map(({ figure, atMost }) => [figure, `<= ${atMost}`]));
  const rows = FIGURE_NAMES.flatMap((name) => {
    const spread = result.figures[name];
    if (!spread) return [];
    const change = changes[name] === undefined ? '' : `x ${changes[name].toFixed(2)}`;
    return [[LABELS[name], number(spread.median), rangeOf(spread), bounds.get(name) ?? '', change]];
  });
  return table([['', 'median', 'min - max', 'target', baseline ? 'was' : ''], ...rows]);
}

const rangeOf = ({ min, max }: Spread): string => `${number(min)} - ${number(max)}`;

/** Two decimals, none from 100 on. */
export const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(2));

/** Rows with aligned columns: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `  ${cells.join('  ')}`.trimEnd();
  });
}

/** From here on, others on the machine slow both sides down, and not by the same amount. */
export const DISTURBING_CPUS = 0.2;

function disturbance(cases: readonly CaseResult[]): string[] {
  const shares = cases.flatMap((result) =>
    'figures' in result
      ? [result.figures.othersCpus?.max ?? 0, result.figures.limitOthersCpus?.max ?? 0]
      : [],
  );
  const most = Math.max(0, ...shares);
  if (most < DISTURBING_CPUS) return [];
  return [
    `Disturbed: other programs took up to ${number(most)} CPUs during a round. Repeat it on a quiet machine.`,
  ];
}

function targetLines(cases: readonly CaseResult[]): string[] {
  const verdicts = cases.flatMap((result) =>
    'figures' in result ? verdictsOn(result, result.figures).map((verdict) => ({ result, verdict })) : [],
  );
  const missed = verdicts.filter(({ verdict }) => !verdict.holds);
  const held = `Targets: ${verdicts.length - missed.length} of ${verdicts.length} hold.`;
  const details = missed.map(
    ({ result, verdict: { figure, median, atMost } }) =>
      `  missed: ${LABELS[figure]} is ${number(median)}, target ${atMost} (${nameOf(result)})`,
  );
  return [held, ...details];
}
