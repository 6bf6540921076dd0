import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { GitHubStandIn } from '../../dev/github/stand-in.ts';
import { startGitHub } from '../../dev/github/stand-in.ts';
import type { RunningProcess } from '../../dev/processes.ts';
import { freePort, lastLines, launch, waitUntil } from '../../dev/processes.ts';
import type { EphemeralRunnerSet } from '../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import { createKubernetesClient } from '../../src/kubernetes/client/create-client.ts';
import { configMaps, ephemeralRunnerSets, pods, secrets } from '../../src/kubernetes/client/resources.ts';
import { RATE_LIMITS_CONFIG_MAP } from '../../src/kubernetes/permissions.ts';
import { eventually } from './support/scene.ts';
import type { WorkerAccount } from './support/service-account.ts';
import { createWorkerAccount } from './support/service-account.ts';
import { workerCommand } from './support/worker-process.ts';
import { freshNamespace, suiteServers } from './support/servers.ts';

jest.setTimeout(180_000);

/** Two workers, each a process of its own, and two sets with one config URL. */
const SETS = ['first', 'second'];

/** For calls on their way when GitHub asks for a pause, and for the word to go round on a busy machine. */
const ROUND_MS = 1_000;

let github: GitHubStandIn;
let kubernetes: KubernetesClient;
let namespace: string;
let account: WorkerAccount;
let workers: { process: RunningProcess; health: string }[] = [];
const folder = mkdtempSync(join(tmpdir(), 'temporal-arc-limits-'));
const logFile = join(folder, 'worker.log');

async function startWorkerProcess(cluster: string): Promise<{ process: RunningProcess; health: string }> {
  const health = `127.0.0.1:${await freePort()}`;
  const { kubeconfig } = account;
  const command = workerCommand({ cluster, namespace, health, ...suiteServers(), kubeconfig });
  const process = launch({ name: 'worker', ...command, logFile });
  await process.alive(waitUntil('The worker', async () => (await fetch(`http://${health}/readyz`)).ok));
  return { process, health };
}

beforeAll(async () => {
  github = await startGitHub({ latency: { generatejitconfig: 100 } });
  kubernetes = createKubernetesClient({ kubeConfig: suiteServers().kubeconfig });
  ({ name: namespace } = await freshNamespace('limits'));
  await kubernetes.create(secrets, namespace, {
    metadata: { name: 'github' },
    stringData: { github_token: github.token },
  });
  for (const name of SETS) await createSet(name);
  const { kubeconfig } = suiteServers();
  account = await createWorkerAccount(kubernetes, { kubeconfig, namespaces: [namespace] });
  const cluster = `limits-${randomBytes(3).toString('hex')}`;
  workers = await Promise.all([startWorkerProcess(cluster), startWorkerProcess(cluster)]);
});

afterAll(async () => {
  await Promise.all(workers.map(({ process }) => process.kill()));
  await account.remove();
  await Promise.all([github.stop(), kubernetes.close()]);
  rmSync(folder, { recursive: true, force: true });
});

async function createSet(name: string): Promise<void> {
  const { id } = github.admin.createScaleSet({ name });
  await kubernetes.create(ephemeralRunnerSets, namespace, {
    metadata: { name },
    spec: {
      replicas: 0,
      patchID: 0,
      ephemeralRunnerSpec: {
        githubConfigUrl: github.configUrl('octo/app'),
        githubConfigSecret: 'github',
        runnerScaleSetId: id,
        spec: { containers: [{ name: 'runner', image: 'runner:1' }] },
      },
    },
  } as EphemeralRunnerSet);
}

const scaleAll = (replicas: number): Promise<unknown> =>
  Promise.all(
    SETS.map((name) =>
      kubernetes.mergePatch(ephemeralRunnerSets, { namespace, name }, { spec: { replicas } }),
    ),
  );

const podCount = async (): Promise<number> => (await kubernetes.list(pods, { namespace })).items.length;

