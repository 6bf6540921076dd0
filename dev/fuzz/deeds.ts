import { setTimeout as sleep } from 'node:timers/promises';
import { PLURALS } from '../../src/api/v1alpha1/group.ts';
import { ApiStatusError } from '../cluster/api-client.ts';
import { writeStatus } from '../runner/pods.ts';
import type { Pod } from '../runner/pods.ts';
import type { Field } from './field.ts';
import { createNamespace, GOOD_SETS, pathOf } from './field.ts';
import type { Trouble } from './journal.ts';
import type { WildObject } from './objects.ts';
import { WILD_URL } from './objects.ts';
import type { Mishap } from './pods.ts';
import type { Deed, Place } from './schedule.ts';

/** What the deeds of a round have come to so far. */
export interface Doings {
  field: Field;
  troubles: Trouble[];
  /** Every object that was created, in order. */
  objects: { place: Place; object: WildObject }[];
  /** Runners to whose pods something was done. */
  touched: Set<string>;
  /** What goes on after its step: workers that are to be woken. */
  pending: Promise<unknown>[];
}

/** Does it. Answers what the API server said if it refused: that is its right, and no finding. */
export async function doDeed(doings: Doings, deed: Deed): Promise<string> {
  try {
    const came = await (DOERS[deed.what] as Doer)(doings, deed);
    return typeof came === 'string' ? came : '';
  } catch (error) {
    if (error instanceof ApiStatusError) return `refused: ${error.status}`;
    throw error;
  }
}

/** What it answers, if it is a text, is told. */
type Doer<D extends Deed = Deed> = (doings: Doings, deed: D) => unknown;

/** How long jobs may wait because of it, in milliseconds, beside the time that it lasts. */
const ALLOW_MS = {
  kill: 25_000,
  freeze: 25_000,
  clock: 5_000,
  pod: 12_000,
  cutOff: 45_000,
  answers: 15_000,
  session: 10_000,
};

const DOERS: { [W in Deed['what']]: Doer<Extract<Deed, { what: W }>> } = {
  'an object': createObject,
  'an edit': ({ field, objects }, { nth, patch }) =>
    forObject(field, chosen(objects, nth), { method: 'PATCH', body: patch, contentType: MERGE }),
  'a status': ({ field, objects }, { nth, status }) =>
    forObject(
      field,
      chosen(objects, nth),
      { method: 'PATCH', body: { status }, contentType: MERGE },
      '/status',
    ),
  'a deletion': ({ field, objects }, { nth, propagation }) =>
    forObject(field, chosen(objects, nth), { method: 'DELETE', body: { propagationPolicy: propagation } }),
  jobs: ({ field }, { set, count, durationMs }) => queueJobs(field, set, { count, durationMs }),
  'a pod': strikePod,
  'pods to come': (doings, { rule }) => {
    doings.field.runners.rules.add({ ...rule, namespace: doings.field.namespace('tried') });
    note(doings, { what: 'pods to come', of: 'tried', allowMs: 2 * ALLOW_MS.pod });
  },
  answers: (doings, { of, answers }) => {
    doings.field.github[of].admin.addFault(...answers);
    const allowMs = Math.max(...answers.map(({ forMs = 0 }) => forMs)) + ALLOW_MS.answers;
    if (of === 'tried') note(doings, { what: 'answers', of, allowMs });
  },
  'a session ends': (doings, { set, part }) => {
    const { admin } = doings.field.github.tried;
    const found = admin.scaleSets().find(({ name, hasSession }) => name === set && hasSession);
    if (!found) return 'there is none';
    admin.expire(found.id, part);
    note(doings, { what: 'a session ends', of: 'tried', allowMs: ALLOW_MS.session });
    return part;
  },
  'time at GitHub': (doings, { of, byMs }) => {
    doings.field.github[of].admin.advanceClock(byMs);
    if (of === 'tried') note(doings, { what: 'time at GitHub', of, allowMs: ALLOW_MS.session });
  },
  'a worker’s clock': (doings, { nth, byMs }) => {
    living(doings.field, nth)?.shift(byMs);
    note(doings, { what: 'a worker’s clock', of: 'all', allowMs: ALLOW_MS.clock });
  },
  'a worker freezes': (doings, { nth, forMs }) => {
    const worker = living(doings.field, nth);
    worker?.freeze();
    note(doings, { what: 'a worker freezes', of: 'all', allowMs: forMs + ALLOW_MS.freeze });
    doings.pending.push(sleep(forMs).then(() => worker?.wake()));
  },
  'a worker is killed': async (doings, { nth }) => {
    const { workers } = doings.field;
    const worker = living(doings.field, nth);
    if (!worker) return 'there is none';
    note(doings, { what: 'a worker is killed', of: 'all', allowMs: ALLOW_MS.kill });
    await worker.kill();
    doings.pending.push(doings.field.startWorker());
    return `${workers.length} so far`;
  },
  'a namespace goes': ({ field }, { place }) =>
    field.api
      .text({ method: 'DELETE', path: `/api/v1/namespaces/${field.namespace(place)}` })
      .then(() => undefined),
};

