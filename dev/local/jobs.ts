import type { JobView } from '../github/protocol.ts';

/** The scale set of `make run` that has a listener. */
export const QUEUE = 'queue';

/** Milliseconds: short ones, and now and then a long one. */
const LENGTHS_MS = [500, 1_000, 1_500, 2_000, 3_000, 4_000, 8_000];

/** How long each of `count` jobs runs, in milliseconds: varied, and the same each time. */
export const jobLengths = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => LENGTHS_MS[(i * 5) % LENGTHS_MS.length] ?? 1_000);

/** @throws Error unless it is a whole number from 1 to 10,000 */
export function readJobCount(text: string | undefined): number {
  const count = Number(text ?? 200);
  if (Number.isInteger(count) && count >= 1 && count <= 10_000) return count;
  throw new Error(`JOBS=${text ?? ''}: give a whole number from 1 to 10000, as in "make demo JOBS=200".`);
}

/** What became of the jobs, once all are done. */
export interface DemoResult {
  jobs: number;
  seconds: number;
  /** Jobs that did not succeed. */
  failed: number;
  /** Jobs that shared a runner with another. */
  shared: number;
  /** The most runners at one time. */
  peak: number;
}

/** @param peak the most runners that were seen at one time */
export function resultOf(jobs: readonly JobView[], peak: number): DemoResult {
  const began = Math.min(...jobs.map(({ queueTime }) => queueTime));
  const ended = Math.max(...jobs.map(({ finishTime = began }) => finishTime));
  const runners = new Set(jobs.map(({ runnerName }) => runnerName));
  return {
    jobs: jobs.length,
    seconds: (ended - began) / 1000,
    failed: jobs.filter(({ result }) => result !== 'succeeded').length,
    shared: jobs.length - runners.size,
    peak,
  };
}

/** The result in one sentence. */
export function resultText({ jobs, seconds, failed, shared, peak }: DemoResult): string {
  const amiss = [
    ...(failed > 0 ? [`${failed} did not succeed`] : []),
    ...(shared > 0 ? [`${shared} had no runner of their own`] : []),
  ];
  const pace = seconds > 0 ? ` (${(jobs / seconds).toFixed(1)} a second)` : '';
  const told = amiss.length > 0 ? `: ${amiss.join(', ')}` : ', each on a runner of its own';
  return `${jobs} jobs in ${seconds.toFixed(1)} s${pace}, at most ${peak} runners at a time${told}.`;
}
