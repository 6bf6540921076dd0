// Loaded before two others load it at the same time, which Jest cannot on Node 24.0, the pinned one of Macs (arm64).
import '@azure/core-rest-pipeline';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { accessGitHub } from '../../../src/activities/github-access/connect.ts';
import type { GitHubAccess, GitHubAccessDeps } from '../../../src/activities/github-access/connect.ts';
import { createKeyVaults } from '../../../src/activities/github-access/key-vault.ts';
import { createGitHubConnections } from '../../../src/github/connections.ts';
import { createDispatcher } from '../../../src/github/transport/dispatcher.ts';
import { KubernetesError } from '../../../src/kubernetes/client/errors.ts';
import { applicationCertificate, applicationKey, vaultCa, vaultKey } from './vault-files.ts';
import { startVault } from './vault-stand-in.ts';
import type { VaultStandIn } from './vault-stand-in.ts';

const CONTENT = 'ghp_fromthevault';

let vault: VaultStandIn;
let github: GitHubStandIn;
let folder: string;
let now: number;
let deps: GitHubAccessDeps;
const proxyUser: Record<string, string> = {};
const authorityBefore = process.env['AZURE_AUTHORITY_HOST'];

beforeEach(async () => {
  [vault, github, folder] = await Promise.all([
    startVault(),
    startGitHub(),
    mkdtemp(join(tmpdir(), 'vault-')),
  ]);
  now = Date.now();
  process.env['AZURE_AUTHORITY_HOST'] = vault.authorityUrl;
  await writeFile(join(folder, 'app.pem'), applicationCertificate + applicationKey);
  github.admin.setCredentials({ tokens: [CONTENT] });
  vault.secrets.set('arc', JSON.stringify({ github_token: CONTENT }));
  deps = {
    kubernetes: { get: secretGetter },
    github: createGitHubConnections({ timeoutMs: 5_000, registrationWaitsMs: [] }),
    vaults: createKeyVaults({
      connect: (route) => createDispatcher({ ...route, ca: vaultCa }),
      now: () => now,
    }),
  };
});

afterEach(async () => {
  if (authorityBefore === undefined) delete process.env['AZURE_AUTHORITY_HOST'];
  else process.env['AZURE_AUTHORITY_HOST'] = authorityBefore;
  vault.stop();
  await Promise.all([deps.github.close(), github.stop(), rm(folder, { recursive: true })]);
});

/** A cluster that has the Secret of the vault's proxy, and nothing else. */
const secretGetter: GitHubAccessDeps['kubernetes']['get'] = (resource, { name, namespace }) => {
  if (name === 'proxy-user') return Promise.resolve({ data: proxyUser } as never);
  const subject = { verb: 'get', resource: resource.plural, namespace, name } as const;
  return Promise.reject(new KubernetesError(subject, { message: 'no', status: 404, reason: 'NotFound' }));
};

type AzureVault = NonNullable<NonNullable<GitHubAccess['vaultConfig']>['azureKeyVault']>;

const accessTo = (change: Partial<AzureVault> = {}, more: Partial<GitHubAccess> = {}): GitHubAccess => ({
  githubConfigUrl: github.configUrl('org/repo'),
  githubConfigSecret: 'arc',
  vaultConfig: {
    type: 'azure_key_vault',
    azureKeyVault: {
      url: vault.url,
      tenantId: vault.tenantId,
      clientId: vault.clientId,
      certificatePath: join(folder, 'app.pem'),
      ...change,
    },
    proxy: { https: { url: vault.proxyUrl } },
  },
  ...more,
});

const access = (change: Partial<AzureVault> = {}, more: Partial<GitHubAccess> = {}) =>
  accessGitHub(deps, 'runners', accessTo(change, more));

const failureOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('credentials in an Azure Key Vault', () => {
  it('open GitHub: challenge, signing in with the certificate, secret', async () => {
    const client = await access();
    expect(await client.getRunner(1)).toBeUndefined();
    expect(vault.seen.filter((line) => !line.includes('openid-configuration'))).toEqual([
      'GET arc.vault.test/secrets/arc/',
      `POST login.vault.test/${vault.tenantId}/oauth2/v2.0/token`,
      'GET arc.vault.test/secrets/arc/',
    ]);
  });

  it('are read once a minute, by one client that stays signed in', async () => {
    await Promise.all(Array.from({ length: 50 }, () => access()));
    const asked = () => vault.seen.filter((line) => line.startsWith('GET arc.')).length;
    expect(asked()).toBe(2);
    now += 59_000;
    await access();
    expect(asked()).toBe(2);
    now += 1_001;
    vault.secrets.set('arc', '{"github_token":"ghp_rotated"}');
    github.admin.setCredentials({ tokens: ['ghp_rotated'] });
    expect(await (await access()).getRunner(1)).toBeUndefined();
    expect(asked()).toBe(3);
    expect(vault.seen.filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });

  it('may be those of an App, its installation a number', async () => {
    const app = {
      github_app_id: '42',
      github_app_installation_id: 7,
      github_app_private_key: applicationKey,
    };
    vault.secrets.set('arc', JSON.stringify(app));
    const key = applicationCertificate;
    github.admin.setCredentials({ app: { appId: '42', installationId: '7', key } });
    expect(await (await access()).getRunner(1)).toBeUndefined();
  });

  it('hold those of the proxy to GitHub as well', async () => {
    vault.secrets.set('proxy', '{"username":"gi","password":"t hub"}');
    const proxied = { proxy: { http: { url: vault.proxyUrl, credentialSecretRef: 'proxy' } } };
    await access({}, proxied);
    expect(vault.seen).toContain('GET arc.vault.test/secrets/proxy/');
  });

  it('are fetched through a proxy with credentials of a Secret', async () => {
    proxyUser['username'] = Buffer.from('me').toString('base64');
    proxyUser['password'] = Buffer.from('p:w').toString('base64');
    const { vaultConfig } = accessTo();
    const proxy = { https: { url: vault.proxyUrl, credentialSecretRef: 'proxy-user' } };
    await access({}, { vaultConfig: { ...vaultConfig, proxy } });
    expect(vault.proxyAuthorization).toBe(`Basic ${Buffer.from('me:p:w').toString('base64')}`);
  });

  it('are not asked for without a vault, or with an empty type', async () => {
    const plain = accessGitHub(deps, 'runners', accessTo({}, { vaultConfig: { type: '' } }));
    await expect(plain).rejects.toMatchObject({ reason: 'SecretNotFound' });
    expect(vault.seen).toEqual([]);
  });
});

describe('a vault that is of no use', () => {
  const another = (name: string, text: string) => writeFile(join(folder, name), text);

  it.each([
    ['no certificate file', { certificatePath: '/nowhere/app.pem' }, 'VaultCertificateUnreadable', 'ENOENT'],
    [
      'a certificate file without a key',
      { certificatePath: 'half.pem' },
      'VaultCertificateUnreadable',
      'PEM',
    ],
    ['a file that is none', { certificatePath: 'none.pem' }, 'VaultCertificateUnreadable', 'PEM'],
    ['no tenant', { tenantId: '' }, 'InvalidVaultConfig', 'vaultConfig.azureKeyVault.tenantId is empty'],
    ['no URL', { url: 'arc' }, 'InvalidVaultConfig', 'vaultConfig.azureKeyVault.url is no https URL'],
    ['another application', { clientId: 'other' }, 'VaultRefused', 'AADSTS700016'],
    ['a URL of nobody', { url: 'https://other.vault.test' }, 'VaultUnreachable', 'https://other.vault.test'],
  ] as const)('%s', async (...[, change, reason, words]) => {
    await another('half.pem', applicationCertificate);
    await another('none.pem', `${CONTENT}\n`);
    const certificatePath =
      'certificatePath' in change ? join(folder, '/', change.certificatePath) : join(folder, 'app.pem');
    const error = await failureOf(access({ ...change, certificatePath }));
    expect(error).toMatchObject({
      name: 'SetupError',
      reason,
      message: expect.stringContaining(words) as unknown,
    });
  });

  it('because the application has another key', async () => {
    await another('app.pem', applicationCertificate + vaultKey);
    expect(await failureOf(access())).toMatchObject({ reason: 'VaultCertificateUnreadable' });
  });

  it.each([
    [403, 'Forbidden', 'VaultRefused', /may|let the application read/],
    [404, 'SecretNotFound', 'VaultSecretNotFound', /^githubConfigSecret: .*"arc"/],
    [500, 'InternalError', 'VaultUnreachable', /vaultConfig.azureKeyVault.url/],
  ] as const)('because it answers %d', async (status, code, reason, words) => {
    vault.refusals.vault = { status, json: { error: { code, message: CONTENT } } };
    expect(await failureOf(access())).toMatchObject({
      reason,
      message: expect.stringMatching(words) as unknown,
    });
  });

  it('because it does not know Microsoft Entra to be well', async () => {
    vault.refusals.entra = { status: 503, json: { error: 'temporarily_unavailable' } };
    expect(await failureOf(access())).toMatchObject({ reason: 'VaultUnreachable' });
  });

  it.each(['', 'no JSON', '["ghp_fromthevault"]', '"ghp_fromthevault"'])(
    'because its secret is %j',
    async (value) => {
      vault.secrets.set('arc', value);
      expect(await failureOf(access())).toMatchObject({
        reason: 'InvalidVaultSecret',
        message: expect.stringMatching(/^githubConfigSecret: .*JSON/) as unknown,
      });
    },
  );

  it('because its secret has no credentials', async () => {
    vault.secrets.set('arc', '{"token":"ghp_fromthevault"}');
    expect(await failureOf(access())).toMatchObject({
      reason: 'InvalidCredentials',
      message: expect.stringContaining(`Secret "arc" of ${vault.url}`) as unknown,
    });
  });

  it.each<[string, object, string]>([
    ['no installation', { github_app_installation_id: undefined }, 'github_app_installation_id'],
    ['an installation that is null', { github_app_installation_id: null }, 'github_app_installation_id'],
    ['an installation that is a list', { github_app_installation_id: [34] }, 'github_app_installation_id'],
    [
      'an installation that is no number',
      { github_app_installation_id: 'arc' },
      'github_app_installation_id',
    ],
    ['no App id', { github_app_id: '' }, 'github_app_id'],
    ['an App id that is an object', { github_app_id: { id: 12 } }, 'github_app_id'],
    ['no key', { github_app_private_key: undefined }, 'github_app_private_key'],
    ['a key that is empty', { github_app_private_key: '' }, 'github_app_private_key'],
    ['a key that is true', { github_app_private_key: true }, 'github_app_private_key'],
    ['a key that is none', { github_app_private_key: CONTENT }, 'github_app_private_key'],
    ['a token as well', { github_token: CONTENT }, 'remove the other'],
  ])('because its App has %s', async (_what, change, named) => {
    const app = { github_app_id: '12', github_app_installation_id: 34, github_app_private_key: CONTENT };
    vault.secrets.set('arc', JSON.stringify({ ...app, ...change }));
    const failure = await failureOf(access());
    expect(failure).toMatchObject({ reason: 'InvalidCredentials', message: expect.stringContaining(named) });
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain(CONTENT);
  });

  it('under a name that no secret can have', async () => {
    const failure = await failureOf(access({}, { githubConfigSecret: 'arc_secret' }));
    expect(failure).toMatchObject({ reason: 'VaultSecretNotFound' });
    expect(vault.seen).toEqual([]);
  });

  it('because its proxy is no URL, or lacks its Secret', async () => {
    const { vaultConfig } = accessTo();
    const through = (https: object) => access({}, { vaultConfig: { ...vaultConfig, proxy: { https } } });
    expect(await failureOf(through({ url: 'proxy:1' }))).toMatchObject({
      reason: 'InvalidProxy',
      message: expect.stringMatching(/^vaultConfig\.proxy\.https/) as unknown,
    });
    expect(await failureOf(through({ url: vault.proxyUrl, credentialSecretRef: 'nobody' }))).toMatchObject({
      reason: 'ProxyCredentialsNotFound',
      message: expect.stringMatching(/^vaultConfig\.proxy\.https/) as unknown,
    });
  });

  it('never shows what it holds, or what was sent to it', async () => {
    const faults = [{ status: 403, json: { error: { code: CONTENT, message: CONTENT } } }, undefined];
    for (const refusal of faults) {
      vault.refusals.vault = refusal!;
      vault.secrets.set('arc', `broken ${CONTENT}`);
      const error = await failureOf(access());
      const shown = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error);
      expect(shown).not.toMatch(/ghp_from|BEGIN|eyJ/);
    }
  });
});
