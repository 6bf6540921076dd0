import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KINDS, PLURALS } from '../../src/api/v1alpha1/group.ts';
import { waitUntil } from '../processes.ts';
import type { Doings } from './deeds.ts';
import { doDeed, queueJobs } from './deeds.ts';
import type { Field, FieldServers, GoodSet } from './field.ts';
import { createGoodSet, GOOD_SETS, listening, openField, pathOf, secretsOf, unless } from './field.ts';
import { readHistories } from './histories.ts';
import type { Journal } from './journal.ts';
import { emptyJournal } from './journal.ts';
import { FOREIGN_FINALIZER } from './objects.ts';
import * as observe from './observe.ts';
import type { Finding } from './properties.ts';
import { findingsOf, growsTooFast } from './properties.ts';
import type { Step } from './schedule.ts';
import { CALM, PLACES } from './schedule.ts';

/** How a round is run. */
export interface RoundOptions {
  servers: FieldServers;
  steps: readonly Step[];
  /** For logs, and the journal. */
  folder: string;
  /** Is told each step as it is done. */
  log: (line: string) => void;
}

/** A job for each calm set comes as often, and runs for so long. */
const CALM_JOBS = { everyMs: 4_000, durationMs: 1_000 } as const;

/** Everything that is still to be done must be done within this time, after the last deed. */
const HEALED_MS = 120_000;

/** How long whatever the deeds set off may go on, and how long then nothing may. */
const REST = { settleMs: 15_000, quietMs: 20_000 } as const;

/** How long a deletion of everything may take: more than the deadline after which it goes on without GitHub. */
const REMOVED_MS = 90_000;

/**
 * Does these steps to sets that are served, heals what can be healed, and looks for what is broken then: about a minute
 * and a half beside the steps. Answers the properties that did not hold.
 */
export async function runRound({ servers, steps, folder, log }: RoundOptions): Promise<Finding[]> {
  const field = await openField(servers, folder);
  const journal = emptyJournal();
  try {
    await Promise.all([field.startWorker(), field.startWorker()]);
    for (const set of GOOD_SETS) await createGoodSet(field, set);
    const areServed = (): Promise<boolean> =>
      Promise.resolve(GOOD_SETS.every((set) => listening(field, set)));
    await waitUntil('The sets', areServed, { timeoutMs: HEALED_MS });
    const doings: Doings = {
      field,
      troubles: journal.troubles,
      objects: [],
      touched: new Set(),
      pending: [],
    };
    const watch = observe.watchJobs(field, () => GOOD_SETS, journal.samples);
    const calmJobs = keepCalmSetsBusy(field);
    await disturb(doings, steps, log);
    await heal(doings, journal, log);
    clearInterval(calmJobs);
    await untilDone(field);
    watch.stop();
    journal.jobs = observe.jobStories(field, GOOD_SETS, doings.touched);
    await beQuiet(field, journal, log);
    await remove(field, journal, log);
    await judgeRecords(field, journal);
  } finally {
    journal.ended = field.ended;
    await field.close();
    writeFileSync(join(folder, 'journal.json'), JSON.stringify(journal));
  }
  return findingsOf(journal);
}

const keepCalmSetsBusy = (field: Field): NodeJS.Timeout =>
  setInterval(() => {
    for (const set of CALM) queueJobs(field, set, { count: 1, durationMs: CALM_JOBS.durationMs });
  }, CALM_JOBS.everyMs);

async function disturb(doings: Doings, steps: readonly Step[], log: RoundOptions['log']): Promise<void> {
  for (const [index, { afterMs, ...deed }] of steps.entries()) {
    await sleep(afterMs);
    const came = await doDeed(doings, deed);
    log(`${index + 1}/${steps.length} ${deed.what}: ${came || brief(deed)}`);
  }
}

const brief = ({ what: _, ...rest }: object & { what: string }): string => JSON.stringify(rest).slice(0, 160);

