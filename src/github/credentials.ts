import type { KeyObject } from 'node:crypto';
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
  /** RSA key, PKCS#8 as PEM. */
  readonly privateKey: string;
}

/** A personal access token, or a GitHub App's key. */
export type GitHubCredentials = TokenCredentials | AppCredentials;

const APP_KEYS = ['github_app_id', 'github_app_installation_id', 'github_app_private_key'] as const;

/**
 * Reads the credentials from a Secret's data, already decoded to text. What editors, shells and templates put around a
 * value is ignored: space, a byte order mark, quotes, and the zeros of UTF-16.
 *
 * @throws GitHubError `invalid-config` that names the key and the remedy, unless there is exactly one kind, complete
 */
export function credentialsFromSecret(data: Readonly<Record<string, string>>): GitHubCredentials {
  const value = (key: string): string => bareCredential(data[key] ?? '');
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
    appId: appIdFrom(value('github_app_id')),
    installationId: installationIdFrom(value('github_app_installation_id')),
    privateKey: privateKeyFrom(value('github_app_private_key')),
  };
}

/** A value of a Secret without what came in around it. */
export function bareCredential(text: string): string {
  const plain = text.replaceAll(/[\0\uFEFF\uFFFD]/g, '').trim();
  const quoted = /^(["'`])([\s\S]*)\1$/.exec(plain)?.[2];
  return quoted === undefined ? plain : quoted.trim();
}

function headerSafe(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw invalid(
    'has a github_token with spaces or unprintable characters',
    'store the token alone, as plain text',
  );
}

/** Templates write large numbers as 1.2345678e+07. */
const wholeNumber = (text: string): string =>
  /^\d+(\.\d+)?(e\+?\d+)?$/i.test(text) && Number.isSafeInteger(Number(text)) ? String(Number(text)) : text;

function appIdFrom(text: string): string {
  const id = wholeNumber(text);
  if (/^[\w.-]+$/.test(id)) return id;
  throw invalid(
    'has a github_app_id that is neither a number nor a client id',
    "use the App ID or the Client ID of the App's settings",
  );
}

function installationIdFrom(text: string): string {
  const id = wholeNumber(text);
  if (/^[1-9]\d{0,14}$/.test(id)) return id;
  throw invalid(
    'has a github_app_installation_id that is not a positive number',
    "use the number at the end of the installation's URL",
  );
}

const WHOLE_FILE =
  'store the whole PEM file that GitHub gave out when the key was made, BEGIN and END lines included';

/** The key as PKCS#8, the one form that everything takes, whatever it was stored as. */
function privateKeyFrom(text: string): string {
  const key = keyIn(text.replaceAll(/\\+r|\r/g, '').replaceAll(/\\+n/g, '\n'));
  if (key?.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs8', format: 'pem' }) as string;
  if (/ENCRYPTED/.test(text))
    throw invalid('has a github_app_private_key with a passphrase', 'store it without: openssl rsa -in KEY');
  if (/-----BEGIN (RSA )?PUBLIC KEY|-----BEGIN CERTIFICATE/.test(text) && !/PRIVATE KEY/.test(text))
    throw invalid('has a github_app_private_key that is no private key', WHOLE_FILE);
  throw invalid('has a github_app_private_key that is not an RSA key', WHOLE_FILE);
}

/** How often a key may have been put into base64. */
const MOST_WRAPPINGS = 3;

/** Finds the key in its PEM block, whatever stands around it and wherever its lines break; or in base64 without one. */
function keyIn(text: string, wrappings = 0): KeyObject | undefined {
  const block = /-{5}BEGIN ((?:RSA )?PRIVATE KEY)-{5}([^-]*)-{5}END \1-{5}/.exec(text);
  const bytes = Buffer.from((block?.[2] ?? text).replaceAll(/\s/g, ''), 'base64');
  const key = keyFrom(bytes);
  if (key || block || wrappings >= MOST_WRAPPINGS) return key;
  const inner = bytes.toString('utf8');
  return /^[\t\n\r\x20-\x7e]+$/.test(inner) ? keyIn(inner, wrappings + 1) : undefined;
}

function keyFrom(der: Buffer): KeyObject | undefined {
  for (const type of ['pkcs8', 'pkcs1'] as const) {
    try {
      return createPrivateKey({ key: der, format: 'der', type });
    } catch {
      // The parser's message is of no help, and the key must not be repeated.
    }
  }
  return undefined;
}

const invalid = (problem: string, remedy: string): GitHubError =>
  new GitHubError({
    decision: 'invalid-config',
    message: `The Secret of githubConfigSecret ${problem}: ${remedy}.`,
    field: 'githubConfigSecret',
  });
