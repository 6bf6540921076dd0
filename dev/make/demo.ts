/** Queues jobs of varied length at the stand-in of `make run`, and shows the way up and down until all are done. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobView } from '../github/protocol.ts';
import { countScaleSets } from '../local/counts.ts';
import type { ScaleSetCounts } from '../local/counts.ts';
import { jobLengths, QUEUE, readJobCount, resultOf, resultText } from '../local/jobs.ts';
import { readRunFile } from '../local/run-file.ts';
import { Screen } from '../local/screen.ts';
import { createObserver } from '../local/observer.ts';
import type { Observer, RunAddresses } from '../local/observer.ts';

const stateDir = join(import.meta.dirname, '..', '..', '.temporal-arc');

const OBSERVE_MS = 500;

async function main(): Promise<void> {
  const lengths = jobLengths(readJobCount(process.argv[2]));
  const addresses = readRunFile(stateDir);
  const observer = await createObserver(addresses);
  try {
    const { scaleSets } = await observer.observe();
    const scaleSetId = scaleSets.find(({ name }) => name === QUEUE)?.id;
    if (scaleSetId === undefined)
      throw new Error(`There is no scale set "${QUEUE}" yet: try again in a moment.`);
    console.log(
      `${lengths.length} jobs of ${shortest(lengths)} to ${longest(lengths)} s are queued for "${QUEUE}".`,
    );
    const ids = await queueJobs(addresses, scaleSetId, lengths);
    const { jobs, peak } = await watch(observer, new Set(ids));
    const result = resultOf(jobs, peak);
    console.log(resultText(result));
    if (result.failed + result.shared > 0) process.exitCode = 1;
  } finally {
    await observer.close();
  }
}

const shortest = (lengths: number[]): number => Math.min(...lengths) / 1000;
const longest = (lengths: number[]): number => Math.max(...lengths) / 1000;

async function queueJobs(
  { gitHubUrl }: RunAddresses,
  scaleSetId: number,
  lengths: number[],
): Promise<string[]> {
  const ids: string[] = [];
  for (const durationMs of lengths) {
    const body = JSON.stringify({ scaleSetId, durationMs });
    const answer = await fetch(`${gitHubUrl}/standin/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    ids.push(...((await answer.json()) as JobView[]).map(({ jobId }) => jobId));
  }
  return ids;
}

/** Until the jobs are done and their runners have gone. */
async function watch(
  observer: Observer,
  ids: ReadonlySet<string>,
): Promise<{ jobs: JobView[]; peak: number }> {
  const screen = new Screen(process.stdout);
  let peak = 0;
  for (;;) {
    const observation = await observer.observe();
    const ours = observation.jobs.filter(({ jobId }) => ids.has(jobId));
    const counts = countScaleSets(observation).filter(({ name }) => name === QUEUE);
    screen.show(counts);
    const runners = Math.max(0, ...counts.map(runnersOf));
    peak = Math.max(peak, runners);
    if (runners === 0 && ours.every(({ state }) => state === 'completed')) return { jobs: ours, peak };
    await sleep(OBSERVE_MS);
  }
}

const runnersOf = ({ running, idle }: ScaleSetCounts): number => running + idle;

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
