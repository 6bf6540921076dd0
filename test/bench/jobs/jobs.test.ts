import type { JobsCase } from '../../../bench/jobs/jobs.ts';
import type { KeptJobsResults } from '../../../bench/jobs/report.ts';
import { jobsReportOf } from '../../../bench/jobs/report.ts';
import type { JobsRound } from '../../../bench/jobs/shape.ts';
import { jobsFiguresOf, placesWithJob, quantile, waitsOf } from '../../../bench/jobs/shape.ts';
import { jobsTargetsOf, missedBy } from '../../../bench/jobs/targets.ts';

const round: JobsRound = {
  doneSeconds: 10,
  jobsPerSecond: 20,
  queuedToPod: { p50: 1, p95: 2 },
  queuedToStarted: { p50: 2, p95: 3 },
  settledSeconds: 1,
  left: [],
  kubernetesRequests: 11,
  kubernetesRequestsBy: {},
  gitHubRequests: 2,
  gitHubRequestsBy: {},
  cpuSeconds: 5,
  cpu: undefined,
  peakRssMiB: undefined,
  maxJitInFlight: 50,
};

const played = (player: JobsCase['player'], change: Partial<JobsRound> = {}): JobsCase => {
  const rounds = [{ ...round, ...change }];
  return { jobs: 200, maxRunners: 50, player, rounds, figures: jobsFiguresOf(rounds) };
};

const results = (change: Partial<KeptJobsResults>): KeptJobsResults => ({
  name: 'test',
  date: '2026-01-01T00:00:00.000Z',
  commit: 'abc',
  isDirty: false,
  machine: { cpus: 2, cpuModel: 'x', memoryGiB: 4, platform: 'linux x64', node: 'v24', loadBefore: 0 },
  options: {
    ...{ rounds: 1, warmUp: 0, durationMs: 1000, jitLatencyMs: 150, latencyMs: 50 },
    ...{ concurrency: 50, storage: 'file' },
  },
  cases: [],
  ...change,
});

describe('waits', () => {
  it.each([
    { values: [3], share: 0.95, expected: 3 },
    { values: [4, 1, 3, 2], share: 0.5, expected: 2 },
    { values: Array.from({ length: 100 }, (_, index) => index + 1), share: 0.95, expected: 95 },
  ])('of which $share do not exceed $expected', ({ values, share, expected }) => {
    expect(quantile(values, share)).toBe(expected);
  });

  it('are told by median and tail', () => {
    expect(waitsOf([1, 2, 30])).toEqual({ p50: 2, p95: 30 });
    expect(() => waitsOf([])).toThrow(RangeError);
  });
});

describe('places with a job while jobs wait', () => {
  const job = (start: number, end: number) => ({ start, end });

  it('are those that jobs fill until the last one has started', () => {
    expect(placesWithJob([job(0, 4), job(0, 4), job(4, 8), job(4, 8)], 2)).toBe(100);
    expect(placesWithJob([job(0, 4), job(5, 9), job(10, 14)], 1)).toBe(80);
  });

  it('are none where no job had to wait', () => {
    expect(placesWithJob([job(0, 4), job(1, 4)], 2)).toBeUndefined();
  });
});

describe('the figures of jobs', () => {
  it('leave out what was not measured', () => {
    const figures = jobsFiguresOf([round, { ...round, jobsPerSecond: 30 }]);
    expect(figures.jobsPerSecond).toEqual({ median: 25, min: 20, max: 30 });
    expect(figures).not.toHaveProperty('historyEvents');
  });
});

describe('the targets of jobs', () => {
  it.each([
    { shape: { jobs: 200, maxRunners: 50 }, atLeast: 20 },
    { shape: { jobs: 1000, maxRunners: 200 }, atLeast: 30 },
  ])('ask for $atLeast a second of $shape', ({ shape, atLeast }) => {
    expect(jobsTargetsOf(shape, 150)).toContainEqual({ figure: 'jobsPerSecond', atLeast });
  });

  it('bound how long a single job waits for its pod, beyond a JIT config', () => {
    expect(jobsTargetsOf({ jobs: 1, maxRunners: 50 }, 150)).toEqual([
      { figure: 'queuedToPodP50', atMost: 0.65 },
    ]);
  });

  it('are missed by what is beyond them', () => {
    const figures = jobsFiguresOf([{ ...round, settledSeconds: 4, jobsPerSecond: 19 }]);
    const missed = missedBy(figures, jobsTargetsOf({ jobs: 200, maxRunners: 50 }, 150));
    expect(missed.map(({ target: { figure }, median }) => [figure, median])).toEqual([
      ['jobsPerSecond', 19],
      ['settledSeconds', 4],
    ]);
  });
});

describe('the report on jobs', () => {
  it('has a column for each player, and names what failed', () => {
    const failure: JobsCase = { jobs: 200, maxRunners: 50, player: 'killed', failure: 'Left over.' };
    const report = jobsReportOf(results({ cases: [played('ceiling'), played('ours'), failure] }));
    expect(report).toContain('200 jobs, maxRunners 50');
    expect(report).toMatch(/jobs \/ s +20\.00 +20\.00 +>= 20/);
    expect(report).toContain('ours, killed FAILED: Left over.');
    expect(report).toContain('All targets hold.');
  });

  it('says which target our worker missed, and does not hold the ceiling to it', () => {
    const cases = [played('ceiling', { settledSeconds: 9 }), played('ours', { kubernetesRequests: 14 })];
    const report = jobsReportOf(results({ cases }));
    expect(report).toContain('missed: Kubernetes requests / job is 14.00, target <= 12');
    expect(report).not.toContain('missed: settled');
  });

  it('tells of idle scale sets', () => {
    const idle = {
      historyEventsPerHourBy: { ephemeralRunnerSet: 31, clusterWatch: 900 },
      ...{ sets: 200, readySeconds: 20, podsAdded: 1, peakRssMiB: 600, rssMiB: 500 },
      ...{ workerCpuPercent: 3, cpuPercentBy: {} },
      ...{ kubernetesRequestsPerMinute: 0, kubernetesRequestsBy: {} },
      ...{ gitHubRequestsPerMinute: 240, gitHubRequestsBy: {} },
    };
    const report = jobsReportOf(results({ idle }));
    expect(report).toContain('missed: 1 pods were added by idle scale sets');
    expect(report).toContain('missed: 31.00 history events an hour of an idle ephemeralRunnerSet');
    expect(report).toContain('the worker took 600 MiB');
  });
});
