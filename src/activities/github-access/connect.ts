import { credentialsFromSecret } from '../../github/credentials.ts';
import type { GitHubConnections } from '../../github/connections.ts';
import { GitHubError } from '../../github/errors.ts';
import type { ScaleSetClient } from '../../github/scale-set-client.ts';
import type { EphemeralRunnerSpec } from '../../api/v1alpha1/ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../../api/v1alpha1/ephemeral-runner-set.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { isNotFound } from '../../kubernetes/client/errors.ts';
import { configMaps } from '../../kubernetes/client/resources.ts';
import { credentialSourceOf } from './credential-source.ts';
import { FIELD_REASONS, SetupError } from '../failures.ts';
import type { KeyVaults } from './key-vault.ts';
import { resolveProxy } from './proxy.ts';

/** How a runner's spec says GitHub is to be reached. */
export type GitHubAccess = Pick<
  EphemeralRunnerSpec,
  'githubConfigUrl' | 'githubConfigSecret' | 'githubServerTLS' | 'proxy' | 'vaultConfig'
>;

/** The runner spec of a set. @throws SetupError InvalidTemplate when there is none */
export function runnerSpecOf({ spec }: EphemeralRunnerSet): EphemeralRunnerSpec {
  if (spec.ephemeralRunnerSpec) return spec.ephemeralRunnerSpec;
  throw new SetupError(
    'InvalidTemplate',
    'spec.ephemeralRunnerSpec: it is missing; say there how runners are made.',
  );
}

/** What connecting needs of the outside. */
export interface GitHubAccessDeps {
  kubernetes: Pick<KubernetesClient, 'get'>;
  github: GitHubConnections;
  /** For specs with a `vaultConfig`. Default: shared by the whole process. */
  vaults?: KeyVaults | undefined;
}

/**
 * A client for the config URL of a spec. Credentials and certificates are read anew each time, so that a changed
 * Secret takes effect with the next activity (a changed secret of a vault: within a minute); the connection itself is
 * shared as long as they are the same.
 *
 * @throws SetupError SecretNotFound, InvalidCredentials, InvalidGitHubConfigUrl, CertificateNotFound, VaultRefused, …
 */
export async function accessGitHub(
  { kubernetes, github, vaults }: GitHubAccessDeps,
  namespace: string,
  access: GitHubAccess,
): Promise<ScaleSetClient> {
  const source = await credentialSourceOf({ kubernetes, vaults }, namespace, access);
  const { githubConfigUrl: configUrl, githubConfigSecret: name } = access;
  const [data, ca, proxy] = await Promise.all([
    source.read({ name, field: 'githubConfigSecret' }),
    readCertificate(kubernetes, namespace, access),
    access.proxy && resolveProxy(source.asSecrets, namespace, access.proxy),
  ]);
  try {
    return github.connect({ configUrl, credentials: credentialsFromSecret(data), ca, proxy });
  } catch (error) {
    throw setupErrorFor(error, source.describe(name));
  }
}

/** A configuration that cannot be used, under the name of what is wrong with it. */
function setupErrorFor(error: unknown, secret: string): unknown {
  if (!(error instanceof GitHubError) || error.field === undefined) return error;
  const about = error.field === 'githubConfigSecret' ? `${secret}: ` : '';
  return new SetupError(FIELD_REASONS[error.field], about + error.message, error);
}

/** The PEM that a spec's `githubServerTLS` names. @throws SetupError CertificateNotFound */
export async function readCertificate(
  kubernetes: GitHubAccessDeps['kubernetes'],
  namespace: string,
  { githubServerTLS }: GitHubAccess,
): Promise<string | undefined> {
  if (!githubServerTLS) return undefined;
  const { name = '', key } = referenceOf(githubServerTLS);
  const missing = (cause?: unknown): SetupError =>
    new SetupError(
      'CertificateNotFound',
      `githubServerTLS: ConfigMap "${name}" in namespace "${namespace}" has no key "${key}"; put the CA certificate there.`,
      cause,
    );
  try {
    const { data } = await kubernetes.get(configMaps, { namespace, name });
    const pem = data?.[key];
    if (pem === undefined) throw missing();
    return pem;
  } catch (error) {
    throw isNotFound(error) ? missing(error) : error;
  }
}

/** One that says nothing is no default: whoever wrote it expects a certificate to be trusted. */
function referenceOf({ certificateFrom }: NonNullable<GitHubAccess['githubServerTLS']>) {
  const reference = certificateFrom?.configMapKeyRef;
  if (reference?.name) return reference;
  const inner = reference ? 'configMapKeyRef.name' : 'configMapKeyRef';
  const field = certificateFrom ? `certificateFrom.${inner}` : 'certificateFrom';
  const message = `githubServerTLS.${field} is not specified; name the ConfigMap and the key that hold the CA certificate.`;
  throw new SetupError('CertificateNotFound', message);
}