const MERGE = 'application/merge-patch+json';

/** One of the workers that live. */
function living({ workers }: Field, nth: number): Field['workers'][number] | undefined {
  const alive = workers.filter((worker) => !worker.isGone());
  return alive[nth % alive.length];
}

const chosen = <T>(list: T[], nth: number): T | undefined => list[nth % Math.max(list.length, 1)];

const note = ({ troubles }: Doings, trouble: Omit<Trouble, 'from'>): void =>
  void troubles.push({ ...trouble, from: Date.now() });

async function createObject(
  doings: Doings,
  { place, object }: Extract<Deed, { what: 'an object' }>,
): Promise<string> {
  const { field, objects } = doings;
  if (place.startsWith('wild')) await createNamespace(field, place);
  const text = JSON.stringify(object).replaceAll(WILD_URL, field.github.wild.url);
  const path = pathOf(field.namespace(place), PLURALS[object.kind]);
  await field.api.json({ method: 'POST', path, body: JSON.parse(text) as unknown });
  objects.push({ place, object });
  return `${object.kind} ${object.metadata.name.slice(0, 20)} in ${place}`;
}

interface Request {
  method: 'PATCH' | 'DELETE';
  body: object;
  contentType?: string;
}

async function forObject(
  field: Field,
  target: Doings['objects'][number] | undefined,
  ...[request, below = '']: [Request, string?]
): Promise<string> {
  if (!target) return 'there is none';
  const { place, object } = target;
  const path = pathOf(field.namespace(place), PLURALS[object.kind], object.metadata.name) + below;
  const body = JSON.parse(
    JSON.stringify(request.body).replaceAll(WILD_URL, field.github.wild.url),
  ) as unknown;
  await field.api.json({ ...request, path, body });
  return `${object.kind} ${object.metadata.name.slice(0, 20)} in ${place}`;
}

/** Queues jobs at the scale set of this name. */
export function queueJobs(
  { github }: Field,
  name: string,
  jobs: { count: number; durationMs: number },
): string {
  const set = GOOD_SETS.find((each) => each.name === name);
  const { admin } = github[set?.side ?? 'calm'];
  const scaleSet = admin.scaleSets().find((each) => each.name === name);
  if (!scaleSet) return 'there is no such scale set';
  admin.queueJobs({ scaleSetId: scaleSet.id, ...jobs, displayName: name });
  return name;
}

async function strikePod(
  doings: Doings,
  { set, nth, mishap }: Extract<Deed, { what: 'a pod' }>,
): Promise<string> {
  const { field, touched } = doings;
  const namespace = field.namespace('tried');
  const selector = encodeURIComponent('actions-ephemeral-runner=True');
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`;
  const { items } = await field.api.json<{ items: Pod[] }>({ path });
  const pod = chosen(
    items.filter(({ metadata }) => metadata.name.startsWith(`${set}-`)),
    nth,
  );
  if (!pod) return 'there is none';
  touched.add(pod.metadata.name);
  const allowMs = mishap.kind === 'is cut off' ? ALLOW_MS.cutOff : ALLOW_MS.pod;
  note(doings, { what: `a pod ${mishap.kind}`, of: 'tried', allowMs });
  await strike(field, pod, mishap);
  return pod.metadata.name;
}

async function strike({ runners, api }: Field, pod: Pod, mishap: Mishap): Promise<void> {
  const { namespace, name } = pod.metadata;
  switch (mishap.kind) {
    case 'ends':
      return void runners.end(pod.metadata, mishap.exitCode);
    case 'is evicted':
      return void runners.evict(pod.metadata);
    case 'is cut off':
      return void runners.disconnect(pod.metadata);
    case 'waits':
      return void runners.wait(pod.metadata, mishap.reason);
    case 'says':
      return writeStatus(api, pod, mishap.status);
    case 'is deleted': {
      const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
      await api.json({ method: 'DELETE', path, body: { gracePeriodSeconds: mishap.graceSeconds } });
    }
  }
}
