import type { Static } from 'typebox';
import type { Problem } from './problem.ts';
import type { vaultSchema } from '../schema/vault.ts';

/** Where secrets are kept that are not in Kubernetes. */
export type VaultConfig = Static<typeof vaultSchema>;

/** The Azure Key Vault, and the application that may read it. */
export type AzureKeyVaultConfig = NonNullable<VaultConfig['azureKeyVault']>;

const AZURE_KEY_VAULT = 'azure_key_vault';

/** What is wrong with a vault at this path: nothing when there is none. An empty type means Kubernetes Secrets. */
export function vaultContradictions(vault: VaultConfig | undefined, path: string): Problem[] {
  if (!vault?.type) return [];
  if (vault.type !== AZURE_KEY_VAULT) {
    return [
      { path: `${path}.type`, message: `must be ${AZURE_KEY_VAULT}, or be left out for Kubernetes Secrets` },
    ];
  }
  const { azureKeyVault } = vault;
  return azureKeyVault
    ? azureContradictions(azureKeyVault, `${path}.azureKeyVault`)
    : [{ path: `${path}.azureKeyVault`, message: 'is missing: say which vault it is' }];
}

const MEMBERS = {
  tenantId: 'give the id of the Microsoft Entra tenant',
  clientId: 'give the id of the application that may read the secrets',
  certificatePath:
    'give the file with the certificate and private key of the application, as the worker sees it',
} as const;

function azureContradictions(vault: AzureKeyVaultConfig, path: string): Problem[] {
  const empty = Object.entries(MEMBERS).filter(([name]) => !vault[name as keyof typeof MEMBERS]);
  const problems = empty.map(([name, remedy]) => ({
    path: `${path}.${name}`,
    message: `is empty: ${remedy}`,
  }));
  if (URL.parse(vault.url)?.protocol === 'https:') return problems;
  return [
    { path: `${path}.url`, message: 'is no https URL: give https://<name of the vault>.vault.azure.net' },
    ...problems,
  ];
}
