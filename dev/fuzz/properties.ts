import type { Growth, Journal, RunStory, Sample, Trouble } from './journal.ts';

/** Judges a round: a sentence for each thing that should not have been, none when all is well. */
type Property = (journal: Journal) => string[];

/** How long a job may wait for its runner while there is room for one and nobody did anything, in milliseconds. */
const LONGEST_WAIT_MS = 30_000;

/** Between two samples no more than this is counted: where they lie further apart, this process did not run. */
const LONGEST_STEP_MS = 2_000;

/** Until a set that comes after all wild objects is served. */
const SERVED_MS = 30_000;

const WINDOW_MS = 10_000;

/** In ten seconds, of one workflow. */
const PACE = { timers: 40, activities: 60, tasks: 200 } as const;

/** How often a worker may say the same in a minute. */
const SAME_LINES = 20;

/** How often the same call may fail in ten seconds. */
const FAILED_CALLS = 30;

/** In a minute in which nothing happens: two looks at idle runners, or a try every five seconds that is told. */
const GROWTH = { well: 60, notWell: 210 } as const;

/** Whether a history grew by more than it may while nothing happens. */
export const growsTooFast = ({ events, seconds: time, isWell }: Growth): boolean =>
  (events / time) * 60 > (isWell ? GROWTH.well : GROWTH.notWell);

/** What must hold whatever is done; by name, in the order in which they are told. */
export const PROPERTIES: Readonly<Record<string, Property>> = {
  'no set waits for another': ({ samples, troubles, served }) => [
    ...longWaits(samples, troubles, 'calm'),
    ...served.filter(({ ms }) => ms > SERVED_MS).map(({ what, ms }) => `${what} after ${seconds(ms)}`),
  ],
  'no job waits while there is room': ({ samples, troubles }) => longWaits(samples, troubles, 'tried'),
  'no job is lost': ({ jobs }) =>
    jobs
      .filter(
        ({ state, result, isTouched }) => state !== 'completed' || (!isTouched && result !== 'succeeded'),
      )
      .map(
        ({ id, set, state, result = '-', runner = '-' }) =>
          `${id} of ${set}: ${state} ${result} on ${runner}`,
      ),
  'no job is run twice': ({ jobs, violations }) => [
    ...twice(jobs.flatMap(({ runner }) => runner ?? [])).map((runner) => `${runner} had two jobs`),
    ...violations,
  ],
  'nothing is left': ({ left }) => left,
  'no workflow task fails twice': ({ workflows, troubles }) =>
    workflows.flatMap(({ id, runs }) =>
      runs.flatMap((run) => failedTasks(run, troubles).map((why) => `${id}: ${why}`)),
    ),
  'no loop is faster than its pace': (journal) => [...fastWorkflows(journal), ...fastCalls(journal)],
  'nothing is said again and again': ({ log }) => {
    const byText = Map.groupBy(log, ({ text }) => text);
    return [...byText].flatMap(([text, lines]) => {
      const most = mostWithin(
        lines.map(({ at }) => at),
        60_000,
      );
      return most > SAME_LINES ? [`${most} times in a minute: ${text}`] : [];
    });
  },
  'no history grows while nothing happens': ({ grown }) =>
    grown
      .filter(growsTooFast)
      .map(({ id, events, seconds: time }) => `${id}: ${events} events in ${time.toFixed(0)} s`),
  'no worker ends by itself': ({ ended }) => ended,
  'no credential is told': ({ told }) => told,
};

/** A property that does not hold, and what shows it. */
export interface Finding {
  property: string;
  shown: string[];
}

/** All properties that this round breaks. */
export const findingsOf = (journal: Journal): Finding[] =>
  Object.entries(PROPERTIES)
    .map(([property, judge]) => ({ property, shown: judge(journal) }))
    .filter(({ shown }) => shown.length > 0);

interface Wait {
  set: string;
  /** When it was first seen to wait. */
  from: number;
  ms: number;
}

