import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { GROUP, VERSION } from '../../src/api/v1alpha1/group.ts';
import type { ApiClient } from '../cluster/api-client.ts';
import { ApiStatusError, connectToApi } from '../cluster/api-client.ts';
import type { GitHubOptions, GitHubStandIn } from '../github/stand-in.ts';
import { startGitHub } from '../github/stand-in.ts';
import { waitUntil } from '../processes.ts';
import type { Runners } from '../runner/runners.ts';
import { startRunners } from '../runner/runners.ts';
import { SECRET } from './objects.ts';
import type { Place } from './schedule.ts';
import { CALM, PLACES, TRIED } from './schedule.ts';
import type { FuzzedWorker } from './worker.ts';
import { startFuzzedWorker } from './worker.ts';

/** Servers that several rounds share. */
export interface FieldServers {
  /** Path of the administrator's kubeconfig. */
  kubeconfig: string;
  /** host:port of Temporal's frontend; its namespace `default` has our search attributes. */
  temporalAddress: string;
}

/** One of the GitHubs: that of the calm sets, that of the tried ones, and one that says anything. */
type Side = 'calm' | 'tried' | 'wild';

/** A scale set that is served all the time. */
export interface GoodSet {
  name: string;
  place: Place;
  side: Side;
  minRunners: number;
  maxRunners: number;
}

/** The scale sets whose jobs are looked at. */
export const GOOD_SETS: readonly GoodSet[] = [
  ...CALM.map(
    (name, index) => ({ name, place: 'calm', side: 'calm', minRunners: 1 - index, maxRunners: 4 }) as const,
  ),
  ...TRIED.map((name) => ({ name, place: 'tried', side: 'tried', minRunners: 1, maxRunners: 4 }) as const),
];

/** All parts of a round: namespaces, GitHubs, runners and workers of its own on servers that others may share. */
export interface Field {
  /** Name of the cluster; all workflow ids begin with it. */
  cluster: string;
  api: ApiClient;
  temporal: Client;
  github: Record<Side, GitHubStandIn>;
  runners: Runners;
  workers: FuzzedWorker[];
  /** Where logs are. */
  folder: string;
  namespace: (place: Place) => string;
  startWorker(): Promise<FuzzedWorker>;
  /** Workers that ended and were not ended by us. */
  ended: string[];
  close(): Promise<void>;
}

/** GitHub forgets a session it does not hear of, and a job whose runner is silent, sooner than it does in truth. */
const GITHUBS: Record<Side, GitHubOptions> = {
  calm: { sessionIdleMs: 5_000, lostJobMs: 20_000, pollMs: 10_000 },
  tried: { sessionIdleMs: 5_000, lostJobMs: 20_000, pollMs: 10_000, adminTokenMs: 30_000 },
  wild: { pollMs: 10_000 },
};

/** Starts all parts; nothing is served so far. `folder` is for logs. */
export async function openField(servers: FieldServers, folder: string): Promise<Field> {
  const id = `fuzz-${randomBytes(3).toString('hex')}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const [api, connection, runners] = await Promise.all([
    connectToApi(servers.kubeconfig),
    Connection.connect({ address: servers.temporalAddress }),
    startRunners({ kubeconfig: servers.kubeconfig }),
  ]);
  const githubs = await Promise.all(
    (['calm', 'tried', 'wild'] as const).map(
      async (side) => [side, await startGitHub({ ...GITHUBS[side], tokens: [tokenOf(id, side)] })] as const,
    ),
  );
  const namespace = (place: Place): string => `${id}-${place}`;
  const field: Field = {
    ...{ cluster: id, api, runners, folder, namespace },
    temporal: new Client({ connection }),
    github: Object.fromEntries(githubs) as Record<Side, GitHubStandIn>,
    workers: [],
    ended: [],
    startWorker: async () => {
      const name = `worker-${field.workers.length + 1}`;
      const namespaces = PLACES.map(namespace);
      const worker = await startFuzzedWorker({ name, cluster: id, ...servers, namespaces, folder });
      field.workers.push(worker);
      void worker.failed.then((error) => field.ended.push(error.message));
      return worker;
    },
    close: async () => {
      await Promise.all(field.workers.map((worker) => worker.kill()));
      await runners.stop();
      await Promise.all([...githubs.map(([, github]) => github.stop()), connection.close(), api.close()]);
    },
  };
  await Promise.all(PLACES.map((place) => createNamespace(field, place)));
  return field;
}

const tokenOf = (id: string, side: Side): string => `ghp_${id.replace('-', '')}${side}0123456789`;

/** What nobody may ever see. */
export const secretsOf = ({ github }: Field): string[] => Object.values(github).map(({ token }) => token);

const sideOf = (place: Place): Side => (place === 'calm' || place === 'tried' ? place : 'wild');

/** Creates a namespace with its Secrets, unless it is there. Rejects while it is being deleted. */
export async function createNamespace(field: Field, place: Place): Promise<void> {
  const { api, github } = field;
  const name = field.namespace(place);
  await unless(409, api.json({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } }));
  await unless(409, createSecret(field, place, { name: SECRET, token: github.wild.token }));
  if (sideOf(place) !== 'wild')
    await unless(409, createSecret(field, place, { name: 'own', token: github[sideOf(place)].token }));
  const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
  await waitUntil(`The service account of ${name}`, async () => (await api.text({ path: account })) !== '', {
    timeoutMs: 30_000,
  });
}

const createSecret = ({ api, namespace }: Field, place: Place, secret: { name: string; token: string }) =>
  api.json({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace(place)}/secrets`,
    body: { metadata: { name: secret.name }, stringData: { github_token: secret.token } },
  });

/** Resolves also when the API server refuses with this status. */
export async function unless(status: number, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ApiStatusError && error.status === status)) throw error;
  }
}

/** Where a resource of the group is found: all of a namespace, or one. */
export const pathOf = (namespace: string, plural: string, name = ''): string =>
  `/apis/${GROUP}/${VERSION}/namespaces/${namespace}/${plural}${name === '' ? '' : `/${name}`}`;

/** Creates an AutoscalingRunnerSet as people do. */
export async function createGoodSet({ api, namespace, github }: Field, set: GoodSet): Promise<void> {
  const { name, place, side, minRunners, maxRunners } = set;
  const body = {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: 'AutoscalingRunnerSet',
    metadata: { name },
    spec: {
      githubConfigUrl: github[side].configUrl('octo/app'),
      githubConfigSecret: 'own',
      ...{ minRunners, maxRunners },
      template: { spec: { containers: [{ name: 'runner', image: 'runner:1' }] } },
    },
  };
  await api.json({ method: 'POST', path: pathOf(namespace(place), 'autoscalingrunnersets'), body });
}

/** The scale set at its GitHub; undefined while it does not listen. */
export const listening = ({ github }: Field, { name, side }: GoodSet): { id: number } | undefined =>
  github[side].admin.scaleSets().find((set) => set.name === name && set.hasSession);
