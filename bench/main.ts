import { Command, InvalidArgumentError, Option } from 'commander';
import { onStopSignal } from '../dev/processes.ts';
import { build } from './build.ts';
import { BenchmarkCreateEphemeralRunners } from './create/create-ephemeral-runners.ts';
import type { Storage } from './create/create-ephemeral-runners.ts';
import { BenchmarkJobs } from './jobs/jobs.ts';
import { jobsReportOf } from './jobs/report.ts';
import type { JobsShape, Player } from './jobs/shape.ts';
import { PLAYERS } from './jobs/shape.ts';
import { reportOf } from './create/report.ts';
import { sizeReportOf } from './size/report.ts';
import { BenchmarkSize } from './size/size.ts';
import { baselineFor, keepResults, surroundings, writeResults } from './results.ts';

interface CreateFlags {
  rounds: number;
  runners: number[];
  concurrency: number[];
  storage: 'memory' | 'file' | 'both';
  jitLatency: number;
  name: string;
  profile?: string;
  quick?: true;
}

interface JobsFlags {
  jobs: JobsShape[];
  players: Player[];
  rounds: number;
  seconds: number;
  warmUp: number;
  concurrency: number;
  storage: Storage;
  jitLatency: number;
  latency: number;
  idleSets: number;
  idleSeconds: number;
  name: string;
  profile?: string;
}

interface SizeFlags {
  sizes: number[];
  concurrency: number;
  storage: Storage;
  jitLatency: number;
  name: string;
  disturbed: boolean;
}

const wholeNumber = (text: string): number => {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number above 0.');
};

const wholeNumbers = (text: string): number[] => text.split(',').map(wholeNumber);

const numberOrNone = (text: string): number => (text === '0' ? 0 : wholeNumber(text));

const shapes = (text: string): JobsShape[] =>
  text === 'none' ? [] : text.split(',').map((part) => shape(part));

function shape(text: string): JobsShape {
  const [jobs, maxRunners, ...others] = text.split(':').map(wholeNumber);
  if (jobs !== undefined && maxRunners !== undefined && others.length === 0) return { jobs, maxRunners };
  throw new InvalidArgumentError('Give jobs and the most runners, such as 200:50, or none.');
}

function players(text: string): Player[] {
  const wanted = text.split(',');
  const unknown = wanted.filter((each) => !(PLAYERS as readonly string[]).includes(each));
  if (unknown.length > 0) throw new InvalidArgumentError(`Give some of ${PLAYERS.join(', ')}.`);
  return PLAYERS.filter((player) => wanted.includes(player));
}

const name = (text: string): string => {
  if (/^[\w-]+$/.test(text)) return text;
  throw new InvalidArgumentError('Give letters, digits, "-" and "_" only: it becomes part of a file name.');
};

const nameOption = (): Option =>
  new Option('--name <name>', 'of the results').default('local').argParser(name);

const jitOption = (): Option =>
  new Option('--jit-latency <ms>', 'how long GitHub takes for a JIT config')
    .default(150)
    .argParser(wholeNumber);

const createCommand = (): Command =>
  new Command('create')
    .description(
      'Times the creation of runners against the same calls to Kubernetes and GitHub without orchestration, on servers ' +
        'that it starts itself, and counts what a runner costs. Writes bench/results/<date>-<name>.json.',
    )
    .addOption(new Option('--rounds <n>', 'rounds of each case').default(3).argParser(wholeNumber))
    .addOption(
      new Option('--runners <n,...>', 'runners wanted at once').default([100, 1000]).argParser(wholeNumbers),
    )
    .addOption(
      new Option('--concurrency <n,...>', 'created at the same time')
        .default([10, 50])
        .argParser(wholeNumbers),
    )
    .addOption(
      new Option('--storage <where>', "of Temporal's server")
        .choices(['memory', 'file', 'both'])
        .default('both'),
    )
    .addOption(jitOption())
    .addOption(nameOption())
    .option('--profile <folder>', "write CPU profiles of the workers there (V8's .cpuprofile)")
    .option('--quick', 'one round of 100 runners, 10 at a time, in memory')
    .action(benchmarkCreation);

