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

/** Of pages and of the API, never of an account: their names are not given away. */
const PAGES = new Set(['orgs', 'organizations', 'users', 'repos', 'api', 'settings', 'account', 'apps']);

const FORMS =
  'https://<host>/<organization>, https://<host>/<organization>/<repository> or ' +
  'https://<host>/enterprises/<enterprise>';

/**
 * Reads `githubConfigUrl`: scope, kind of server and REST base (protocol: config URL). Whatever the environment
 * variable `GITHUB_ACTIONS_FORCE_GHES` holds, its mere presence makes every server an Enterprise Server.
 *
 * @throws GitHubError `invalid-config` that says what to leave out, and repeats nothing that may be secret
 */
export function parseConfigUrl(text: string, env: NodeJS.ProcessEnv = process.env): GitHubConfigUrl {
  const url = urlFrom(text.trim());
  const names = url.pathname.split('/').filter(Boolean).map(decode);
  const scope = scopeOf(names);
  names.forEach(mustBeName);
  const isHosted = !('GITHUB_ACTIONS_FORCE_GHES' in env) && isHostedName(url.host);
  return {
    url: `${url.origin}/${names.join('/')}`,
    ...scope,
    apiBaseUrl: apiBaseOf(url, isHosted),
  };
}

/** A config URL for people and records: empty where it cannot be read, as nobody knows what is in it. */
export function shownConfigUrl(text: string | undefined): string {
  try {
    return parseConfigUrl(text ?? '').url;
  } catch {
    return '';
  }
}

/** Whether both name the same place at GitHub, which does not tell upper from lower case. */
export function isSameConfigUrl(a: string, b: string): boolean {
  const bare = (url: string): string => (shownConfigUrl(url) || url).toLowerCase();
  return bare(a) === bare(b);
}

function urlFrom(text: string): URL {
  const url = URL.parse(text);
  if (/^(ssh|git):|^git@/i.test(text))
    throw invalid('is an address for git', 'leave out git@ or ssh://, and start it with https://');
  if (text.includes('@')) {
    throw invalid(
      'holds credentials',
      'leave out all up to the @, and put them into the Secret that githubConfigSecret names',
    );
  }
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw invalid('is not a URL', 'start it with https://');
  if (/[?#]/.test(text)) throw invalid('has a query or fragment', 'leave out everything from ? or # on');
  mustBeHost(url.hostname);
  return url;
}

/** At github.com and its tenants, the API and other services have hosts of their own. */
function mustBeHost(host: string): void {
  const site = /^[^.]+\.(github\.com|[^.]+\.ghe\.com)$/.exec(host)?.[1];
  if (site === undefined || host === 'www.github.com') return;
  throw invalid(`names the host ${host}`, `leave out "${host.slice(0, -site.length)}": use https://${site}`);
}

const isHostedName = (host: string): boolean => HOSTED.has(host) || host.endsWith('.ghe.com');

function apiBaseOf({ protocol, host }: URL, isHosted: boolean): string {
  if (!isHosted) return `${protocol}//${host}/api/v3`;
  return `${protocol}//api.${host === 'www.github.com' ? 'github.com' : host}`;
}

function scopeOf(
  names: string[],
): Pick<GitHubConfigUrl, 'scope' | 'enterprise' | 'organization' | 'repository'> {
  const [first, second, ...more] = names;
  const none = { enterprise: '', organization: '', repository: '' };
  if (first !== undefined && PAGES.has(first.toLowerCase()))
    throw invalid(
      'is the address of a page or of the API',
      `leave out "${first.toLowerCase()}/": use ${FORMS}`,
    );
  const isEnterprise = first?.toLowerCase() === 'enterprises';
  if (first === undefined || (isEnterprise && second === undefined))
    throw invalid('points to no enterprise, organization or repository', `use ${FORMS}`);
  if (more.length > 0)
    throw invalid(
      'points into a repository, organization or enterprise',
      `leave out everything after its name: use ${FORMS}`,
    );
  if (second === undefined) return { ...none, scope: 'organization', organization: first };
  if (isEnterprise) return { ...none, scope: 'enterprise', enterprise: second };
  return { ...none, scope: 'repository', organization: first, repository: second };
}

/** Longer than any name that GitHub gives. */
const LONGEST_NAME = 255;

function mustBeName(name: string): void {
  if (name.length > LONGEST_NAME)
    throw invalid(`has a name of ${name.length} characters`, 'write the name as it is on GitHub');
  if (/\.git$/i.test(name)) throw invalid('is an address for git', 'leave out ".git" at its end');
  if (/^[\w.-]+$/.test(name)) return;
  throw invalid(
    'has a name with characters that GitHub has in no name',
    'use letters, digits, hyphens, underscores and dots only, as on GitHub',
  );
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
