import type { AutoscalingListener } from '../../api/v1alpha1/autoscaling-listener.ts';
import type { AutoscalingListenerSpec } from '../../api/v1alpha1/autoscaling-listener.ts';
import { INT32_MAX } from '../../api/int32.ts';
import { bareCredential } from '../../github/credentials.ts';
import { SetupError } from '../failures.ts';

/** The configuration file of a listener's pod (protocol: config file JSON). Holds credentials. */
export interface ListenerConfig {
  configure_url: string;
  vault_type: string;
  vault_lookup_key: string;
  azure_key_vault?: { tenant_id: string; client_id: string; url: string; certificate_path: string };
  github_app_id?: string;
  github_app_installation_id?: number;
  github_app_private_key?: string;
  github_token?: string;
  ephemeral_runner_set_namespace: string;
  ephemeral_runner_set_name: string;
  max_runners: number;
  min_runners: number;
  runner_scale_set_id: number;
  runner_scale_set_name: string;
  server_root_ca: string;
  log_level: string;
  log_format: string;
  metrics_addr: string;
  metrics_endpoint: string;
  metrics: AutoscalingListenerSpec['metrics'] | null;
}

/** How the pod logs and publishes metrics. */
export interface ListenerConfigOptions {
  logLevel: string;
  logFormat: string;
  /** Empty: no metrics. */
  metricsAddress: string;
  metricsEndpoint: string;
}

/** What is read from the cluster for it. */
export interface ListenerConfigSources {
  /** Of the Secret; not needed with a vault, which the pod asks itself. */
  credentials: Readonly<Record<string, string>>;
  /** PEM. */
  ca: string | undefined;
}

/** The configuration of a listener's pod, in ARC's words: from its spec, and what was read from the cluster for it. */
export function buildListenerConfig(
  { metadata, spec }: AutoscalingListener,
  { credentials, ca = '' }: ListenerConfigSources,
  options: ListenerConfigOptions,
): ListenerConfig {
  return {
    configure_url: spec.githubConfigUrl ?? '',
    ...vaultMembers(spec),
    ...(spec.vaultConfig?.type ? {} : credentialMembers(credentials)),
    ephemeral_runner_set_namespace: spec.autoscalingRunnerSetNamespace ?? metadata.namespace ?? '',
    ephemeral_runner_set_name: spec.ephemeralRunnerSetName ?? '',
    max_runners: spec.maxRunners ?? INT32_MAX,
    min_runners: spec.minRunners ?? 0,
    runner_scale_set_id: spec.runnerScaleSetId ?? 0,
    runner_scale_set_name: spec.autoscalingRunnerSetName ?? '',
    server_root_ca: ca,
    log_level: options.logLevel,
    log_format: options.logFormat,
    metrics_addr: options.metricsAddress,
    metrics_endpoint: options.metricsAddress === '' ? '' : options.metricsEndpoint,
    metrics: spec.metrics ?? null,
  };
}

type VaultMembers = Pick<ListenerConfig, 'vault_type' | 'vault_lookup_key' | 'azure_key_vault'>;

function vaultMembers({ vaultConfig, githubConfigSecret = '' }: AutoscalingListenerSpec): VaultMembers {
  const { type, azureKeyVault } = vaultConfig ?? {};
  if (!type) return { vault_type: '', vault_lookup_key: '' };
  const { tenantId = '', clientId = '', url = '', certificatePath = '' } = azureKeyVault ?? {};
  return {
    vault_type: type,
    vault_lookup_key: githubConfigSecret,
    azure_key_vault: { tenant_id: tenantId, client_id: clientId, url, certificate_path: certificatePath },
  };
}

/** One kind of credentials; what else a Secret holds stays there. */
function credentialMembers(secret: Readonly<Record<string, string>>): Partial<ListenerConfig> {
  const value = (key: string): string => bareCredential(secret[key] ?? '');
  return {
    ...(value('github_app_id') && { github_app_id: value('github_app_id') }),
    ...(value('github_app_installation_id') && {
      github_app_installation_id: Number(value('github_app_installation_id')),
    }),
    ...(value('github_app_private_key') && { github_app_private_key: value('github_app_private_key') }),
    ...(value('github_token') && { github_token: value('github_token') }),
  };
}

/** @throws SetupError InvalidListenerConfig that names what is wrong, never a value */
export function parseListenerConfig(text: string): ListenerConfig {
  const config = fromJson(text);
  const problem = problemOf(config);
  if (problem !== undefined) throw new SetupError('InvalidListenerConfig', problem);
  return config;
}

function fromJson(text: string): ListenerConfig {
  try {
    return JSON.parse(text) as ListenerConfig;
  } catch {
    throw new SetupError('InvalidListenerConfig', 'The configuration of the listener is no JSON.');
  }
}

/** In the words of ARC's listener, which people search for. */
function problemOf(config: Partial<ListenerConfig>): string | undefined {
  const { ephemeral_runner_set_namespace: namespace = '', ephemeral_runner_set_name: name = '' } = config;
  const { runner_scale_set_id: id = 0, min_runners: min = 0, max_runners: max = INT32_MAX } = config;
  if (!config.configure_url) return 'GitHubConfigUrl is not provided';
  if (!namespace || !name)
    return `EphemeralRunnerSetNamespace "${namespace}" or EphemeralRunnerSetName "${name}" is missing`;
  if (id === 0) return `RunnerScaleSetId "${id}" is missing`;
  if (max < min) return `MinRunners "${min}" cannot be greater than MaxRunners "${max}"`;
  return config.vault_type ? vaultProblem(config) : credentialProblem(config);
}

function vaultProblem({
  vault_type: type = '',
  vault_lookup_key: key,
}: Partial<ListenerConfig>): string | undefined {
  if (type !== 'azure_key_vault') return `unknown vault type: "${type}"`;
  return key ? undefined : `VaultLookupKey is required when VaultType is set to "${type}"`;
}

function credentialProblem(config: Partial<ListenerConfig>): string | undefined {
  const isApp = Boolean(
    config.github_app_id ?? config.github_app_installation_id ?? config.github_app_private_key,
  );
  const failed = (why: string): string => `AppConfig validation failed: ${why}`;
  if (config.github_token && isApp)
    return failed('both PAT and GitHub App credentials provided. should only provide one');
  if (!config.github_token && !isApp)
    return failed('no credentials provided: either a PAT or GitHub App credentials should be provided');
  const isWhole = config.github_app_id && config.github_app_installation_id && config.github_app_private_key;
  return isApp && !isWhole ? failed('missing app config') : undefined;
}
