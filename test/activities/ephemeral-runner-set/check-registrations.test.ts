import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { checkRegistrationsActivity } from '../../../src/activities/ephemeral-runner-set/check-registrations.ts';
import type {
  CheckRegistrationsInput,
  CheckRegistrationsResult,
} from '../../../src/activities/ephemeral-runner-set/check-registrations.ts';
import type { GitHubConnections } from '../../../src/github/connections.ts';
import { createGitHubConnections } from '../../../src/github/connections.ts';
import { ephemeralRunnerSets, secrets } from '../../../src/kubernetes/client/resources.ts';
import { ask, clientOf } from '../../dev/github/client.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const namespace = 'team';
const set = 'demo';

let github: GitHubStandIn;
let connections: GitHubConnections;
let cluster: ClusterStandIn;
let suspects: CheckRegistrationsInput['suspects'];

/** Registers three runners, and connects the first `online` of them. */
async function prepare(online: number): Promise<void> {
  suspects = [];
  for (const name of ['r1', 'r2', 'r3']) {
    const { runner, encodedJITConfig: jitConfig } = await clientOf(github.url).generateJitConfig(1, { name });
    suspects.push({ name, runnerId: runner.id });
    if (suspects.length <= online) await ask(github.url, 'POST', ['/runners/connect', { jitConfig }]);
  }
}

beforeEach(async () => {
  github = await startGitHub();
  github.admin.createScaleSet({ id: 1, name: set });
  connections = createGitHubConnections({ timeoutMs: 5_000, registrationWaitsMs: [] });
  cluster = new ClusterStandIn();
  cluster.put(secrets, namespace, {
    metadata: { name: 'github' },
    data: { github_token: Buffer.from(github.token).toString('base64') },
  });
  cluster.put(ephemeralRunnerSets, namespace, {
    metadata: { name: set },
    spec: {
      ephemeralRunnerSpec: {
        githubConfigUrl: github.configUrl('org/repo'),
        githubConfigSecret: 'github',
        runnerScaleSetId: 1,
      },
    },
  });
});
afterEach(async () => {
  await connections.close();
  await github.stop();
});

function check(idle: number, over: Partial<CheckRegistrationsInput> = {}): Promise<CheckRegistrationsResult> {
  const activity = checkRegistrationsActivity({ kubernetes: cluster.client, github: connections });
  return new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(activity, {
    namespace,
    runnerSet: set,
    idle,
    suspects,
    ...over,
  });
}

const lookups = (): number => github.admin.calls().filter(({ name }) => name === 'getrunner').length;

test('while the statistics count as many idle runners as there are, one call answers for all', async () => {
  await prepare(3);
  expect(await check(3)).toEqual({ online: ['r1', 'r2', 'r3'], offline: [], gone: [] });
  expect(lookups()).toBe(0);
});

test('otherwise each suspect is looked up', async () => {
  await prepare(1);
  await clientOf(github.url).removeRunner(suspects[2]!.runnerId);
  expect(await check(3)).toEqual({ online: ['r1'], offline: ['r2'], gone: ['r3'] });
  expect(lookups()).toBe(3);
});

test('those that have ended are looked up in any case', async () => {
  await prepare(2);
  const [first, , last] = suspects;
  await clientOf(github.url).removeRunner(last!.runnerId);
  const unclear = [last!, suspects[1]!];
  expect(await check(1, { suspects: [first!], unclear })).toEqual({
    online: ['r1', 'r2'],
    offline: [],
    gone: ['r3'],
  });
  expect(lookups()).toBe(2);
});

test.each([
  [1, { online: ['r1', 'r2', 'r3'], offline: [] }],
  [0, { online: [], offline: ['r1', 'r2', 'r3'] }],
])('where GitHub does not say of one, the statistics decide (%i online)', async (online, expected) => {
  await prepare(online);
  github.admin.addFault({ match: 'getrunner', kind: 'members', json: { status: null }, times: 3 });
  expect(await check(3)).toEqual({ ...expected, gone: [] });
});

test('a GitHub that refuses is a failure with its reason', async () => {
  await prepare(3);
  github.admin.addFault({ match: 'getscaleset', kind: 'status', status: 403, times: 9 });
  await expect(check(3)).rejects.toMatchObject({ type: 'GitHubRefused' });
});