/** Ends all mishaps, and sees how long a set takes that comes now: the wild objects are still there. */
async function heal(
  { field, pending }: Doings,
  { served }: Journal,
  log: RoundOptions['log'],
): Promise<void> {
  await Promise.all(pending);
  for (const { admin } of Object.values(field.github)) admin.clearFaults();
  field.runners.rules.clear();
  for (const worker of field.workers) worker.shift(0);
  const late: GoodSet = { name: 'late', place: 'calm', side: 'calm', minRunners: 0, maxRunners: 2 };
  const since = Date.now();
  await createGoodSet(field, late);
  const isServed = (): Promise<boolean> => Promise.resolve(listening(field, late) !== undefined);
  await waitUntil('The set that came late', isServed, { timeoutMs: HEALED_MS }).catch(ignore);
  served.push({ what: 'a scale set that came late listened', ms: Date.now() - since });
  log(`healed; a set that came late listened after ${Date.now() - since} ms`);
}

const ignore = (): void => undefined;

/** What is not done in time is told by the property that it breaks. */
async function untilDone(field: Field): Promise<void> {
  const isDone = (): Promise<boolean> =>
    Promise.resolve(
      GOOD_SETS.every((set) => observe.jobsOf(field, set).every(({ state }) => state === 'completed')),
    );
  await waitUntil('The jobs', isDone, { timeoutMs: HEALED_MS }).catch(ignore);
}

/** What was done may have its effect a minute later, when an order is believed again: what grows on is looked at again. */
const LOOKS = 4;

async function beQuiet(field: Field, journal: Journal, log: RoundOptions['log']): Promise<void> {
  await sleep(REST.settleMs);
  for (let look = 0; look < LOOKS; look += 1) {
    await watchQuiet(field, journal, log);
    if (!journal.grown.some(growsTooFast)) break;
  }
}

async function watchQuiet(field: Field, journal: Journal, log: RoundOptions['log']): Promise<void> {
  const [before, since] = [await observe.historyLengths(field), Date.now()];
  await sleep(REST.quietMs);
  const after = await observe.historyLengths(field);
  const wellSets = [...GOOD_SETS.map(({ name }) => name), 'late'];
  journal.grown = observe.growthBetween(before, after, { seconds: (Date.now() - since) / 1_000, wellSets });
  const all = journal.grown.reduce((sum, { events }) => sum + events, 0);
  log(`${all} events in ${journal.grown.length} workflows while nothing happened`);
}

/** Deletes everything again and again: what is orphaned comes to light late. */
async function remove(field: Field, journal: Journal, log: RoundOptions['log']): Promise<void> {
  const since = Date.now();
  const isGone = async (): Promise<boolean> => {
    for (const namespace of PLACES.map(field.namespace))
      for (const kind of KINDS) await deleteAll(field, pathOf(namespace, PLURALS[kind]));
    journal.left = await observe.whatIsLeft(field);
    return journal.left.length === 0;
  };
  await waitUntil('The end', isGone, { timeoutMs: REMOVED_MS, everyMs: 1_000 }).catch(ignore);
  log(`${journal.left.length} things left ${Date.now() - since} ms after the deletion`);
  for (const namespace of PLACES.map(field.namespace))
    await unless(404, field.api.json({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` }));
}

interface Objects {
  items: { metadata: { name: string; deletionTimestamp?: string; finalizers?: string[] } }[];
}

async function deleteAll({ api }: Field, path: string): Promise<void> {
  const { items } = await api.json<Objects>({ path });
  for (const { metadata } of items) {
    const { name, deletionTimestamp, finalizers = [] } = metadata;
    const one = `${path}/${name}`;
    if (deletionTimestamp === undefined) await unless(404, api.json({ method: 'DELETE', path: one }));
    if (!finalizers.includes(FOREIGN_FINALIZER)) continue;
    const body = { metadata: { finalizers: finalizers.filter((each) => each !== FOREIGN_FINALIZER) } };
    await api
      .json({ method: 'PATCH', path: one, body, contentType: 'application/merge-patch+json' })
      .catch(ignore);
  }
}

async function judgeRecords(field: Field, journal: Journal): Promise<void> {
  const told = await observe.toldByEvents(field);
  await Promise.all(field.workers.map((worker) => worker.stop()));
  const histories = await readHistories(field.temporal, `${field.cluster}/`, secretsOf(field));
  const logs = observe.readLogs(field);
  const { calm, tried } = field.github;
  Object.assign(journal, {
    workflows: histories.workflows,
    log: logs.log,
    calls: observe.callStories(field),
    violations: [calm, tried].flatMap(({ admin }) => admin.stats().violations),
    told: [...told, ...histories.told, ...logs.told],
  } satisfies Partial<Journal>);
}
