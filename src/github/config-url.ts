import { GitHubError } from './errors.ts';

/** Which of GitHub's levels the runners belong to. */
type GitHubScope = 'enterprise' | 'organization' | 'repository';

/** A parsed `githubConfigUrl`. Names that its scope does not have are empty. */
export interface GitHubConfigUrl {
  /** The URL as GitHub wants it sent back: without trailing slashes. */
  readonly url: string;
  readonly scope: GitHubScope;
  readonly enterprise: string;
  readonly organization: string;
  readonly repository: string;
  /** Base of the REST API, without a trailing slash. */
  readonly apiBaseUrl: string;
}

const HOSTED = new Set(['github.com', 'www.github.com', 'github.localhost']);

/**
 * Reads `githubConfigUrl`: scope, kind of server and REST base (protocol: config URL). Whatever the environment
 * variable `GITHUB_ACTIONS_FORCE_GHES` holds, its mere presence makes every server an Enterprise Server.
 *
 * @throws GitHubError `invalid-config` that names the field and the remedy
 */
export function parseConfigUrl(text: string, env: NodeJS.ProcessEnv = process.env): GitHubConfigUrl {
  const url = urlFrom(text.trim());
  const names = url.pathname.split('/').filter(Boolean).map(decode);
  const isHosted = !('GITHUB_ACTIONS_FORCE_GHES' in env) && isHostedName(url.host);
  return {
    url: url.href.replace(/\/+$/, ''),
    ...scopeOf(names, url),
    apiBaseUrl: apiBaseOf(url, isHosted),
  };
}

function urlFrom(text: string): URL {
  const url = URL.parse(text.replace(/\/+$/, ''));
  if (!url || !/^https?:$/.test(url.protocol)) throw invalid('is not a URL', 'start it with https://');
  if (url.username !== '' || url.password !== '') {
    throw invalid(
      'holds credentials',
      'leave them out and put them into the Secret that githubConfigSecret names',
    );
  }
  if (url.search !== '' || url.hash !== '') throw invalid('has a query or fragment', 'leave it out');
  return url;
}

const isHostedName = (host: string): boolean => HOSTED.has(host) || host.endsWith('.ghe.com');

function apiBaseOf({ protocol, host }: URL, isHosted: boolean): string {
  if (!isHosted) return `${protocol}//${host}/api/v3`;
  return `${protocol}//api.${host === 'www.github.com' ? 'github.com' : host}`;
}

function scopeOf(
  names: string[],
  url: URL,
): Pick<GitHubConfigUrl, 'scope' | 'enterprise' | 'organization' | 'repository'> {
  const [first, second] = names;
  const none = { enterprise: '', organization: '', repository: '' };
  if (first !== undefined && names.length === 1)
    return { ...none, scope: 'organization', organization: first };
  if (first === undefined || second === undefined || names.length > 2) {
    throw invalid(
      `(${url.host}${url.pathname}) points to no enterprise, organization or repository`,
      'use https://<host>/<organization>, https://<host>/<organization>/<repository> or ' +
        'https://<host>/enterprises/<enterprise>',
    );
  }
  if (first.toLowerCase() === 'enterprises') return { ...none, scope: 'enterprise', enterprise: second };
  return { ...none, scope: 'repository', organization: first, repository: second };
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw invalid('is wrongly percent-encoded', 'write the name as it is on GitHub');
  }
}

const invalid = (problem: string, remedy: string): GitHubError =>
  new GitHubError({
    decision: 'invalid-config',
    message: `githubConfigUrl ${problem}: ${remedy}.`,
    field: 'githubConfigUrl',
  });
