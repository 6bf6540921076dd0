import {
  buildListenerConfig,
  parseListenerConfig,
} from '../../../src/activities/autoscaling-listener/pod-config.ts';
import type {
  AutoscalingListener,
  AutoscalingListenerSpec,
} from '../../../src/api/v1alpha1/autoscaling-listener.ts';

const OPTIONS = { logLevel: 'info', logFormat: 'json', metricsAddress: ':8080', metricsEndpoint: '/metrics' };

const listener = (spec: Partial<AutoscalingListenerSpec> = {}): AutoscalingListener => ({
  apiVersion: 'actions.github.com/v1alpha1',
  kind: 'AutoscalingListener',
  metadata: { name: 'l', namespace: 'arc-system' },
  spec: {
    githubConfigUrl: 'https://github.com/octo/app',
    githubConfigSecret: 'github',
    runnerScaleSetId: 7,
    autoscalingRunnerSetNamespace: 'arc-runners',
    autoscalingRunnerSetName: 'demo',
    ephemeralRunnerSetName: 'demo',
    minRunners: 1,
    ...spec,
  },
});

const configOf = (credentials: Record<string, string>, spec: Partial<AutoscalingListenerSpec> = {}) =>
  buildListenerConfig(listener(spec), { credentials, ca: 'PEM' }, OPTIONS);

test('has the members of the protocol, in its order', () => {
  expect(configOf({ github_token: ' ghp_x\n', other: 'y' })).toEqual({
    configure_url: 'https://github.com/octo/app',
    vault_type: '',
    vault_lookup_key: '',
    github_token: 'ghp_x',
    ephemeral_runner_set_namespace: 'arc-runners',
    ephemeral_runner_set_name: 'demo',
    max_runners: 2_147_483_647,
    min_runners: 1,
    runner_scale_set_id: 7,
    runner_scale_set_name: 'demo',
    server_root_ca: 'PEM',
    log_level: 'info',
    log_format: 'json',
    metrics_addr: ':8080',
    metrics_endpoint: '/metrics',
    metrics: null,
  });
});

test('the installation id of an App is a number', () => {
  const config = configOf({
    github_app_id: '1',
    github_app_installation_id: '42',
    github_app_private_key: 'pem',
  });
  expect(config).toMatchObject({
    github_app_id: '1',
    github_app_installation_id: 42,
    github_app_private_key: 'pem',
  });
  expect(parseListenerConfig(JSON.stringify(config))).toEqual(config);
});

test('with a vault it holds no credentials', () => {
  const vaultConfig = {
    type: 'azure_key_vault' as const,
    azureKeyVault: {
      url: 'https://v.vault.azure.net',
      tenantId: 't',
      clientId: 'c',
      certificatePath: '/c.pem',
    },
  };
  const config = configOf({ github_token: 'ghp_x' }, { vaultConfig });
  expect(config).toMatchObject({ vault_type: 'azure_key_vault', vault_lookup_key: 'github' });
  expect(config).not.toHaveProperty('github_token');
});

const good = configOf({ github_token: 'ghp_x' });

test.each([
  ['no URL', { configure_url: '' }, 'GitHubConfigUrl is not provided'],
  [
    'no set',
    { ephemeral_runner_set_name: '' },
    'EphemeralRunnerSetNamespace "arc-runners" or EphemeralRunnerSetName "" is missing',
  ],
  ['no scale set', { runner_scale_set_id: 0 }, 'RunnerScaleSetId "0" is missing'],
  ['limits', { min_runners: 5, max_runners: 2 }, 'MinRunners "5" cannot be greater than MaxRunners "2"'],
  ['an unknown vault', { vault_type: 'x' }, 'unknown vault type: "x"'],
  ['a vault without a key', { vault_type: 'azure_key_vault' }, 'VaultLookupKey is required'],
  ['no credentials', { github_token: '' }, 'no credentials provided'],
  ['half an App', { github_token: '', github_app_id: '1' }, 'missing app config'],
  ['both kinds', { github_app_id: '1' }, 'both PAT and GitHub App credentials provided'],
])('refuses %s', (_what, change, message) => {
  expect(() => parseListenerConfig(JSON.stringify({ ...good, ...change }))).toThrow(message);
});