/** How long each job waited while its set had room for a runner, and nothing was done that lets jobs wait. */
function waitsOf(samples: Sample[], troubles: Trouble[]): Map<string, Wait> {
  const waits = new Map<string, Wait>();
  for (const [index, { at, sets }] of samples.entries()) {
    const step = Math.min(at - (samples[index - 1]?.at ?? at), LONGEST_STEP_MS);
    for (const { name, maxRunners, running, waiting } of sets) {
      if (running >= maxRunners || isTroubled(name, at, troubles)) continue;
      for (const job of waiting) {
        const wait = waits.get(job);
        // The first sample of a job tells nothing of the time before it.
        waits.set(job, wait ? { ...wait, ms: wait.ms + step } : { set: name, from: at, ms: 0 });
      }
    }
  }
  return waits;
}

const longWaits = (samples: Sample[], troubles: Trouble[], sets: string): string[] =>
  [...waitsOf(samples, troubles)]
    .filter(([, { set, ms }]) => set.startsWith(sets) && ms > LONGEST_WAIT_MS)
    .map(
      ([job, { set, from, ms }]) =>
        `${job} of ${set}: ${seconds(ms)} from ${new Date(from).toISOString()} on`,
    );

const isTroubled = (set: string, at: number, troubles: Trouble[]): boolean =>
  troubles.some(
    ({ of, from, allowMs }) => (of === 'all' || set.startsWith(of)) && from <= at && at <= from + allowMs,
  );

/** A worker that is frozen or killed holds tasks until they time out: three attempts are one too many without that. */
function failedTasks({ tasks, failures }: RunStory, troubles: Trouble[]): string[] {
  const isHit = (at: number): boolean =>
    troubles.some(({ of, from, allowMs }) => of === 'all' && from <= at && at <= from + allowMs);
  const again = tasks
    .filter(({ at, attempt }) => attempt > 2 && !isHit(at))
    .map(({ attempt }) => `attempt ${attempt}`);
  const byCause = [...Map.groupBy(failures, ({ cause }) => cause)];
  return [
    ...again,
    ...byCause.filter(([, all]) => all.length > 1).map(([cause, all]) => `${all.length} × ${cause}`),
  ];
}

const fastWorkflows = ({ workflows }: Journal): string[] =>
  workflows.flatMap(({ id, runs }) => {
    const timers = runs.flatMap((run) => run.timers.map(({ at }) => at));
    const tasks = runs.flatMap((run) => run.tasks.map(({ at }) => at));
    const activities = Map.groupBy(
      runs.flatMap((run) => run.activities),
      ({ type }) => type,
    );
    const counted: [string, number[], number][] = [
      ['timers', timers, PACE.timers],
      ['workflow tasks', tasks, PACE.tasks],
      ...[...activities].map(([type, all]): [string, number[], number] => [
        type,
        all.map(({ at }) => at),
        PACE.activities,
      ]),
    ];
    return counted
      .map(([what, times, limit]) => ({ what, limit, most: mostWithin(times, WINDOW_MS) }))
      .filter(({ most, limit }) => most > limit)
      .map(({ what, most }) => `${id}: ${most} ${what} in ${seconds(WINDOW_MS)}`);
  });

function fastCalls({ calls }: Journal): string[] {
  const failed = Map.groupBy(
    calls.filter(({ status }) => status >= 400),
    ({ call }) => call,
  );
  return [...failed].flatMap(([call, all]) => {
    const most = mostWithin(
      all.map(({ at }) => at),
      WINDOW_MS,
    );
    return most > FAILED_CALLS ? [`${call} failed ${most} times in ${seconds(WINDOW_MS)}`] : [];
  });
}

/** The largest number of these times that lie within so many milliseconds. */
export function mostWithin(times: number[], windowMs: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  let [first, most] = [0, 0];
  for (const [index, at] of sorted.entries()) {
    while (at - (sorted[first] ?? at) > windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

const twice = (values: string[]): string[] => [
  ...new Set(values.filter((value, at) => values.indexOf(value) !== at)),
];

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
