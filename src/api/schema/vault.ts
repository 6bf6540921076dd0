import { optional, record, text } from './fields.ts';
import { proxySchema } from './proxy.ts';

const azureKeyVaultSchema = record('An Azure Key Vault, opened with a client certificate.', {
  url: text('URL of the vault.'),
  tenantId: text('Id of the tenant.'),
  clientId: text('Id of the application that opens the vault.'),
  certificatePath: text('File with the certificate and key of the application.'),
});

/** Where credentials are kept instead of in a Kubernetes Secret; `githubConfigSecret` is then the secret's name there. */
export const vaultSchema = record('The vault that keeps the credentials, in place of Kubernetes Secrets.', {
  type: optional(text('Kind of vault: azure_key_vault. Empty means Kubernetes Secrets.')),
  azureKeyVault: optional(azureKeyVaultSchema),
  proxy: optional(proxySchema('the vault client')),
});
