import { createPrivateKey } from 'node:crypto';
import { GitHubError } from './errors.ts';

/** A personal access token, classic or fine-grained. */
interface TokenCredentials {
  readonly kind: 'token';
  readonly token: string;
}

/** An installation of a GitHub App. */
export interface AppCredentials {
  readonly kind: 'app';
  /** Numeric app id or client id (`Iv…`). */
  readonly appId: string;
  /** Decimal text. */
  readonly installationId: string;
  /** RSA key as PEM. */
  readonly privateKey: string;
}

/** A personal access token, or a GitHub App's key. */
export type GitHubCredentials = TokenCredentials | AppCredentials;

const APP_KEYS = ['github_app_id', 'github_app_installation_id', 'github_app_private_key'] as const;

/**
 * Reads the credentials from a Secret's data, already decoded to text. Space around values, such as the newline that
 * `--from-file` brings in, is ignored.
 *
 * @throws GitHubError `invalid-config` that names the key and the remedy, unless there is exactly one kind, complete
 */
export function credentialsFromSecret(data: Readonly<Record<string, string>>): GitHubCredentials {
  const value = (key: string): string => data[key]?.trim() ?? '';
  const token = value('github_token');
  const present = APP_KEYS.filter((key) => value(key) !== '');
  if (token !== '' && present.length > 0) {
    throw invalid('has github_token and GitHub App keys', 'keep one kind and remove the other');
  }
  if (token !== '') return { kind: 'token', token: headerSafe(token) };
  if (present.length === 0) {
    throw invalid('has no credentials', `set github_token, or ${APP_KEYS.join(', ')}`);
  }
  const missing = APP_KEYS.filter((key) => value(key) === '');
  if (missing.length > 0)
    throw invalid(`lacks ${missing.join(' and ')}`, 'a GitHub App needs all three keys');
  return {
    kind: 'app',
    appId: value('github_app_id'),
    installationId: installationIdFrom(value('github_app_installation_id')),
    privateKey: privateKeyFrom(value('github_app_private_key')),
  };
}

function headerSafe(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw invalid(
    'has a github_token with spaces or unprintable characters',
    'store the token alone, as plain text',
  );
}

function installationIdFrom(text: string): string {
  if (/^[1-9]\d{0,14}$/.test(text)) return text;
  throw invalid(
    'has a github_app_installation_id that is not a positive number',
    "use the number at the end of the installation's URL",
  );
}

/** Keys pasted into one line carry `\n` as two characters. */
function privateKeyFrom(text: string): string {
  const pem = text.replaceAll('\\n', '\n');
  try {
    if (createPrivateKey(pem).asymmetricKeyType === 'rsa') return pem;
  } catch {
    // The parser's message is of no help, and the key must not be repeated.
  }
  throw invalid(
    'has a github_app_private_key that is not an RSA key',
    'store the whole PEM file that GitHub gave out when the key was made, BEGIN and END lines included',
  );
}

const invalid = (problem: string, remedy: string): GitHubError =>
  new GitHubError({
    decision: 'invalid-config',
    message: `The Secret of githubConfigSecret ${problem}: ${remedy}.`,
    field: 'githubConfigSecret',
  });
