import { parseConfigUrl } from '../../src/github/config-url.ts';
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
    const { enterprise, organization, repository } = parseConfigUrl('https://github.com/Org/re%20po', noEnv);
    expect([enterprise, organization, repository]).toEqual(['', 'Org', 're po']);
  });

  it('takes any server for an Enterprise Server when the environment forces it, even with an empty value', () => {
    const config = parseConfigUrl('https://test.ghe.com/o/r', { GITHUB_ACTIONS_FORCE_GHES: '' });
    expect(config).toMatchObject({ apiBaseUrl: 'https://test.ghe.com/api/v3' });
  });

  it.each([
    [''],
    ['github.com/org'],
    ['ftp://github.com/org'],
    ['https://github.com'],
    ['https://github.com/a/b/c'],
    ['https://github.com/enterprises/a/b'],
    ['https://github.com/org?x=1'],
    ['https://github.com/%E0%A4%A'],
    ['https://user:hunter2@github.com/org'],
  ])('refuses "%s", naming the field and no password', (url) => {
    const refused = (): unknown => parseConfigUrl(url, noEnv);
    expect(refused).toThrow(GitHubError);
    expect(thrownBy(refused)).toMatchObject({ decision: 'invalid-config', field: 'githubConfigUrl' });
    expect(refused).toThrow(/^githubConfigUrl .*: /);
    expect(refused).not.toThrow(/hunter2/);
  });
});
