const REDACTED = '[redacted]';

/** What GitHub's tokens, JWTs, keys, authorization headers and JIT configs look like, and passwords in URLs. */
const SECRETS: readonly [pattern: RegExp, replacement: string][] = [
  [/-----BEGIN [A-Z ]+-----[\s\S]*?(-----END [A-Z ]+-----|$)/g, REDACTED],
  [/\b(gh[a-z]_|github_pat_)\w+/g, REDACTED],
  [/\beyJ[\w-]*\.[\w-]+(\.[\w-]*)?|\beyJ[\w-]{8,}/g, REDACTED],
  [/\b(bearer|remoteauth)(\s+)[\w.~+/=-]{4,}|\b(basic)(\s+)[\w.~+/=-]{8,}/gi, `$1$3 ${REDACTED}`],
  [/\b(bearer|remoteauth|basic|token)(["':=]+\s*)[^\s"',;]+/gi, `$1$2${REDACTED}`],
  [/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, `$1${REDACTED}@`],
];

/** Long runs of base64. Names, paths and workflow ids are spared: they have no upper case and digits mixed in. */
const LONG_RUN = /[A-Za-z0-9+/_-]{40,}={0,2}/g;

/**
 * Replaces all in a text that looks like a token, key, JWT, password in a URL or JIT config. For whatever is written where
 * people read it: a log line, an error, an Event; a server may echo what it was sent.
 */
export function redact(text: string): string {
  const clean = SECRETS.reduce((rest, [pattern, word]) => rest.replaceAll(pattern, word), text);
  return clean.replaceAll(LONG_RUN, (run) => (looksEncoded(run) ? REDACTED : run));
}

const looksEncoded = (run: string): boolean =>
  run
    .split(/[/_-]/)
    .some((part) => part.length >= 20 && /[A-Z]/.test(part) && /[a-z]/.test(part) && /\d/.test(part));
