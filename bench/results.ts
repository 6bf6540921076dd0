import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import type { CaseResult, CaseShape } from './create/create-ephemeral-runners.ts';
import type { FigureName, Figures } from './create/figures.ts';
import { FIGURE_NAMES } from './create/figures.ts';

const folder = join(import.meta.dirname, 'results');
const LATEST = 'latest';

/** In the names of the results of the benchmark of jobs, which are no baseline for those of creation. */
const JOBS_MARK = '-jobs-';

/** When, where and on what a benchmark ran. */
export interface Surroundings {
  /** When it began, ISO 8601. */
  date: string;
  commit: string;
  /** The working tree had changes that are in no commit. */
  isDirty: boolean;
  machine: Machine;
}

/** A run of the benchmark of creation, as it is kept. */
export interface Results extends Surroundings {
  name: string;
  options: { rounds: number; warmUp: number; jitLatencyMs: number };
  cases: CaseResult[];
}

interface Machine {
  cpus: number;
  cpuModel: string;
  memoryGiB: number;
  platform: string;
  node: string;
  /** Processes that wanted a CPU on average over the minute before the run: others' work shows here. */
  loadBefore: number;
}

/** This machine and the state of the source, as of now. */
export const surroundings = (): Surroundings => ({
  date: new Date().toISOString(),
  commit: git('rev-parse', '--short', 'HEAD') || 'unknown',
  isDirty: git('status', '--porcelain') !== '',
  machine: {
    cpus: availableParallelism(),
    cpuModel: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
  },
});

function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return '';
  }
}

/** Writes the results under their date and name, and lets `latest` point there. Answers the path. */
export function writeResults(results: Results): string {
  const path = keepResults(results.name, results);
  rmSync(join(folder, LATEST), { force: true });
  symlinkSync(basename(path), join(folder, LATEST));
  return path;
}

/** Writes the results of any benchmark under their date and a name. Answers the path. */
export function keepResults(name: string, results: Surroundings): string {
  mkdirSync(folder, { recursive: true });
  const file = `${results.date.slice(0, 16).replace(':', '')}-${name}.json`;
  writeFileSync(join(folder, file), `${JSON.stringify(results, undefined, 2)}\n`);
  return join('bench', 'results', file);
}

/** Earlier results, and the file they are in. */
export interface Baseline extends Results {
  file: string;
}

/** The results to compare with: `latest` if it is of another commit, otherwise the newest that is. */
export function baselineFor(commit: string): Baseline | undefined {
  const older = filesIn(folder)
    .filter((file) => file.endsWith('.json') && !file.includes(JOBS_MARK))
    .sort()
    .reverse();
  for (const file of [LATEST, ...older]) {
    const results = read(file);
    if (results && results.commit !== commit) return { ...results, file: basename(file) };
  }
  return undefined;
}

function filesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function read(file: string): Results | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8')) as Results;
  } catch {
    return undefined;
  }
}

/** The figures of the same case in other results. */
export function figuresIn({ cases }: Pick<Results, 'cases'>, shape: CaseShape): Figures | undefined {
  const same = cases.find(
    ({ storage, runners, concurrency }) =>
      storage === shape.storage && runners === shape.runners && concurrency === shape.concurrency,
  );
  return same && 'figures' in same ? same.figures : undefined;
}

/** Each figure's median as a multiple of what it was. */
export const compare = (now: Figures, then: Figures): Partial<Record<FigureName, number>> =>
  Object.fromEntries(
    FIGURE_NAMES.flatMap((name) => {
      const [current, former] = [now[name]?.median, then[name]?.median];
      return current === undefined || !former ? [] : [[name, current / former] as const];
    }),
  );
