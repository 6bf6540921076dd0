import { readFileSync } from 'node:fs';
import { ApiStatusError } from '../cluster/api-client.ts';
import { KINDS, PLURALS } from '../../src/api/v1alpha1/group.ts';
import type { Field, GoodSet } from './field.ts';
import { pathOf, secretsOf } from './field.ts';
import { listRuns } from './histories.ts';
import type { CallStory, Growth, JobStory, LogLine, Sample } from './journal.ts';
import { PLACES } from './schedule.ts';

/** Takes a sample of these sets at once and then again and again, until `stop`. */
export function watchJobs(field: Field, sets: () => readonly GoodSet[], into: Sample[]): { stop(): void } {
  const take = (): void => void into.push({ at: Date.now(), sets: sets().map((set) => stateOf(field, set)) });
  take();
  const timer = setInterval(take, SAMPLE_MS);
  return { stop: () => clearInterval(timer) };
}

const SAMPLE_MS = 500;

function stateOf(field: Field, set: GoodSet): Sample['sets'][number] {
  const { name, maxRunners } = set;
  const jobs = jobsOf(field, set);
  return {
    ...{ name, maxRunners },
    running: jobs.filter(({ state }) => state === 'running').length,
    waiting: jobs.filter(({ state }) => state === 'queued' || state === 'assigned').map(({ jobId }) => jobId),
  };
}

/** The jobs that were queued for this set, which bear its name. */
export const jobsOf = ({ github }: Field, { name, side }: GoodSet) =>
  github[side].admin.jobs().filter(({ displayName }) => displayName === name);

/** How the jobs of these sets ended; `touched` are runners to whose pods something was done. */
export const jobStories = (field: Field, sets: readonly GoodSet[], touched: Set<string>): JobStory[] =>
  sets.flatMap((set) =>
    jobsOf(field, set).map(({ jobId, state, result, runnerName }) => ({
      ...{ id: jobId, set: set.name, state, result, runner: runnerName },
      isTouched: touched.has(runnerName ?? ''),
    })),
  );

/** How many events each running workflow has so far, and in which run. */
export async function historyLengths({ temporal, cluster }: Field): Promise<Map<string, number>> {
  const lengths = new Map<string, number>();
  for (const { workflowId, runId, status } of await listRuns(temporal, `${cluster}/`)) {
    if (status !== 'RUNNING') continue;
    const { historyLength } = await temporal.workflow.getHandle(workflowId, runId).describe();
    lengths.set(`${workflowId} ${runId}`, historyLength);
  }
  return lengths;
}

/** How far histories grew between two looks; a run that is new counts with all that it has. */
export const growthBetween = (
  before: Map<string, number>,
  after: Map<string, number>,
  { seconds, wellSets }: { seconds: number; wellSets: readonly string[] },
): Growth[] =>
  [...after].map(([run, events]) => {
    const [id = ''] = run.split(' ');
    const isWell = wellSets.some((name) => id.includes(`/${name}`)) || id.endsWith('/clusterwatch');
    return { id, events: events - (before.get(run) ?? 0), seconds, isWell };
  });

/** Resources that belong to a set, beside the kinds of the group, and what each namespace has in any case. */
const PARTS: [string, RegExp][] = [
  ['/api/v1/namespaces/{}/pods', /^$/],
  ['/api/v1/namespaces/{}/secrets', /^(github|own)$/],
  ['/api/v1/namespaces/{}/serviceaccounts', /^default$/],
  ['/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles', /^$/],
  ['/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings', /^$/],
  ['/apis/policy/v1/namespaces/{}/poddisruptionbudgets', /^$/],
];

interface List {
  items: { metadata: { name: string } }[];
}

/** Everything of the round that still is there: objects, running workflows, and what the honest GitHubs have. */
export async function whatIsLeft(field: Field): Promise<string[]> {
  const { api, temporal, cluster, github } = field;
  const paths = PLACES.map(field.namespace).flatMap((namespace) => [
    ...KINDS.map((kind): [string, RegExp] => [pathOf(namespace, PLURALS[kind]), /^$/]),
    ...PARTS.map(([path, known]): [string, RegExp] => [path.replace('{}', namespace), known]),
  ]);
  const objects = await Promise.all(
    paths.map(async ([path, known]) => {
      const { items } = await api.json<List>({ path });
      return items
        .filter(({ metadata }) => !known.test(metadata.name))
        .map(({ metadata }) => `${path}/${metadata.name}`);
    }),
  );
  const runs = await listRuns(temporal, `${cluster}/`);
  const workflows = runs
    .filter(({ status, workflowId }) => status === 'RUNNING' && !workflowId.endsWith('/clusterwatch'))
    .map(({ workflowId }) => `workflow ${workflowId}`);
  const atGitHub = (['calm', 'tried'] as const).flatMap((side) => [
    ...github[side].admin.runners().map(({ name }) => `registered runner ${name}`),
    ...github[side].admin.scaleSets().map(({ name }) => `scale set ${name}`),
  ]);
  return [...objects.flat(), ...workflows, ...atGitHub];
}

/** What the workers logged, as far as they can be read, and where a secret stands in it. */
export function readLogs(field: Field): { log: LogLine[]; told: string[] } {
  const secrets = secretsOf(field);
  const texts = field.workers.map(({ logFile }) => readFileSync(logFile, 'utf8'));
  return {
    log: texts.flatMap((text) => text.split('\n').flatMap(lineOf)),
    told: texts.some((text) => secrets.some((secret) => text.includes(secret)))
      ? ['the log of a worker']
      : [],
  };
}

/** Facts that differ each time the same is said; which object it is said of is none of them. */
const VARYING = /[0-9a-f]{8}-[0-9a-f-]{27}|(?<!wild-\d*)\d+/g;

/** A line of JSON that says when (`ts`); none for what is no such line. */
export function lineOf(line: string): LogLine[] {
  if (!line.startsWith('{')) return [];
  const { ts, ...facts } = JSON.parse(line) as { ts: string };
  return [{ at: Date.parse(ts), text: JSON.stringify(facts).replace(VARYING, '#').slice(0, 400) }];
}

/** Where an Event tells a secret. */
export async function toldByEvents(field: Field): Promise<string[]> {
  const texts = await Promise.all(
    PLACES.map((place) =>
      field.api
        .text({ path: `/api/v1/namespaces/${field.namespace(place)}/events` })
        .catch((error: unknown) => {
          if (error instanceof ApiStatusError) return '';
          throw error;
        }),
    ),
  );
  return texts.some((text) => secretsOf(field).some((secret) => text.includes(secret))) ? ['an Event'] : [];
}

/** Every call to the GitHubs. */
export const callStories = ({ github }: Field): CallStory[] =>
  Object.entries(github).flatMap(([side, { admin }]) =>
    admin.calls().map(({ name, path, status, at }) => ({
      at,
      call: `${side} ${name} ${path.split('?')[0] ?? ''}`,
      status,
    })),
  );
