/** What GitHub's tokens, JWTs, authorization headers, keys and JIT configs look like. */
const SECRETS: readonly [pattern: RegExp, replacement: string][] = [
  [/\b(bearer|remoteauth|basic|token)(\s+|["':=]+\s*)[^\s"',;]+/gi, '$1$2[redacted]'],
  [/\b(gh[a-z]_|github_pat_)\w+/g, '[redacted]'],
  [/\beyJ[\w-]*\.[\w-]+(\.[\w-]*)?/g, '[redacted]'],
  [/[A-Za-z0-9+/_=-]{48,}/g, '[redacted]'],
];

/**
 * Replaces all that looks like a secret, for text that comes from outside and goes into an error: a server may echo
 * what it was sent.
 */
export const redact = (text: string): string =>
  SECRETS.reduce((line, [pattern, replacement]) => line.replaceAll(pattern, replacement), text);
