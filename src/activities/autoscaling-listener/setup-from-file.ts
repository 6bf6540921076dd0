import { readFile } from 'node:fs/promises';
import { credentialsFromSecret } from '../../github/credentials.ts';
import type { GitHubConnections } from '../../github/connections.ts';
import { SetupError } from '../failures.ts';
import { createKeyVaults } from '../github-access/key-vault.ts';
import type { KeyVaults } from '../github-access/key-vault.ts';
import type { ListenerConfig } from './pod-config.ts';
import { parseListenerConfig } from './pod-config.ts';
import type { ReadSetup } from './setup.ts';

/** What the pod of a listener has: a file in place of the cluster. */
export interface ListenerFileDeps {
  /** Path of the configuration file. */
  path: string;
  github: GitHubConnections;
  vaults?: KeyVaults;
}

/** @throws SetupError InvalidListenerConfig */
export async function readListenerFile(path: string): Promise<ListenerConfig> {
  try {
    return parseListenerConfig(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SetupError) throw error;
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw new SetupError('InvalidListenerConfig', `The configuration ${path} cannot be read (${code}).`);
  }
}

/**
 * The setup of a listener in its own pod: from the file that its Secret is mounted as. Kubernetes brings the file up to
 * date when the Secret changes, and it is read anew for each session. The proxy comes from the environment.
 */
export const setupFromFile =
  ({ path, github, vaults = createKeyVaults() }: ListenerFileDeps): ReadSetup =>
  async ({ name }) => {
    const config = await readListenerFile(path);
    const credentials = credentialsFromSecret(await credentialsOf(config, vaults));
    const ca = config.server_root_ca || undefined;
    return {
      github: github.connect({ configUrl: config.configure_url, credentials, ca }),
      scaleSetId: config.runner_scale_set_id,
      owner: name,
      namespace: config.ephemeral_runner_set_namespace,
      runnerSet: config.ephemeral_runner_set_name,
      limits: { minRunners: config.min_runners, maxRunners: config.max_runners },
      ...(config.metrics && { metrics: config.metrics }),
    };
  };

async function credentialsOf(config: ListenerConfig, vaults: KeyVaults): Promise<Record<string, string>> {
  const { azure_key_vault: vault, vault_lookup_key: name } = config;
  if (vault) {
    const { tenant_id: tenantId, client_id: clientId, url, certificate_path: certificatePath } = vault;
    return vaults.read({ tenantId, clientId, url, certificatePath }, { name, field: 'githubConfigSecret' });
  }
  return {
    github_token: config.github_token ?? '',
    github_app_id: config.github_app_id ?? '',
    github_app_installation_id: config.github_app_installation_id
      ? String(config.github_app_installation_id)
      : '',
    github_app_private_key: config.github_app_private_key ?? '',
  };
}