const jobsCommand = (): Command =>
  new Command('jobs')
    .description(
      'Times jobs from their queueing at GitHub to the last trace of their runners: our worker, our worker killed ' +
        'half-way, and a loop that does nothing durable. Also measures scale sets without jobs. Writes ' +
        'bench/results/<date>-jobs-<name>.json.',
    )
    .addOption(
      new Option('--jobs <n:max,...>', 'jobs, and maxRunners; or none')
        .default([
          { jobs: 1, maxRunners: 50 },
          { jobs: 200, maxRunners: 50 },
          { jobs: 1000, maxRunners: 200 },
        ])
        .argParser(shapes),
    )
    .addOption(
      new Option('--players <who,...>', 'of ceiling, ours, killed').default([...PLAYERS]).argParser(players),
    )
    .addOption(new Option('--rounds <n>', 'rounds of each case').default(3).argParser(wholeNumber))
    .addOption(new Option('--seconds <n>', 'that each job takes').default(1).argParser(wholeNumber))
    .addOption(new Option('--warm-up <n>', 'jobs before').default(50).argParser(numberOrNone))
    .addOption(
      new Option('--concurrency <n>', 'runners created at the same time').default(50).argParser(wholeNumber),
    )
    .addOption(
      new Option('--storage <where>', "of Temporal's server").choices(['memory', 'file']).default('file'),
    )
    .addOption(jitOption())
    .addOption(
      new Option('--latency <ms>', 'how long GitHub takes for other calls')
        .default(50)
        .argParser(numberOrNone),
    )
    .addOption(new Option('--idle-sets <n>', 'scale sets without jobs').default(200).argParser(numberOrNone))
    .addOption(new Option('--idle-seconds <n>', 'that they are watched').default(60).argParser(wholeNumber))
    .addOption(nameOption())
    .option('--profile <folder>', "write CPU profiles of the workers there (V8's .cpuprofile)")
    .action(benchmarkJobs);

const sizeCommand = (): Command =>
  new Command('size')
    .description(
      'Scales one set to so many runners and back to none, and replays each run of its workflow. Writes ' +
        'bench/results/<date>-size-<name>.json.',
    )
    .addOption(new Option('--sizes <n,...>', 'runners').default([1000, 5000, 10_000]).argParser(wholeNumbers))
    .addOption(
      new Option('--concurrency <n>', 'runners created at the same time').default(50).argParser(wholeNumber),
    )
    .addOption(
      new Option('--storage <where>', "of Temporal's server").choices(['memory', 'file']).default('file'),
    )
    .addOption(jitOption())
    .addOption(nameOption())
    .option(
      '--disturbed',
      'two workers; one is killed, one frozen and woken, Temporal killed, one killed',
      false,
    )
    .action(benchmarkSize);

const storagesOf = (storage: CreateFlags['storage']): Storage[] =>
  storage === 'both' ? ['memory', 'file'] : [storage];

/** Enough for the compiler and the connections to be warm. */
const WARM_UP = 100;

const log = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

async function benchmarkCreation(given: CreateFlags): Promise<void> {
  const flags: CreateFlags = given.quick
    ? { ...given, rounds: 1, runners: [100], concurrency: [10], storage: 'memory' }
    : given;
  const { rounds, jitLatency: jitLatencyMs } = flags;
  const began = surroundings();
  const cases = await BenchmarkCreateEphemeralRunners({
    storages: storagesOf(flags.storage),
    concurrencies: flags.concurrency,
    runners: flags.runners,
    rounds,
    warmUp: WARM_UP,
    jitLatencyMs,
    profileFolder: flags.profile,
    log,
  });
  const results = { name: flags.name, ...began, options: { rounds, warmUp: WARM_UP, jitLatencyMs }, cases };
  const report = reportOf(results, baselineFor(began.commit));
  process.stdout.write(`${report}\n\nWritten to ${writeResults(results)}.\n`);
}

async function benchmarkJobs(flags: JobsFlags): Promise<void> {
  const { rounds, warmUp, concurrency, storage } = flags;
  const began = surroundings();
  const options = {
    ...{ rounds, warmUp, concurrency, storage },
    durationMs: flags.seconds * 1000,
    jitLatencyMs: flags.jitLatency,
    latencyMs: flags.latency,
  };
  const measured = await BenchmarkJobs({
    ...options,
    shapes: flags.jobs,
    players: flags.players,
    idleSets: flags.idleSets,
    idleMs: flags.idleSeconds * 1000,
    profileFolder: flags.profile,
    log,
  });
  const results = { name: flags.name, ...began, options, ...measured };
  const path = keepResults(`jobs-${flags.name}`, results);
  process.stdout.write(`${jobsReportOf(results)}\n\nWritten to ${path}.\n`);
}

async function benchmarkSize(flags: SizeFlags): Promise<void> {
  const { sizes, concurrency, storage, disturbed, jitLatency: jitLatencyMs } = flags;
  const began = surroundings();
  const options = { concurrency, storage, disturbed, jitLatencyMs };
  const results = {
    name: flags.name,
    ...began,
    options,
    sizes: await BenchmarkSize({ ...options, sizes, log }),
  };
  const path = keepResults(`size-${flags.name}`, results);
  process.stdout.write(`${sizeReportOf(results)}\n\nWritten to ${path}.\n`);
}

// Ending the process ends what it started.
onStopSignal(() => Promise.resolve());
await new Command('bench')
  .description('Benchmarks. Without a command: create.')
  .addCommand(createCommand(), { isDefault: true })
  .addCommand(jobsCommand())
  .addCommand(sizeCommand())
  .hook('preAction', () => build(log))
  .parseAsync();
