import { sizeReportOf } from '../../../bench/size/report.ts';
import type { SizeResults } from '../../../bench/size/report.ts';
import type { SizeResult } from '../../../bench/size/size.ts';

const size = (over: Partial<SizeResult> = {}): SizeResult => ({
  ...{ runners: 5_000, createdSeconds: 100, goneSeconds: 90, longestStallSeconds: 3, peakRssMiB: 400 },
  ...{ runs: 4, events: 12_000, disturbances: [] },
  replays: [],
  longestReplay: { runId: 'r', events: 3_000, kib: 1_500, seconds: 1.2, cpuSeconds: 1.1 },
  ...over,
});

const report = (...sizes: SizeResult[]): string =>
  sizeReportOf({
    ...{ name: 'n', date: '2026-11-27T00:00:00Z', commit: 'abc', isDirty: false, sizes },
    machine: { cpus: 2, cpuModel: 'm', memoryGiB: 24, platform: 'linux', node: 'v24', loadBefore: 0 },
    options: { concurrency: 50, storage: 'file', disturbed: false, jitLatencyMs: 150 },
  } satisfies SizeResults);

test('a row tells of each size, and nothing is missed when all bounds are kept', () => {
  const text = report(size({ runners: 1_000 }), size());
  expect(text).toMatch(/1000 .*\n.*5000 /);
  expect(text).not.toContain('MISSED');
});

test.each<[string, Partial<SizeResult>]>([
  ['longest replay', { longestReplay: { ...size().longestReplay, cpuSeconds: 2.01 } }],
  ['longest stall', { longestStallSeconds: 31 }],
  ['peak RSS', { peakRssMiB: 513 }],
])('what is missed is told: %s', (what, over) => {
  expect(report(size(over))).toContain(`MISSED: 5000 runners: ${what}`);
});

test('10,000 runners may take more memory than 5,000', () => {
  expect(report(size({ runners: 10_000, peakRssMiB: 900 }))).not.toContain('MISSED');
});
