import type { Round } from '../../../bench/create/figures.ts';
import { figuresOf, spreadOf } from '../../../bench/create/figures.ts';
import { compare } from '../../../bench/results.ts';
import { verdictsOn } from '../../../bench/create/targets.ts';

const limit = {
  createdSeconds: 2,
  runningSeconds: 4,
  cpuSeconds: 1,
  cpu: undefined,
  gitHubRequests: 1,
  maxJitInFlight: 10,
};
const ours = {
  createdSeconds: 2.4,
  runningSeconds: 6,
  readySeconds: 6,
  cpu: undefined,
  goneSeconds: 3,
  kubernetesRequests: 11,
  kubernetesRequestsBy: {},
  gitHubRequests: 2,
  historyEvents: 5,
  historyEventsBy: {},
  runs: 1,
  creationCpuSeconds: 1,
  cpuSeconds: 2,
  peakRssMiB: undefined,
  maxJitInFlight: 10,
};
const slow: Round = { limit: { ...limit, createdSeconds: 10 }, ours: { ...ours, createdSeconds: 13 } };

describe('the figures of a case', () => {
  it.each([
    { values: [3], spread: { median: 3, min: 3, max: 3 } },
    { values: [10, 2, 9], spread: { median: 9, min: 2, max: 10 } },
    { values: [4, 1, 2, 10], spread: { median: 3, min: 1, max: 10 } },
  ])('are the median, the smallest and the largest of $values', ({ values, spread }) => {
    expect(spreadOf(values)).toEqual(spread);
  });

  it('take a ratio within each round, not between medians', () => {
    const { createdRatio } = figuresOf([{ limit, ours }, { limit, ours }, slow]);
    expect(createdRatio).toEqual({ median: 1.2, min: 1.2, max: 1.3 });
  });

  it('leave out what could not be measured', () => {
    expect(figuresOf([slow])).not.toHaveProperty('peakRssMiB');
  });

  it('are compared with earlier ones as multiples', () => {
    const [now, then] = [figuresOf([slow]), figuresOf([{ limit, ours }])];
    expect(compare(now, then)).toMatchObject({ limitCreatedSeconds: 5, historyEvents: 1 });
    expect(compare(now, {})).toEqual({});
  });
});

describe('the targets', () => {
  const figures = figuresOf([{ limit, ours }]);

  it('allow more where Temporal writes to a file', () => {
    const ratios = (storage: 'memory' | 'file') =>
      verdictsOn({ storage, runners: 1000, concurrency: 50 }, figures)
        .filter(({ figure }) => figure.endsWith('Ratio'))
        .map(({ figure, atMost, holds }) => ({ figure, atMost, holds }));
    expect(ratios('memory')).toEqual([
      { figure: 'createdRatio', atMost: 1.4, holds: true },
      { figure: 'runningRatio', atMost: 1.4, holds: false },
    ]);
    expect(ratios('file').map(({ atMost }) => atMost)).toEqual([1.6, 1.6]);
  });

  it('bound what a runner costs, and no ratio, where the first reaction is all that counts', () => {
    const verdicts = verdictsOn({ storage: 'memory', runners: 100, concurrency: 50 }, figures);
    expect(verdicts).toHaveLength(2);
    expect(verdicts).toContainEqual({ figure: 'historyEvents', atMost: 10, median: 5, holds: true });
    expect(verdicts).toContainEqual({ figure: 'kubernetesRequests', atMost: 12, median: 11, holds: true });
  });
});
