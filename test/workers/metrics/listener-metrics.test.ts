import { createMetrics } from '../../../src/workers/metrics/metrics.ts';
import type { ListenerSubject } from '../../../src/activities/autoscaling-listener/metrics.ts';
import { aJob, counts } from '../../activities/autoscaling-listener/messages.ts';

const subject = (config?: ListenerSubject['config']): ListenerSubject => ({
  listener: { namespace: 'arc-system', name: 'demo-listener' },
  namespace: 'arc-runners',
  name: 'demo',
  organization: 'octo',
  repository: 'app',
  ...(config && { config }),
});

const TIMES = {
  scaleSetAssignTime: '2026-01-01T00:00:01Z',
  runnerAssignTime: '2026-01-01T00:00:09Z',
  finishTime: '2026-01-01T00:00:29Z',
};

const linesOf = async (metrics: ReturnType<typeof createMetrics>, name: string): Promise<string[]> =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith(`${name}{`));

test('publishes what the statistics and the orders say', async () => {
  const metrics = createMetrics({ processMetrics: false });
  const recorder = metrics.listenerMetrics.open(subject());
  recorder.running(true);
  recorder.limits({ minRunners: 1, maxRunners: 5 });
  recorder.statistics({ ...counts(3), totalRunningJobs: 2 });
  recorder.desired(4);
  const labels = 'enterprise="",organization="octo",repository="app",name="demo",namespace="arc-runners"';
  expect(await linesOf(metrics, 'gha_assigned_jobs')).toEqual([`gha_assigned_jobs{${labels}} 3`]);
  expect(await linesOf(metrics, 'gha_desired_runners')).toEqual([`gha_desired_runners{${labels}} 4`]);
  expect(await linesOf(metrics, 'gha_max_runners')).toEqual([`gha_max_runners{${labels}} 5`]);
  expect(await linesOf(metrics, 'gha_controller_running_listeners')).toEqual([
    'gha_controller_running_listeners{name="demo-listener",namespace="arc-system",repository="app",organization="octo",enterprise=""} 1',
  ]);
  recorder.close();
  expect(await linesOf(metrics, 'gha_assigned_jobs')).toEqual([]);
  expect(await linesOf(metrics, 'gha_controller_running_listeners')).toEqual([]);
});

test('the default number of series does not depend on job names', async () => {
  const metrics = createMetrics({ processMetrics: false });
  const recorder = metrics.listenerMetrics.open(subject());
  for (let i = 0; i < 100; i += 1) {
    const job = aJob(`job-${i}`, {
      ...TIMES,
      jobDisplayName: `build ${i}`,
      jobWorkflowRef: `o/r/w${i}.yml@refs/heads/b${i}`,
    });
    recorder.started(job);
    recorder.completed({ ...job, result: 'succeeded' });
  }
  expect(await linesOf(metrics, 'gha_started_jobs_total')).toEqual([
    'gha_started_jobs_total{enterprise="",organization="octo",repository="app",name="demo",namespace="arc-runners",event_name="push"} 100',
  ]);
  expect(await linesOf(metrics, 'gha_completed_jobs_total')).toHaveLength(1);
  expect(await linesOf(metrics, 'gha_job_startup_duration_seconds_sum')).toEqual([
    expect.stringContaining(' 800'),
  ]);
  expect(await linesOf(metrics, 'gha_job_execution_duration_seconds_sum')).toEqual([
    expect.stringContaining(' 2000'),
  ]);
});

test('a job that no runner took counts as neither', async () => {
  const metrics = createMetrics({ processMetrics: false });
  metrics.listenerMetrics.open(subject()).completed(aJob('a', { result: 'canceled' }));
  expect(await linesOf(metrics, 'gha_completed_jobs_total')).toEqual([]);
});

describe('a configuration', () => {
  const config = {
    counters: {
      gha_started_jobs_total: { labels: ['job_name', 'job_workflow_name', 'job_workflow_target', 'x'] },
    },
    histograms: { gha_job_startup_duration_seconds: { labels: ['name'], buckets: [1, 10] } },
  };

  test('publishes what it names, with the labels it names', async () => {
    const metrics = createMetrics({ processMetrics: false });
    const recorder = metrics.listenerMetrics.open(subject(config));
    recorder.statistics(counts(3));
    recorder.started(aJob('a', TIMES));
    expect(await linesOf(metrics, 'gha_assigned_jobs')).toEqual([]);
    expect(await linesOf(metrics, 'gha_started_jobs_total')).toEqual([
      'gha_started_jobs_total{job_name="build",job_workflow_name="ci",job_workflow_target="heads/main"} 1',
    ]);
    expect(await linesOf(metrics, 'gha_job_startup_duration_seconds_bucket')).toHaveLength(3);
  });

  test('with buckets of its own stands beside the usual ones, described once', async () => {
    const metrics = createMetrics({ processMetrics: false });
    metrics.listenerMetrics.open(subject(config)).started(aJob('a', TIMES));
    const other = { ...subject(), listener: { namespace: 'arc-system', name: 'other' }, name: 'other' };
    metrics.listenerMetrics.open(other).started(aJob('b', TIMES));
    const text = await metrics.text();
    expect(
      text.split('\n').filter((line) => line === '# TYPE gha_job_startup_duration_seconds histogram'),
    ).toHaveLength(1);
    expect(await linesOf(metrics, 'gha_job_startup_duration_seconds_count')).toHaveLength(2);
  });

  test('that asks for what there is not is named in the log', () => {
    const told: unknown[] = [];
    const metrics = createMetrics({ processMetrics: false, log: (_message, facts) => told.push(facts) });
    const labels: string[] = [];
    metrics.listenerMetrics.open(
      subject({ gauges: { gha_started_jobs_total: { labels } }, counters: { nonsense: { labels } } }),
    );
    expect(told).toEqual([
      { listener: 'arc-system/demo-listener', unknown: 'gauges.gha_started_jobs_total,counters.nonsense' },
    ]);
  });
});

test('of a listener that was deleted, nothing is left', async () => {
  const metrics = createMetrics({ processMetrics: false });
  const recorder = metrics.listenerMetrics.open(subject());
  recorder.started(aJob('a', TIMES));
  recorder.close();
  metrics.listenerMetrics.forget({ namespace: 'arc-system', name: 'demo-listener' });
  expect(await linesOf(metrics, 'gha_started_jobs_total')).toEqual([]);
  expect(await linesOf(metrics, 'gha_job_startup_duration_seconds_count')).toEqual([]);
});
