import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import {
  accessOf,
  settingsOf,
  setupFromCluster,
} from '../../../src/activities/autoscaling-listener/setup.ts';
import { SESSION_ID_ANNOTATION } from '../../../src/api/annotations.ts';
import type { AutoscalingListenerSpec } from '../../../src/api/v1alpha1/autoscaling-listener.ts';
import type { GitHubConnections } from '../../../src/github/connections.ts';
import { createGitHubConnections } from '../../../src/github/connections.ts';
import { autoscalingListeners, secrets } from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const key = { namespace: 'arc-system', name: 'demo-listener' };
const beside = 'arc-runners';

const spec: AutoscalingListenerSpec = {
  githubConfigUrl: 'https://github.com/octo/app',
  githubConfigSecret: 'github',
  runnerScaleSetId: 7,
  autoscalingRunnerSetNamespace: beside,
  ephemeralRunnerSetName: 'demo',
};

describe('what a spec says', () => {
  test('is which set is scaled for which scale set, with no limits unless given', () => {
    expect(settingsOf(spec)).toEqual({
      scaleSetId: 7,
      runnerSet: 'demo',
      limits: { minRunners: 0, maxRunners: 2_147_483_647 },
    });
    expect(settingsOf({ ...spec, minRunners: 2, maxRunners: 2 }).limits).toEqual({
      minRunners: 2,
      maxRunners: 2,
    });
  });

  test.each<[string, Partial<AutoscalingListenerSpec>, string]>([
    ['no scale set', { runnerScaleSetId: 0 }, 'spec.runnerScaleSetId'],
    ['no set', { ephemeralRunnerSetName: '' }, 'spec.ephemeralRunnerSetName'],
    ['min above max', { minRunners: 3, maxRunners: 2 }, 'spec.minRunners: 3 is greater than maxRunners, 2'],
  ])('with %s is of no use, and the field is named', (_what, over, message) => {
    const work = () => settingsOf({ ...spec, ...over });
    expect(work).toThrow(message);
    expect(work).toThrow(expect.objectContaining({ reason: 'InvalidListener' }) as Error);
  });

  test('of the way to GitHub is only what is given', () => {
    const { githubConfigUrl, githubConfigSecret } = spec;
    expect(accessOf(spec)).toEqual({ githubConfigUrl, githubConfigSecret });
    const proxy = { https: { url: 'http://proxy:3128' } };
    expect(accessOf({ ...spec, proxy })).toEqual({ githubConfigUrl, githubConfigSecret, proxy });
  });
});

describe('the setup of a listener without a pod', () => {
  let github: GitHubStandIn;
  let connections: GitHubConnections;
  let cluster: ClusterStandIn;

  beforeEach(async () => {
    github = await startGitHub();
    connections = createGitHubConnections({ timeoutMs: 5_000, registrationWaitsMs: [] });
    cluster = new ClusterStandIn();
    cluster.put(secrets, beside, {
      metadata: { name: 'github' },
      data: { github_token: Buffer.from(github.token).toString('base64') },
    });
  });
  afterEach(async () => {
    await connections.close();
    await github.stop();
  });

  const put = (over: Partial<AutoscalingListenerSpec> = {}, annotations: object = {}): void =>
    void cluster.put(autoscalingListeners, key.namespace, {
      metadata: { name: key.name, annotations },
      spec: { ...spec, githubConfigUrl: github.configUrl('octo/app'), ...over },
    });

  const read = () => setupFromCluster({ kubernetes: cluster.client, github: connections })(key);

  test("has the credentials of its scale set's namespace, and reaches GitHub with them", async () => {
    put();
    const setup = await read();
    expect(setup).toMatchObject({ owner: key.name, namespace: beside, runnerSet: 'demo', scaleSetId: 7 });
    github.admin.createScaleSet({ id: 7, name: 'demo' });
    expect(await setup.github.getScaleSet(7)).toMatchObject({ name: 'demo' });
  });

  test('names the session and the metrics, where there are any', async () => {
    put();
    expect(await read()).not.toHaveProperty('sessionId');
    expect(await read()).not.toHaveProperty('metrics');
    const metrics = { counters: {} };
    await cluster.client.mergePatch(autoscalingListeners, key, {
      metadata: { annotations: { [SESSION_ID_ANNOTATION]: 'session-1' } },
      spec: { metrics },
    });
    expect(await read()).toMatchObject({ sessionId: 'session-1', metrics });
  });

  test('is read beside the listener when no other namespace is named', async () => {
    put({ autoscalingRunnerSetNamespace: undefined as never });
    await expect(read()).rejects.toMatchObject({
      reason: 'SecretNotFound',
      message: expect.stringContaining('namespace "arc-system"'),
    });
  });

  test('is none when the listener is gone; a server that is away is something else', async () => {
    await expect(read()).rejects.toMatchObject({ reason: 'ListenerNotFound' });
    cluster.failNext({ verb: 'get', resource: autoscalingListeners, status: 503, reason: 'Unavailable' });
    await expect(read()).rejects.toMatchObject({ name: 'KubernetesError', status: 503 });
  });
});
