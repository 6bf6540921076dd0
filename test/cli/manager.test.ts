import { ARC_ARGUMENTS } from './arc-arguments.ts';
import type { Ran } from './world.ts';
import { World } from './world.ts';

/** As ARC's chart sets it. */
const ENV = {
  CONTROLLER_MANAGER_POD_NAMESPACE: 'arc-systems',
  CONTROLLER_MANAGER_CONTAINER_IMAGE: 'registry.example/temporal-arc:1.0.0',
};

const world = new World();

const manager = (args: string, env: Record<string, string> = ENV): Promise<Ran> => {
  world.worker = undefined;
  return world.run(`manager --auto-scaling-runner-set-only ${args}`.trimEnd(), env);
};

/** What the charts of ARC add to their first argument, by what of their values is set, and what becomes of it. */
const DEFAULTS =
  '--log-level=debug --log-format=text --runner-max-concurrent-reconciles=2 --update-strategy=immediate';
const NO_METRICS = '--listener-metrics-addr=0 --listener-metrics-endpoint= --metrics-addr=0';
const LEADER = '--enable-leader-election --leader-election-id=arc-gha-rs-controller';

test.each<[string, string, object]>([
  [
    'nothing',
    `${DEFAULTS} ${NO_METRICS}`,
    {
      logLevel: 'debug',
      logFormat: 'text',
      updateStrategy: 'immediate',
      runnerCreationConcurrency: 10,
      metricsAddress: undefined,
      listenerMetricsAddress: undefined,
      listenerMetricsEndpoint: undefined,
      healthAddress: { host: '', port: 8081 },
      controllerNamespace: 'arc-systems',
      listenerImage: 'registry.example/temporal-arc:1.0.0',
      listenerEntrypoint: '/ghalistener',
      watchNamespaces: [],
    },
  ],
  ['replicaCount: 2', `${LEADER} ${DEFAULTS} ${NO_METRICS}`, { metricsAddress: undefined }],
  [
    'imagePullSecrets, 0.12.1',
    `--auto-scaler-image-pull-secrets=one,two ${DEFAULTS}`,
    { listenerPullSecrets: ['one', 'two'] },
  ],
  [
    'imagePullSecrets, 0.14.2',
    `--auto-scaler-image-pull-secrets=one --auto-scaler-image-pull-secrets=two ${DEFAULTS}`,
    { listenerPullSecrets: ['one', 'two'] },
  ],
  [
    'flags.logLevel, logFormat',
    '--log-level=error --log-format=json',
    { logLevel: 'error', logFormat: 'json' },
  ],
  ['flags.watchSingleNamespace', '--watch-single-namespace=demo', { watchNamespaces: ['demo'] }],
  [
    'flags.runnerMaxConcurrentReconciles',
    '--runner-max-concurrent-reconciles=40',
    { runnerCreationConcurrency: 40 },
  ],
  ['flags.updateStrategy', '--update-strategy=eventual', { updateStrategy: 'eventual' }],
  [
    'metrics',
    '--listener-metrics-addr=:8080 --listener-metrics-endpoint=/metrics --metrics-addr=:9090',
    {
      listenerMetricsAddress: { host: '', port: 8080 },
      listenerMetricsEndpoint: '/metrics',
      metricsAddress: { host: '', port: 9090 },
    },
  ],
  ['pprof.addr', '--pprof-addr=:6060', {}],
  [
    'flags.excludeLabelPropagationPrefixes',
    '--exclude-label-propagation-prefix=argocd.argoproj.io/instance --exclude-label-propagation-prefix=a/',
    { excludeLabelPropagationPrefixes: ['argocd.argoproj.io/instance', 'a/'] },
  ],
  ['flags.k8sClientRateLimiter…', '--k8s-client-rate-limiter-qps=50 --k8s-client-rate-limiter-burst=80', {}],
  ['flags.rateLimiter.name', '--workqueue-rate-limiter=typed_rate_limiter', {}],
  [
    'flags.healthProbeBindAddress',
    '--health-probe-bind-address=:9440',
    { healthAddress: { host: '', port: 9440 } },
  ],
])("with ARC's chart and %s, the worker runs", async (_values, args, configuration) => {
  expect(await manager(args)).toMatchObject({ code: 0, out: '' });
  expect(world.worker).toMatchObject(configuration);
});

test.each(ARC_ARGUMENTS)('all that the chart of ARC %s gives is accepted', async (_title, args) => {
  const line = args.map((arg) => arg.replace('NAMESPACE', 'demo').replace('PORT', '8080'));
  expect(await world.run(`manager ${line.join(' ')}`, ENV)).toMatchObject({ code: 0, out: '' });
});

test.each([
  ['-1', 'debug'],
  ['-5', 'debug'],
  ['0', 'info'],
  ['1', 'warn'],
  ['2', 'error'],
  ['5', 'error'],
])('the level %s is %s', async (number, level) => {
  expect((await manager(`--log-level=${number}`)).code).toBe(0);
  expect(world.worker?.logLevel).toBe(level);
});

