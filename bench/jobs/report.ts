import type { IdleSets } from './idle-sets.ts';
import type { JobsCase, JobsResults } from './jobs.ts';
import { titleOf } from './jobs.ts';
import type { JobsFigure, Player } from './shape.ts';
import { JOBS_FIGURES } from './shape.ts';
import { boundOf, IDLE_TARGETS, jobsTargetsOf, missedBy } from './targets.ts';
import { DISTURBING_CPUS, machineLine, number, table } from '../create/report.ts';
import type { Surroundings } from '../results.ts';

/** A run of the benchmark of jobs, as it is kept. */
export interface KeptJobsResults extends Surroundings, JobsResults {
  name: string;
  options: {
    rounds: number;
    warmUp: number;
    durationMs: number;
    jitLatencyMs: number;
    latencyMs: number;
    concurrency: number;
    storage: string;
  };
}

const LABELS: Record<JobsFigure, string> = {
  jobsPerSecond: 'jobs / s',
  doneSeconds: 'all jobs done, s',
  queuedToPodP50: 'queued to pod, p50, s',
  queuedToPodP95: 'queued to pod, p95, s',
  queuedToStartedP50: 'queued to started, p50, s',
  queuedToStartedP95: 'queued to started, p95, s',
  placesWithJob: 'places with a job while jobs wait, %',
  settledSeconds: 'settled after the last job, s',
  kubernetesRequests: 'Kubernetes requests / job',
  gitHubRequests: 'GitHub requests / job',
  historyEvents: 'history events / job',
  maxJitInFlight: 'most JIT calls at once',
  cpuSeconds: 'CPU of its process, s',
  peakRssMiB: 'peak RSS of its process, MiB',
  awaySeconds: 'killed: away for, s',
  othersCpus: 'CPUs taken by others',
};

const NAMES: Record<Player, string> = { ceiling: 'ceiling', ours: 'ours', killed: 'ours, killed' };

/** The results for people: a table per shape with a column per player, and at the end what became of the targets. */
export function jobsReportOf(results: KeptJobsResults): string {
  const { options, cases, idle } = results;
  const titles = [...new Set(cases.map(titleOf))];
  const lines = [
    machineLine(results),
    `${options.rounds} rounds; jobs of ${options.durationMs / 1000} s; a JIT config takes ${options.jitLatencyMs} ms, ` +
      `other calls ${options.latencyMs} ms; ${options.concurrency} runners created at a time; Temporal on ${options.storage}`,
  ];
  for (const title of titles) {
    const ofShape = cases.filter((each) => titleOf(each) === title);
    lines.push('', title, ...shapeLines(ofShape, options.jitLatencyMs));
  }
  if (idle) lines.push('', ...idleLines(idle));
  return [...lines, '', ...targetLines(results), ...disturbance(cases)].join('\n');
}

function shapeLines(cases: readonly JobsCase[], jitLatencyMs: number): string[] {
  const played = cases.flatMap((each) => ('figures' in each ? [each] : []));
  const failed = cases.flatMap((each) =>
    'failure' in each ? [`  ${NAMES[each.player]} FAILED: ${each.failure}`] : [],
  );
  const [shape] = cases;
  const targets = shape ? jobsTargetsOf(shape, jitLatencyMs) : [];
  const rows = JOBS_FIGURES.flatMap((figure) => {
    const cells = played.map(({ figures }) => {
      const spread = figures[figure];
      return spread ? rangeOf(spread) : '';
    });
    if (cells.every((cell) => cell === '')) return [];
    const target = targets.find((each) => each.figure === figure);
    return [[LABELS[figure], ...cells, target ? boundOf(target) : '']];
  });
  return [...table([['', ...played.map(({ player }) => NAMES[player]), 'target'], ...rows]), ...failed];
}

const rangeOf = ({ median, min, max }: { median: number; min: number; max: number }): string =>
  min === max ? number(median) : `${number(median)} (${number(min)} - ${number(max)})`;

function idleLines(idle: NonNullable<JobsResults['idle']>): string[] {
  if ('failure' in idle) return ['idle scale sets', `  FAILED: ${idle.failure}`];
  const optional = (value: number | undefined): string => (value === undefined ? '' : number(value));
  return [
    `${idle.sets} idle scale sets on one worker`,
    ...table([
      ['', 'value', 'target'],
      ['all listening after, s', number(idle.readySeconds), ''],
      ['pods added', String(idle.podsAdded), String(IDLE_TARGETS.podsAdded)],
      ['worker: peak RSS, MiB', optional(idle.peakRssMiB), `< ${IDLE_TARGETS.peakRssMiB}`],
      ['worker: RSS while idle, MiB', optional(idle.rssMiB), ''],
      ['worker: CPU while idle, % of one', number(idle.workerCpuPercent), ''],
      ['Kubernetes requests / min', number(idle.kubernetesRequestsPerMinute), ''],
      ['GitHub requests / min', number(idle.gitHubRequestsPerMinute), ''],
      ...Object.entries(idle.historyEventsPerHourBy).map(([type, events]) => [
        `${type}: most events / hour`,
        number(events),
        type === 'clusterWatch' ? '' : `<= ${IDLE_TARGETS.historyEventsPerHourBy}`,
      ]),
    ]),
  ];
}

function targetLines({ cases, idle, options }: KeptJobsResults): string[] {
  const ours = cases.flatMap((each) => (each.player === 'ours' && 'figures' in each ? [each] : []));
  const missed = [
    ...ours.flatMap((each) =>
      missedBy(each.figures, jobsTargetsOf(each, options.jitLatencyMs)).map(
        ({ target, median }) =>
          `  missed: ${LABELS[target.figure]} is ${number(median)}, target ${boundOf(target)} (${titleOf(each)})`,
      ),
    ),
    ...(idle && !('failure' in idle) ? missedIdle(idle) : []),
  ];
  return missed.length === 0 ? ['All targets hold.'] : ['Targets:', ...missed];
}

const missedIdle = ({ podsAdded, peakRssMiB = 0, historyEventsPerHourBy }: IdleSets): string[] => [
  ...Object.entries(historyEventsPerHourBy)
    .filter(([type, events]) => type !== 'clusterWatch' && events > IDLE_TARGETS.historyEventsPerHourBy)
    .map(([type, events]) => `  missed: ${number(events)} history events an hour of an idle ${type}`),
  ...(podsAdded > IDLE_TARGETS.podsAdded
    ? [`  missed: ${podsAdded} pods were added by idle scale sets`]
    : []),
  ...(peakRssMiB >= IDLE_TARGETS.peakRssMiB
    ? [
        `  missed: the worker took ${number(peakRssMiB)} MiB with idle scale sets, target < ${IDLE_TARGETS.peakRssMiB}`,
      ]
    : []),
];

function disturbance(cases: readonly JobsCase[]): string[] {
  const shares = cases.flatMap((each) => ('figures' in each ? [each.figures.othersCpus?.max ?? 0] : []));
  const most = Math.max(0, ...shares);
  if (most < DISTURBING_CPUS) return [];
  return [
    `Disturbed: other programs took up to ${number(most)} CPUs during a round. Repeat it on a quiet machine.`,
  ];
}
