import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SecretClient } from '@azure/keyvault-secrets';
import type { Dispatcher } from 'undici';
import type { AzureKeyVaultConfig } from '../../api/validation/vault.ts';
import { createDispatcher } from '../../github/transport/dispatcher.ts';
import type { ProxySettings, RouteSettings } from '../../github/transport/dispatcher.ts';
import { isDecision } from '../../github/errors.ts';
import { SetupError } from '../failures.ts';
import { createCache, fingerprint } from '../cache.ts';
import { setupErrorFromVault } from './key-vault-errors.ts';
import type { KeyVaultSecret } from './key-vault-errors.ts';

/** A vault, and how it is reached: without a proxy here, the process's own applies. */
interface KeyVault extends AzureKeyVaultConfig {
  proxy?: ProxySettings | undefined;
}

/** Azure Key Vaults by what opens them. */
export interface KeyVaults {
  /**
   * The members of a secret whose value is a JSON object, numbers as text (the latest version). Values are remembered for
   * a minute: so long may it take until a changed one is seen.
   *
   * @throws SetupError VaultCertificateUnreadable, VaultUnreachable, VaultRefused, VaultSecretNotFound,
   *   InvalidVaultSecret, InvalidProxy
   */
  read(vault: KeyVault, secret: KeyVaultSecret): Promise<Record<string, string>>;
}

/** What differs in tests: connections, clock and patience. */
export interface KeyVaultsOptions {
  /** Makes the connections. */
  connect?: ((route: RouteSettings) => Dispatcher) | undefined;
  /** Milliseconds since the epoch. */
  now?: (() => number) | undefined;
  /** For reading one secret, signing in included, in milliseconds. Default: 20 s. */
  timeoutMs?: number | undefined;
}

/** Longer than it takes to make a thousand runners, short enough not to wait for after a rotation. */
const SECRET_MS = 60_000;

/** A client holds the token it signed in with. */
const CLIENT_MS = 3_600_000;

const TIMEOUT_MS = 20_000;

/** Azure's libraries are loaded when the first vault is read: who has none does without. */
export function createKeyVaults(options: KeyVaultsOptions = {}): KeyVaults {
  const { connect = createDispatcher, now = Date.now, timeoutMs = TIMEOUT_MS } = options;
  const clients = createCache<SecretClient>(CLIENT_MS, now);
  const secrets = createCache<Record<string, string>>(SECRET_MS, now);
  return {
    read: async (vault, secret) => {
      checkName(secret);
      const certificate = await readCertificate(vault.certificatePath);
      const key = fingerprint(vault, certificate);
      return secrets.get(fingerprint(key, secret.name), async () => {
        const client = await clients.get(key, () => openVault(vault, certificate, connect));
        return membersOf(await valueOf(client, { vault, secret, timeoutMs }), secret);
      });
    },
  };
}

/** What the vault would answer to another name is of no help. */
function checkName({ name, field }: KeyVaultSecret): void {
  if (/^[0-9A-Za-z-]{1,127}$/.test(name)) return;
  throw new SetupError(
    'VaultSecretNotFound',
    `${field}: "${name}" can be no secret of an Azure Key Vault; their names have letters, digits and hyphens.`,
  );
}

const CERTIFICATE_FIELD = 'vaultConfig.azureKeyVault.certificatePath';

/** Read anew each time, as a mounted file changes when the certificate is rotated. */
async function readCertificate(path: string): Promise<string> {
  const unreadable = (problem: string, remedy: string): SetupError =>
    new SetupError('VaultCertificateUnreadable', `${CERTIFICATE_FIELD}: "${path}" ${problem}; ${remedy}.`);
  const pem = await readFile(path, 'utf8').catch((error: unknown) => {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw unreadable(`cannot be read (${code})`, 'mount the file into the worker, readable for its user');
  });
  if (isKeyPair(pem)) return pem;
  throw unreadable(
    'is no PEM file with a certificate and its private RSA key',
    'store both in it, without a password; "openssl pkcs12 -nodes" makes one of a PFX file',
  );
}

function isKeyPair(pem: string): boolean {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'rsa' && new X509Certificate(pem).checkPrivateKey(key);
  } catch {
    return false;
  }
}

async function openVault(
  vault: KeyVault,
  certificate: string,
  connect: (route: RouteSettings) => Dispatcher,
): Promise<SecretClient> {
  const [{ ClientCertificateCredential }, { SecretClient }, { httpClientOver }] = await Promise.all([
    import('@azure/identity'),
    import('@azure/keyvault-secrets'),
    import('./key-vault-http.ts'),
  ]);
  const common = {
    httpClient: httpClientOver(connected(connect, vault)),
    // One more try for a connection that broke: whatever lasts longer is Temporal's to repeat.
    retryOptions: { maxRetries: 1, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 },
  };
  const credential = new ClientCertificateCredential(
    vault.tenantId,
    vault.clientId,
    { certificate },
    {
      ...common,
      disableInstanceDiscovery: isPrivateCloud(process.env['AZURE_AUTHORITY_HOST']),
    },
  );
  return new SecretClient(vault.url, credential, common);
}

function connected(
  connect: (route: RouteSettings) => Dispatcher,
  { proxy }: Pick<KeyVault, 'proxy'>,
): Dispatcher {
  try {
    return connect({ proxy });
  } catch (error) {
    if (!isDecision(error, 'invalid-config')) throw error;
    throw new SetupError('InvalidProxy', `vaultConfig.${error.message}`);
  }
}

/** Only the public clouds know of each other; asking them about a private authority fails. */
const isPrivateCloud = (authority = ''): boolean =>
  authority !== '' &&
  !/^(https:\/\/)?login\.(microsoftonline\.(com|us)|chinacloudapi\.cn)\/?$/.test(authority);

interface Reading {
  vault: KeyVault;
  secret: KeyVaultSecret;
  timeoutMs: number;
}

async function valueOf(client: SecretClient, { vault, secret, timeoutMs }: Reading): Promise<string> {
  try {
    const { value = '' } = await client.getSecret(secret.name, {
      abortSignal: AbortSignal.timeout(timeoutMs),
    });
    return value;
  } catch (error) {
    throw setupErrorFromVault(error, { vault, secret });
  }
}

function membersOf(value: string, { name, field }: KeyVaultSecret): Record<string, string> {
  const members = objectFrom(value);
  if (members) {
    const texts = Object.entries(members).filter(([, member]) => /^(string|number)$/.test(typeof member));
    return Object.fromEntries(texts.map(([key, member]) => [key, String(member)]));
  }
  throw new SetupError(
    'InvalidVaultSecret',
    `${field}: the value of secret "${name}" in the vault is no JSON object; store one, such as {"github_token":"…"}.`,
  );
}

function objectFrom(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
