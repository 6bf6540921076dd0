import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type {
  ListenerMetrics,
  ListenerRecorder,
  ListenerSubject,
} from '../../activities/autoscaling-listener/metrics.ts';
import type { JobCompleted, JobStarted } from '../../github/wire.ts';
import { parseJobWorkflowRef } from './job-workflow-ref.ts';

/** Labels a metric may have; a listener's configuration chooses among them. */
const SCOPE_LABELS = ['enterprise', 'organization', 'repository', 'name', 'namespace'] as const;
const JOB_LABELS = [
  ...SCOPE_LABELS,
  'event_name',
  'job_name',
  'job_workflow_ref',
  'job_workflow_name',
  'job_workflow_target',
] as const;
const RESULT_LABELS = [...JOB_LABELS, 'job_result'] as const;

/** Without any wish of the user, the number of series must not depend on the names of jobs. */
const DEFAULT_JOB_LABELS = [...SCOPE_LABELS, 'event_name'] as const;
const DEFAULT_RESULT_LABELS = [...DEFAULT_JOB_LABELS, 'job_result'] as const;

/** Seconds. */
const BUCKETS = [
  0.01, 0.05, 0.1, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100,
  110, 120, 150, 180, 210, 240, 300, 360, 420, 480, 540, 600, 900, 1200, 1800, 2400, 3000, 3600,
];

const GAUGES = {
  gha_assigned_jobs: 'Jobs that are assigned to the scale set: waiting for a runner, or running.',
  gha_running_jobs: 'Jobs that run.',
  gha_registered_runners: 'Runners that GitHub knows.',
  gha_busy_runners: 'Runners that have a job.',
  gha_idle_runners: 'Runners that wait for a job.',
  gha_min_runners: 'Runners that are kept idle.',
  gha_max_runners: 'Runners that there may be at most.',
  gha_desired_runners: 'Runners that the listener asks for.',
} as const;

const COUNTERS = {
  gha_started_jobs_total: 'Jobs that a runner took.',
  gha_completed_jobs_total: 'Jobs that ended after a runner had taken them.',
} as const;

const HISTOGRAMS = {
  gha_job_startup_duration_seconds: 'From the assignment of a job to the scale set until a runner took it.',
  gha_job_execution_duration_seconds: 'From the moment a runner took a job until its end.',
} as const;

type GaugeName = keyof typeof GAUGES;
type CounterName = keyof typeof COUNTERS;
type HistogramName = keyof typeof HISTOGRAMS;

type Labels = Record<string, string>;

/** A series that was written: how to remove it. */
interface Series {
  remove(): void;
}

/** What is remembered of each listener, so that it can be forgotten. */
type Written = Map<string, Series>;

/** Where metrics of listeners go, and who is told which of them run. */
export interface ListenerMetricsOptions {
  registry: Registry;
  /** All listeners that hold their session in this process, whenever one comes or goes. */
  onRunning: (running: (ListenerSubject & { running: boolean })[]) => void;
  log?: ((message: string, facts: Record<string, unknown>) => void) | undefined;
}

/** Also gives the registries that stand beside the main one: histograms with buckets of their own. */
export interface ListenerMetricsOfProcess extends ListenerMetrics {
  registries(): Registry[];
}

/** The metrics of all listeners of this process (protocol: listener metrics). */
export function createListenerMetrics(options: ListenerMetricsOptions): ListenerMetricsOfProcess {
  const instruments = createInstruments(options.registry);
  const written = new Map<string, Written>();
  const running = new Map<string, ListenerSubject & { running: boolean }>();
  const tell = (): void => options.onRunning([...running.values()]);
  return {
    open: (subject) => {
      const key = keyOf(subject.listener);
      const own: Written = written.get(key) ?? new Map<string, Series>();
      written.set(key, own);
      const series = new ListenerSeries(instruments, subject, own);
      warnOfUnknown(subject, options.log);
      return recorderOf(series, {
        setRunning: (is) => {
          running.set(key, { ...subject, running: is });
          tell();
        },
        onClose: () => {
          running.delete(key);
          tell();
        },
      });
    },
    forget: (listener) => {
      const key = keyOf(listener);
      for (const series of written.get(key)?.values() ?? []) series.remove();
      written.delete(key);
    },
    registries: () => instruments.registries(),
  };
}

