import type { EphemeralRunnerSpec } from '../../api/v1alpha1/ephemeral-runner.ts';
import type { AzureKeyVaultConfig, VaultConfig } from '../../api/validation/vault.ts';
import { vaultContradictions } from '../../api/validation/vault.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { isNotFound } from '../../kubernetes/client/errors.ts';
import { secrets } from '../../kubernetes/client/resources.ts';
import type { Secret } from '../../kubernetes/client/resources.ts';
import { SetupError } from '../failures.ts';
import { createKeyVaults } from './key-vault.ts';
import type { KeyVaults } from './key-vault.ts';
import { resolveProxy } from './proxy.ts';
import type { ResolvedProxy } from './proxy.ts';

/** Where the credentials of a spec are kept: Kubernetes Secrets, or a vault. */
export interface CredentialSource {
  /** The members of a secret, as text. @throws SetupError that names the field and the remedy */
  read(secret: { name: string; field: string }): Promise<Record<string, string>>;
  /** The same, for those who read Secrets of Kubernetes. */
  readonly asSecrets: Pick<KubernetesClient, 'get'>;
  /** A secret in words. */
  describe(name: string): string;
}

/** Where credentials are read: Secrets of the cluster, or key vaults. */
export interface CredentialSourceDeps {
  kubernetes: Pick<KubernetesClient, 'get'>;
  /** Default: shared by the whole process. */
  vaults?: KeyVaults | undefined;
}

/** One for the process: what it remembers is worth something only when all activities share it. */
const processVaults = createKeyVaults();

/** @throws SetupError InvalidVaultConfig, ProxyCredentialsNotFound, InvalidProxy */
export async function credentialSourceOf(
  { kubernetes, vaults = processVaults }: CredentialSourceDeps,
  namespace: string,
  { vaultConfig }: Pick<EphemeralRunnerSpec, 'vaultConfig'>,
): Promise<CredentialSource> {
  const [problem] = vaultContradictions(vaultConfig, 'vaultConfig');
  if (problem) throw new SetupError('InvalidVaultConfig', `${problem.path} ${problem.message}.`);
  if (!vaultConfig?.type || !vaultConfig.azureKeyVault) return kubernetesSource(kubernetes, namespace);
  const proxy = await vaultProxy(kubernetes, namespace, vaultConfig);
  return vaultSource(vaults, { ...vaultConfig.azureKeyVault, ...(proxy && { proxy }) });
}

const kubernetesSource = (
  kubernetes: CredentialSourceDeps['kubernetes'],
  namespace: string,
): CredentialSource => ({
  read: ({ name, field }) => readSecret(kubernetes, { namespace, name, field }),
  asSecrets: kubernetes,
  describe: (name) => `Secret ${namespace}/${name}`,
});

async function readSecret(
  kubernetes: CredentialSourceDeps['kubernetes'],
  { namespace, name, field }: { namespace: string; name: string; field: string },
): Promise<Record<string, string>> {
  if (name === '') throw unnamed(field, `Secret in namespace "${namespace}"`);
  try {
    const { data = {} } = await kubernetes.get(secrets, { namespace, name });
    const decode = ([key, value]: [string, string]) =>
      [key, Buffer.from(value, 'base64').toString('utf8')] as const;
    return Object.fromEntries(Object.entries(data).map(decode));
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const remedy = `${field}: create Secret "${name}" in namespace "${namespace}" with github_token, or name another.`;
    throw new SetupError('SecretNotFound', remedy, error);
  }
}

const unnamed = (field: string, what: string): SetupError =>
  new SetupError('SecretNotFound', `${field} is empty; name the ${what} that holds github_token.`);

function vaultSource(vaults: KeyVaults, vault: AzureKeyVaultConfig): CredentialSource {
  const get = async ({ name }: { name: string }): Promise<Secret> => {
    const members = await vaults.read(vault, { name, field: 'credentialSecretRef' });
    const encode = ([key, value]: [string, string]) => [key, Buffer.from(value).toString('base64')] as const;
    return { data: Object.fromEntries(Object.entries(members).map(encode)) };
  };
  return {
    read: async (secret) => {
      if (secret.name === '') throw unnamed(secret.field, `secret of ${vault.url}`);
      return vaults.read(vault, secret);
    },
    // Asked for Secrets alone.
    asSecrets: { get: (_resource, key) => get(key) as Promise<never> },
    describe: (name) => `Secret "${name}" of ${vault.url}`,
  };
}

/** The credentials of the vault's own proxy cannot be in the vault. */
async function vaultProxy(
  kubernetes: CredentialSourceDeps['kubernetes'],
  namespace: string,
  { proxy }: VaultConfig,
): Promise<ResolvedProxy | undefined> {
  if (!proxy) return undefined;
  try {
    return await resolveProxy(kubernetes, namespace, proxy);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new SetupError(error.reason, `vaultConfig.${error.message}`, error.cause);
  }
}
