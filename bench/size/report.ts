import { machineLine, number, table } from '../create/report.ts';
import type { Surroundings } from '../results.ts';
import type { SizeOptions, SizeResult } from './size.ts';

/** A run of the benchmark of sizes, as it is kept. */
export interface SizeResults extends Surroundings {
  name: string;
  options: Pick<SizeOptions, 'concurrency' | 'storage' | 'disturbed' | 'jitLatencyMs'>;
  sizes: SizeResult[];
}

/** What a size may take. */
const BOUNDS = { replaySeconds: 2, stallSeconds: 30 } as const;

/** Of a worker that has a set of so many runners, in MiB. */
const memoryBound = (runners: number): number => (runners <= 5_000 ? 512 : 1_024);

/** The results for people: a row per size, and whether the bounds were kept. */
export function sizeReportOf(results: SizeResults): string {
  const { options, sizes } = results;
  const { concurrency, storage, jitLatencyMs, disturbed } = options;
  const lines = [
    machineLine(results),
    `${concurrency} runners created at a time; Temporal ${storage === 'memory' ? 'in memory' : 'on a SQLite file'}; ` +
      `a JIT config takes ${jitLatencyMs} ms${disturbed ? '; two workers, disturbed' : ''}`,
    '',
    ...table([
      [
        ...['runners', 'created, s', 'gone, s', 'longest stall, s', 'peak RSS, MiB'],
        ...['runs', 'events', 'longest replay, s', 'CPU, s', 'of events', 'of KiB'],
      ],
      ...sizes.map((size) => [
        ...[number(size.runners), number(size.createdSeconds), number(size.goneSeconds)],
        ...[number(size.longestStallSeconds), number(size.peakRssMiB), number(size.runs)],
        ...[number(size.events), number(size.longestReplay.seconds)],
        ...[
          number(size.longestReplay.cpuSeconds),
          number(size.longestReplay.events),
          number(size.longestReplay.kib),
        ],
      ]),
    ]),
    '',
    ...sizes.flatMap((size) => size.disturbances.map((each) => `${size.runners}: ${each}`)),
    ...sizes.flatMap(missedBy),
  ];
  return lines.join('\n');
}

function missedBy(size: SizeResult): string[] {
  const checks: [string, number, number][] = [
    ['longest replay, CPU s', size.longestReplay.cpuSeconds, BOUNDS.replaySeconds],
    ['longest stall, s', size.longestStallSeconds, BOUNDS.stallSeconds],
    ['peak RSS, MiB', size.peakRssMiB, memoryBound(size.runners)],
  ];
  return checks
    .filter(([, value, bound]) => value > bound)
    .map(
      ([what, value, bound]) => `MISSED: ${size.runners} runners: ${what} ${number(value)}, bound ${bound}`,
    );
}
