import { table } from '../../../bench/create/report.ts';
import { samplesOf } from '../../../bench/worker-process.ts';

describe('the report', () => {
  it('aligns its columns', () => {
    const rows = [
      ['', 'median', 'target'],
      ['created', '2.40', ''],
      ['history events', '11', '<= 10'],
    ];
    expect(table(rows)).toEqual([
      '                  median  target',
      '  created           2.40',
      '  history events      11   <= 10',
    ]);
  });
});

describe("the worker's metrics", () => {
  const text = [
    '# TYPE requests_total counter',
    'requests_total{verb="get",resource="pods",code="200"} 12',
    'requests_total{verb="create",resource="pods",code="201"} 1e3',
    'requests_total_created 5',
    'cpu_seconds 0.5',
  ].join('\n');

  it.each([
    {
      metric: 'requests_total',
      samples: [
        { labels: { verb: 'get', resource: 'pods', code: '200' }, value: 12 },
        { labels: { verb: 'create', resource: 'pods', code: '201' }, value: 1000 },
      ],
    },
    { metric: 'cpu_seconds', samples: [{ labels: {}, value: 0.5 }] },
    { metric: 'absent', samples: [] },
  ])('are read by name: $metric', ({ metric, samples }) => {
    expect(samplesOf(text, metric)).toEqual(samples);
  });
});
