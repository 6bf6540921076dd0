import { parseConfigUrl, shownConfigUrl } from '../../src/github/config-url.ts';
import { GitHubError } from '../../src/github/errors.ts';

const noEnv = {};

const thrownBy = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

describe('the config URL', () => {
  it.each([
    ['https://github.com/org', 'organization', 'https://api.github.com'],
    ['https://github.com/org/repo', 'repository', 'https://api.github.com'],
    ['https://github.com/org/repo/', 'repository', 'https://api.github.com'],
    ['https://github.com/enterprises/big', 'enterprise', 'https://api.github.com'],
    ['https://GitHub.com/Enterprises/big', 'enterprise', 'https://api.github.com'],
    ['https://www.github.com/org', 'organization', 'https://api.github.com'],
    ['http://github.localhost/org/repo', 'repository', 'http://api.github.localhost'],
    ['https://tenant.ghe.com/org', 'organization', 'https://api.tenant.ghe.com'],
    ['https://ghes.example.com/org/repo', 'repository', 'https://ghes.example.com/api/v3'],
    ['http://localhost:8080/org', 'organization', 'http://localhost:8080/api/v3'],
    ['http://127.0.0.1:1/enterprises/e', 'enterprise', 'http://127.0.0.1:1/api/v3'],
  ])('%s is for an %s with REST base %s', (...[url, scope, apiBaseUrl]) => {
    expect(parseConfigUrl(url, noEnv)).toMatchObject({ scope, apiBaseUrl });
  });

  it('is sent back without trailing slashes', () => {
    expect(parseConfigUrl('https://github.com/org///', noEnv).url).toBe('https://github.com/org');
  });

  it('names organization and repository', () => {
    const { enterprise, organization, repository } = parseConfigUrl('https://github.com/Org/re%2Dpo', noEnv);
    expect([enterprise, organization, repository]).toEqual(['', 'Org', 're-po']);
  });

  it('takes any server for an Enterprise Server when the environment forces it, even with an empty value', () => {
    const config = parseConfigUrl('https://test.ghe.com/o/r', { GITHUB_ACTIONS_FORCE_GHES: '' });
    expect(config).toMatchObject({ apiBaseUrl: 'https://test.ghe.com/api/v3' });
  });

  it.each([
    ['', /start it with https/],
    ['github.com/org', /start it with https/],
    ['ftp://github.com/org', /start it with https/],
    ['https://', /start it with https/],
    ['git@github.com:org/repo.git', /leave out git@/],
    ['ssh://git@github.com/org/repo', /leave out git@ or ssh/],
    ['https://github.com', /points to no/],
    ['https://github.com/enterprises', /points to no/],
    ['https://github.com/enterprises/', /points to no/],
    ['https://github.com/a/b/c', /leave out everything after its name/],
    ['https://github.com/a/b/settings/actions/runners', /leave out everything after its name/],
    ['https://github.com/enterprises/a/b', /leave out everything after its name/],
    ['https://github.com/orgs/octo', /leave out "orgs\/"/],
    ['https://github.com/ORGS/octo', /leave out "orgs\/"/],
    ['https://github.com/orgs', /leave out "orgs\/"/],
    ['https://github.com/orgs/octo/repositories', /leave out "orgs\/"/],
    ['https://github.com/organizations/octo/settings/actions', /leave out "organizations\/"/],
    ['https://github.com/users/octo', /leave out "users\/"/],
    ['https://ghes.example.com/api/v3/orgs/octo', /leave out "api\/"/],
    ['https://ghes.example.com/api/v3', /leave out "api\/"/],
    ['https://api.github.com/repos/octo/app', /leave out "api\.": use https:\/\/github\.com/],
    ['https://gist.github.com/octo', /leave out "gist\."/],
    ['https://api.tenant.ghe.com/octo', /leave out "api\.": use https:\/\/tenant\.ghe\.com/],
    ['https://github.com/octo/app.git', /leave out "\.git"/],
    ['https://github.com/octo/app.GIT/', /leave out "\.git"/],
    ['https://github.com/octo.git', /leave out "\.git"/],
    ['https://github.com/org?x=hunter2', /leave out everything from \?/],
    ['https://github.com/org?', /leave out everything from \?/],
    ['https://github.com/org#hunter2', /leave out everything from \? or #/],
    ['https://github.com/org/%E0%A4%A', /percent-encoded/],
    ['https://github.com/my org', /letters, digits/],
    ['https://github.com/org%2Frepo', /letters, digits/],
    ['https://user:hunter2@github.com/org', /holds credentials/],
    ['https://hunter2@github.com/org', /holds credentials/],
    ['https://user:hun?ter2#@github.com/org', /holds credentials/],
    ['user:hunter2@github.com/org', /holds credentials/],
    ['https://x-access-token:hunter2@github.com/org/repo.git', /holds credentials/],
  ])('refuses "%s", naming the field, the remedy and no password', (url, remedy) => {
    const refused = (): unknown => parseConfigUrl(url, noEnv);
    expect(refused).toThrow(GitHubError);
    expect(thrownBy(refused)).toMatchObject({ decision: 'invalid-config', field: 'githubConfigUrl' });
    expect(refused).toThrow(/^githubConfigUrl .*: /);
    expect(refused).toThrow(remedy);
    expect(refused).not.toThrow(/hunter2|hun\?ter2/);
    expect(shownConfigUrl(url)).toBe('');
  });

  it.each([
    [' https://github.com/org/ \n', 'https://github.com/org'],
    ['HTTPS://GITHUB.COM/Org/Repo', 'https://github.com/Org/Repo'],
    ['https://github.com//org//repo//', 'https://github.com/org/repo'],
    ['https://github.com:443/org', 'https://github.com/org'],
    ['https://ghes.example.com:8443/org', 'https://ghes.example.com:8443/org'],
    ['https://github.com/octo_corp/my.repo-1', 'https://github.com/octo_corp/my.repo-1'],
  ])('%j is sent and shown as %s', (text, url) => {
    expect(parseConfigUrl(text, noEnv).url).toBe(url);
    expect(shownConfigUrl(text)).toBe(url);
  });
});
