import type { AzureKeyVaultConfig } from '../../api/validation/vault.ts';
import { SetupError } from '../failures.ts';

/** A secret of a vault, and the field of the custom resource that names it. */
export interface KeyVaultSecret {
  name: string;
  field: string;
}

/**
 * What Azure's libraries throw, as a setting that a person must repair. Only codes are taken from it: its text holds what
 * the servers answered, and its request what they were sent.
 */
export function setupErrorFromVault(
  error: unknown,
  { vault, secret }: { vault: AzureKeyVaultConfig; secret: KeyVaultSecret },
): SetupError {
  const { status, code, isSignIn } = factsOf(error);
  const isRefusal = status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
  if (!isRefusal) {
    const remedy =
      'check url, and that the worker reaches it, also through vaultConfig.proxy if there is one';
    return new SetupError(
      'VaultUnreachable',
      `vaultConfig.azureKeyVault.url: ${vault.url} gives no answer (${code}); ${remedy}.`,
    );
  }
  if (isSignIn) {
    const remedy =
      'check tenantId and clientId, and that the application has the certificate of certificatePath';
    return new SetupError(
      'VaultRefused',
      `vaultConfig.azureKeyVault: Microsoft Entra does not let the application sign in (${code}); ${remedy}.`,
    );
  }
  if (status === 404) {
    const remedy = 'create it, with JSON that has github_token as its value, or name another';
    return new SetupError(
      'VaultSecretNotFound',
      `${secret.field}: ${vault.url} has no secret "${secret.name}" (${code}); ${remedy}.`,
    );
  }
  const remedy =
    'let the application read secrets there, by the role "Key Vault Secrets User" or an access policy';
  return new SetupError(
    'VaultRefused',
    `vaultConfig.azureKeyVault.clientId: ${vault.url} refuses secret "${secret.name}" (${code}); ${remedy}.`,
  );
}

interface Facts {
  status?: number | undefined;
  /** Of an error of the network, the vault or Microsoft Entra. */
  code: string;
  isSignIn: boolean;
}

/** How far causes are followed. */
const DEEPEST = 5;

function factsOf(error: unknown): Facts {
  const chain: Record<string, unknown>[] = [];
  for (let one = error; typeof one === 'object' && one !== null && chain.length < DEEPEST;) {
    chain.push(one as Record<string, unknown>);
    one = (one as Error).cause;
  }
  const first = <T>(pick: (one: Record<string, unknown>) => T | undefined): T | undefined =>
    chain.map(pick).find((found) => found !== undefined);
  const text = chain.map(({ message }) => String(message)).join(' ');
  const entra = /AADSTS\d+/.exec(text)?.[0];
  const isSignIn = entra !== undefined || chain.some(({ name }) => /^Authentication/.test(String(name)));
  const status = first(({ statusCode, status }) => numberOf(statusCode) ?? numberOf(status));
  return {
    status: status ?? (entra === undefined ? undefined : 401),
    code:
      entra ??
      first(({ code, errorCode }) => wordOf(code) ?? wordOf(errorCode)) ??
      wordsFor(chain[0], status),
    isSignIn,
  };
}

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** Codes are single words without digits; anything else might be content. */
const wordOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[A-Z][A-Za-z_]{0,40}$/.test(value) ? value : undefined;

const wordsFor = (error: Record<string, unknown> | undefined, status: number | undefined): string =>
  status === undefined ? (wordOf(error?.['name']) ?? 'unknown') : `status ${status}`;
