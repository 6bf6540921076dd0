import { Command, InvalidArgumentError, Option } from 'commander';
import { onStopSignal } from '../dev/processes.ts';
import { BenchmarkCreateEphemeralRunners } from './create-ephemeral-runners.ts';
import type { Storage } from './create-ephemeral-runners.ts';
import { reportOf } from './report.ts';
import { baselineFor, surroundings, writeResults } from './results.ts';

interface Flags {
  rounds: number;
  runners: number[];
  concurrency: number[];
  storage: 'memory' | 'file' | 'both';
  jitLatency: number;
  name: string;
  profile?: string;
  quick?: true;
}

const wholeNumber = (text: string): number => {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number above 0.');
};

const wholeNumbers = (text: string): number[] => text.split(',').map(wholeNumber);

const name = (text: string): string => {
  if (/^[\w-]+$/.test(text)) return text;
  throw new InvalidArgumentError('Give letters, digits, "-" and "_" only: it becomes part of a file name.');
};

function flagsFrom(args: readonly string[]): Flags {
  const flags = new Command('bench')
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
    .addOption(new Option('--jit-latency <ms>', 'how long GitHub takes').default(150).argParser(wholeNumber))
    .addOption(new Option('--name <name>', 'of the results').default('local').argParser(name))
    .option('--profile <folder>', "write CPU profiles of the workers there (V8's .cpuprofile)")
    .option('--quick', 'one round of 100 runners, 10 at a time, in memory')
    .parse(args, { from: 'user' })
    .opts<Flags>();
  return flags.quick ? { ...flags, rounds: 1, runners: [100], concurrency: [10], storage: 'memory' } : flags;
}

const storagesOf = (storage: Flags['storage']): Storage[] =>
  storage === 'both' ? ['memory', 'file'] : [storage];

/** Enough for the compiler and the connections to be warm. */
const WARM_UP = 100;

async function main(): Promise<void> {
  // Ending the process ends what it started.
  onStopSignal(() => Promise.resolve());
  const flags = flagsFrom(process.argv.slice(2));
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
    log: (line) => process.stderr.write(`bench: ${line}\n`),
  });
  const results = { name: flags.name, ...began, options: { rounds, warmUp: WARM_UP, jitLatencyMs }, cases };
  const report = reportOf(results, baselineFor(began.commit));
  process.stdout.write(`${report}\n\nWritten to ${writeResults(results)}.\n`);
}

await main();