/** The samples of a metric at each worker. */
const samples = (metric: string): Promise<string[][]> =>
  Promise.all(
    workers.map(async ({ health }) => {
      const text = await (await fetch(`http://${health}/metrics`)).text();
      return text.split('\n').filter((line) => line.startsWith(metric));
    }),
  );

const requestsOf = async (): Promise<number[]> =>
  (await samples('temporal_arc_github_requests_total{call="generate-jit-config"')).map((lines) =>
    lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
  );

it('what is left of the budgets is a metric of each worker, as GitHub says it', async () => {
  await scaleAll(1);
  await eventually(async () => expect(await podCount()).toBe(SETS.length));
  const url = github.configUrl('octo/app');
  const budget = async (what: string, resource: string): Promise<number[]> => {
    const sample = `temporal_arc_github_rate_limit_${what}{config_url="${url}",resource="${resource}"} `;
    const lines = (await samples(sample)).flat();
    return lines.map((line) => Number(line.slice(sample.length)));
  };
  const { calls } = github.admin.stats();
  const left = 5_000 - (calls.registrationtoken?.count ?? 0);
  expect(left).toBeLessThan(5_000);
  // The worker that asked last was told of all that went before.
  expect(Math.min(...(await budget('remaining', 'core')))).toBe(left);
  expect(new Set(await budget('limit', 'core'))).toEqual(new Set([5_000]));
  expect(new Set(await budget('limit', 'actions_runner_registration'))).toEqual(new Set([10_000]));
  for (const reset of await budget('reset_timestamp_seconds', 'core'))
    expect(reset * 1_000).toBeGreaterThan(Date.now());
});

it('a 429 to one worker slows the config URL down for both, and every set says what it waits for', async () => {
  await scaleAll(15);
  await eventually(async () => expect(await podCount()).toBe(30));
  // Both take part, or the rest would prove nothing.
  for (const count of await requestsOf()) expect(count).toBeGreaterThan(0);
  const seconds = 15;
  const fault = { match: 'generatejitconfig', kind: 'status', status: 429, times: 1 } as const;
  github.admin.clearCalls();
  github.admin.addFault({ ...fault, retryAfter: seconds });
  await scaleAll(60);
  const limited = await eventually(() => {
    const call = github.admin.calls().find(({ status }) => status === 429);
    expect(call).toBeDefined();
    return call!;
  });
  const askedAt = limited.at + limited.durationMs;
  await eventually(async () => {
    const sample =
      /temporal_arc_github_pause_seconds\{config_url="[^"]+\/octo\/app",scope="all"\} 1?\d(\.\d+)?$/;
    for (const lines of await samples('temporal_arc_github_pause_seconds'))
      expect(lines).toEqual([expect.stringMatching(sample)]);
  }, 5_000);
  await eventually(async () => {
    for (const name of SETS) {
      const { status } = await kubernetes.get(ephemeralRunnerSets, { namespace, name });
      const blocked = status?.conditions?.find(({ type }) => type === 'CreationBlocked');
      expect(blocked).toMatchObject({ status: 'True', reason: 'GitHubRateLimited' });
    }
  }, 10_000);
  const { data = {} } = await kubernetes.get(configMaps, {
    namespace,
    name: RATE_LIMITS_CONFIG_MAP,
  });
  expect(Object.values(data).some((text) => text.includes(github.configUrl('octo/app')))).toBe(true);
  await eventually(async () => expect(await podCount()).toBe(120));
  const during = github.admin
    .calls()
    .filter(({ at }) => at > askedAt + ROUND_MS && at < askedAt + seconds * 1_000 - 100);
  expect(during).toEqual([]);
  expect(await samples('temporal_arc_github_pause_seconds')).toEqual([[], []]);
  expect(github.admin.stats().violations).toEqual([]);
  expect(lastLines(logFile, 100)).not.toContain('could not be told');
});