const keyOf = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace}/${name}`;

interface RecorderHooks {
  setRunning: (running: boolean) => void;
  onClose: () => void;
}

const recorderOf = (series: ListenerSeries, { setRunning, onClose }: RecorderHooks): ListenerRecorder => ({
  running: setRunning,
  limits: ({ minRunners, maxRunners }) => {
    series.set('gha_min_runners', minRunners);
    series.set('gha_max_runners', maxRunners);
  },
  statistics: (statistics) => {
    series.set('gha_assigned_jobs', statistics.totalAssignedJobs);
    series.set('gha_running_jobs', statistics.totalRunningJobs);
    series.set('gha_registered_runners', statistics.totalRegisteredRunners);
    series.set('gha_busy_runners', statistics.totalBusyRunners);
    series.set('gha_idle_runners', statistics.totalIdleRunners);
  },
  desired: (replicas) => series.set('gha_desired_runners', replicas),
  started: (job) => {
    series.count('gha_started_jobs_total', job);
    const seconds = secondsBetween(job.scaleSetAssignTime, job.runnerAssignTime);
    if (seconds !== undefined) series.observe('gha_job_startup_duration_seconds', job, seconds);
  },
  completed: (job) => {
    // No runner ever took it: it was cancelled, or is about to be assigned again.
    if (job.runnerAssignTime === undefined) return;
    series.count('gha_completed_jobs_total', job);
    const seconds = secondsBetween(job.runnerAssignTime, job.finishTime);
    if (seconds !== undefined) series.observe('gha_job_execution_duration_seconds', job, seconds);
  },
  close: () => {
    series.removeGauges();
    onClose();
  },
});

/** Whole seconds, as the times are given. */
function secondsBetween(from: string | undefined, to: string | undefined): number | undefined {
  const seconds = (text = ''): number => Math.floor(Date.parse(text) / 1000);
  const difference = seconds(to) - seconds(from);
  return Number.isFinite(difference) ? Math.max(0, difference) : undefined;
}

interface Instruments {
  gauges: Record<GaugeName, Gauge>;
  counters: Record<CounterName, Counter>;
  histogram(name: HistogramName, buckets: readonly number[] | undefined): Histogram;
  registries(): Registry[];
}

function createInstruments(registry: Registry): Instruments {
  const registers = [registry];
  const others = new Map<string, { registry: Registry; histograms: Record<HistogramName, Histogram> }>();
  const gauges = mapValues(
    GAUGES,
    (help, name) => new Gauge({ name, help, labelNames: SCOPE_LABELS, registers }),
  );
  const counters = mapValues(COUNTERS, (help, name) => {
    const labelNames = name === 'gha_completed_jobs_total' ? RESULT_LABELS : JOB_LABELS;
    return new Counter({ name, help, labelNames, registers });
  });
  const usual = createHistograms(registry, BUCKETS);
  return {
    gauges,
    counters,
    histogram: (name, buckets) => {
      if (!buckets || buckets.length === 0) return usual[name];
      const key = buckets.join();
      let other = others.get(key);
      if (!other) {
        const own = new Registry();
        other = { registry: own, histograms: createHistograms(own, [...buckets]) };
        others.set(key, other);
      }
      return other.histograms[name];
    },
    registries: () => [...others.values()].map((other) => other.registry),
  };
}

const createHistograms = (registry: Registry, buckets: number[]): Record<HistogramName, Histogram> =>
  mapValues(HISTOGRAMS, (help, name) => {
    const labelNames = name === 'gha_job_execution_duration_seconds' ? RESULT_LABELS : JOB_LABELS;
    return new Histogram({ name, help, labelNames, buckets, registers: [registry] });
  });

const mapValues = <K extends string, V, R>(from: Record<K, V>, map: (value: V, key: K) => R): Record<K, R> =>
  Object.fromEntries(Object.entries(from).map(([key, value]) => [key, map(value as V, key as K)])) as Record<
    K,
    R
  >;

/** Writes the series of one listener, with the labels that its configuration asks for. */
class ListenerSeries {
  private readonly instruments: Instruments;
  private readonly subject: ListenerSubject;
  private readonly written: Written;

  constructor(instruments: Instruments, subject: ListenerSubject, written: Written) {
    this.instruments = instruments;
    this.subject = subject;
    this.written = written;
  }

  set(name: GaugeName, value: number): void {
    const wanted = this.labelsOf('gauges', name, SCOPE_LABELS);
    if (!wanted) return;
    const labels = pick(this.scope(), wanted, SCOPE_LABELS);
    this.instruments.gauges[name].set(labels, value);
    this.note(name, labels, this.instruments.gauges[name]);
  }

  count(name: CounterName, job: JobStarted | JobCompleted): void {
    const isResult = name === 'gha_completed_jobs_total';
    const wanted = this.labelsOf('counters', name, isResult ? DEFAULT_RESULT_LABELS : DEFAULT_JOB_LABELS);
    if (!wanted) return;
    const labels = pick(this.jobValues(job), wanted, isResult ? RESULT_LABELS : JOB_LABELS);
    this.instruments.counters[name].inc(labels);
    this.note(name, labels, this.instruments.counters[name]);
  }

  observe(name: HistogramName, job: JobStarted | JobCompleted, seconds: number): void {
    const isResult = name === 'gha_job_execution_duration_seconds';
    const wanted = this.labelsOf('histograms', name, isResult ? DEFAULT_RESULT_LABELS : DEFAULT_JOB_LABELS);
    if (!wanted) return;
    const labels = pick(this.jobValues(job), wanted, isResult ? RESULT_LABELS : JOB_LABELS);
    const histogram = this.instruments.histogram(name, this.subject.config?.histograms?.[name]?.buckets);
    histogram.observe(labels, seconds);
    this.note(name, labels, histogram);
  }

  removeGauges(): void {
    for (const [key, series] of this.written) {
      if (!Object.keys(GAUGES).some((name) => key.startsWith(`${name}{`))) continue;
      series.remove();
      this.written.delete(key);
    }
  }

  /** `undefined` when the configuration leaves this metric out. */
  private labelsOf(
    kind: 'gauges' | 'counters' | 'histograms',
    name: string,
    defaults: readonly string[],
  ): readonly string[] | undefined {
    const { config } = this.subject;
    return config ? config[kind]?.[name]?.labels : defaults;
  }

  private note(name: string, labels: Labels, metric: { remove(labels: Labels): void }): void {
    const key = `${name}{${Object.values(labels).join('|')}`;
    if (!this.written.has(key)) this.written.set(key, { remove: () => metric.remove(labels) });
  }

  private scope(): Labels {
    const { enterprise = '', organization = '', repository = '', name, namespace } = this.subject;
    return { enterprise, organization, repository, name, namespace };
  }

  private jobValues(job: JobStarted | JobCompleted): Labels {
    const { name: workflow, target } = parseJobWorkflowRef(job.jobWorkflowRef);
    return {
      ...this.scope(),
      organization: job.ownerName,
      repository: job.repositoryName,
      event_name: job.eventName,
      job_name: job.jobDisplayName,
      job_workflow_ref: job.jobWorkflowRef,
      job_workflow_name: workflow,
      job_workflow_target: target,
      job_result: 'result' in job ? job.result : '',
    };
  }
}

/** Unknown labels are empty in ARC, which is the same as none. */
const pick = (values: Labels, wanted: readonly string[], known: readonly string[]): Labels =>
  Object.fromEntries(known.filter((name) => wanted.includes(name)).map((name) => [name, values[name] ?? '']));

/** Names that are no metric of that kind are left out, as ARC does. */
function warnOfUnknown({ config, listener }: ListenerSubject, log: ListenerMetricsOptions['log']): void {
  if (!config || !log) return;
  const kinds = [
    ['gauges', GAUGES],
    ['counters', COUNTERS],
    ['histograms', HISTOGRAMS],
  ] as const;
  const unknown = kinds.flatMap(([kind, known]) =>
    Object.keys(config[kind] ?? {})
      .filter((name) => !(name in known))
      .map((name) => `${kind}.${name}`),
  );
  if (unknown.length > 0)
    log('A listener asks for metrics that there are not.', {
      listener: keyOf(listener),
      unknown: unknown.join(),
    });
}

/** Texts of several registries as one: each metric is described once, with the series of all of them. */
export function joinTexts([first = '', ...others]: readonly string[]): string {
  if (others.length === 0) return first;
  const families = new Map<string, string[]>();
  for (const text of [first, ...others]) {
    let name = '';
    for (const line of text.split('\n')) {
      const described = /^# (?:HELP|TYPE) (\S+)/.exec(line)?.[1];
      if (described !== undefined) name = described;
      if (line === '') continue;
      const lines = families.get(name) ?? [];
      families.set(name, lines);
      if (described === undefined || !lines.includes(line)) lines.push(line);
    }
  }
  return `${[...families.values()].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