test.each(['loud', '1.5', '1000', ''])('there is no level "%s"', async (level) => {
  const { code, err } = await manager(`--log-level=${level}`);
  expect(code).toBe(2);
  expect(err).toContain(`--log-level (or TEMPORAL_ARC_LOG_LEVEL): "${level}" is not allowed`);
});

test("flags are read in Go's style too", async () => {
  const { code } = await world.run(
    'manager -auto-scaling-runner-set-only=true -log-level error -metrics-addr=0 --sync-period 5m -port=0',
    ENV,
  );
  expect(code).toBe(0);
  expect(world.worker).toMatchObject({ logLevel: 'error', metricsAddress: undefined });
});

test('an update strategy that ARC does not know is its default, and that is said', async () => {
  const { code, err } = await manager('--update-strategy=immediately');
  expect(code).toBe(0);
  expect(world.worker?.updateStrategy).toBe('immediate');
  expect(err).toContain('--update-strategy "immediately" is unknown, and immediate is used');
});

test.each(['--role=control', '--cluster west', '-n x'])(
  'settings of the worker stand beside: %s',
  async (more) => {
    expect((await manager(more)).code).toBe(more === '-n x' ? 2 : 0);
  },
);

test('another entry point for listeners', async () => {
  await manager('', { ...ENV, LISTENER_ENTRYPOINT: '/own/listener' });
  expect(world.worker?.listenerEntrypoint).toBe('/own/listener');
});

describe('does not start', () => {
  test.each(['', ' --auto-scaling-runner-set-only=false', ' --auto-scaling-runner-set-only=0'])(
    "for ARC's legacy mode: manager%s",
    async (args) => {
      const { code, err } = await world.run(`manager${args}`, ENV);
      expect(code).toBe(2);
      expect(err).toMatch(
        /--auto-scaling-runner-set-only: without it, .*RunnerDeployments.*AutoscalingRunnerSet/,
      );
    },
  );

  test.each([
    ['--docker-image=docker:dind', 'template'],
    ['--docker-gid 1001', 'template'],
    ['--docker-registry-mirror=https://mirror', 'template'],
    ['--runner-image=summerwind/actions-runner', 'template'],
    ['--runner-image-pull-secret=one', 'template'],
    ['--runner-status-update-hook', 'template'],
    ['--common-runner-labels=a=b', 'template'],
    ['-github-token=ghp_secret', 'githubConfigSecret'],
    ['--github-app-id=7', 'githubConfigSecret'],
    ['--github-app-private-key /secret', 'githubConfigSecret'],
    ['--github-basicauth-password=secret', 'githubConfigSecret'],
    ['--github-enterprise-url=https://ghes', 'githubConfigUrl'],
    ['--runner-github-url=https://ghes', 'githubConfigUrl'],
    ['--webhook-addr=:8000', 'message queue'],
    ['--github-webhook-secret-token=secret', 'message queue'],
    ['--queue-limit=100', 'message queue'],
    ['--disable-admission-webhook', 'message queue'],
    ['--default-scale-down-delay=10m', 'minRunners'],
  ])('with %s, and says where to look', async (args, place) => {
    const { code, err } = await manager(args);
    expect(code).toBe(2);
    expect(err).toMatch(new RegExp(`error: -{1,2}[\\w-]+ belongs to ARC's legacy mode.*${place}`));
    expect(err).not.toContain('secret\n');
    expect(err).not.toContain('ghp_secret');
  });

  test.each([
    'GITHUB_TOKEN',
    'GITHUB_APP_ID',
    'GITHUB_APP_INSTALLATION_ID',
    'GITHUB_APP_PRIVATE_KEY',
    'GITHUB_URL',
    'GITHUB_UPLOAD_URL',
    'GITHUB_ENTERPRISE_URL',
    'GITHUB_BASICAUTH_USERNAME',
    'GITHUB_BASICAUTH_PASSWORD',
    'GITHUB_RUNNER_GITHUB_URL',
  ])('with %s, and is silent about its value; empty it is nothing', async (name) => {
    const { code, err } = await manager('', { ...ENV, [name]: 'ghp_secret' });
    expect(code).toBe(2);
    expect(err).toMatch(new RegExp(`${name} belongs to ARC's legacy mode.*githubConfigSecret`));
    expect(err).not.toContain('ghp_secret');
    expect((await manager('', { ...ENV, [name]: '' })).code).toBe(0);
  });

  test('without what ARC needs, and says all at once', async () => {
    const { code, err } = await world.run('manager --log-level=loud', {});
    expect(code).toBe(2);
    for (const name of ['--auto-scaling-runner-set-only', ...Object.keys(ENV), '--log-level'])
      expect(err).toContain(`error: ${name}`);
  });
});
