import { credentialSourceOf } from '../../../src/activities/github-access/credential-source.ts';
import type { KeyVaults } from '../../../src/activities/github-access/key-vault.ts';
import type { EphemeralRunnerSpec } from '../../../src/api/v1alpha1/ephemeral-runner.ts';
import { secrets } from '../../../src/kubernetes/client/resources.ts';
import { ClusterStandIn } from '../cluster-stand-in.ts';

const namespace = 'team';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const azureKeyVault = {
  ...{ url: 'https://v.vault.azure.net', tenantId: 't', clientId: 'c' },
  certificatePath: '/c.pem',
};
const inVault = { vaultConfig: { type: 'azure_key_vault' as const, azureKeyVault } };

let cluster: ClusterStandIn;
/** Who asked which vault for which secret. */
let asked: Parameters<KeyVaults['read']>[];

beforeEach(() => {
  cluster = new ClusterStandIn();
  asked = [];
  const data = { github_token: base64('ghp_x'), note: base64('größer') };
  cluster.put(secrets, namespace, { metadata: { name: 'github' }, data });
});

const vaults: KeyVaults = {
  read: (...question) => {
    asked.push(question);
    return Promise.resolve({ username: 'me', password: 'p:w' });
  },
};

const sourceOf = (spec: Pick<EphemeralRunnerSpec, 'vaultConfig'> = {}) =>
  credentialSourceOf({ kubernetes: cluster.client, vaults }, namespace, spec);

describe('without a vault', () => {
  test.each<[string, Pick<EphemeralRunnerSpec, 'vaultConfig'>]>([
    ['no configuration of one', {}],
    ['one of no type', { vaultConfig: { type: '' } }],
  ])('Secrets of the namespace are read, decoded: %s', async (_what, spec) => {
    const source = await sourceOf(spec);
    expect(await source.read({ name: 'github', field: 'f' })).toEqual({
      github_token: 'ghp_x',
      note: 'größer',
    });
    expect(source.describe('github')).toBe('Secret team/github');
    expect(asked).toEqual([]);
  });

  test('one that is missing is told of by its field, with the remedy', async () => {
    const source = await sourceOf();
    await expect(source.read({ name: 'lost', field: 'githubConfigSecret' })).rejects.toMatchObject({
      reason: 'SecretNotFound',
      message: expect.stringMatching(/^githubConfigSecret: create Secret "lost" in namespace "team"/),
    });
  });

  test('one that is not named is no error of ours: the field says what to do', async () => {
    const source = await sourceOf();
    await expect(source.read({ name: '', field: 'githubConfigSecret' })).rejects.toMatchObject({
      reason: 'SecretNotFound',
      message: expect.stringMatching(/^githubConfigSecret is empty; name the Secret in namespace "team"/),
    });
  });

  test('an API server that is away is not taken for a missing Secret', async () => {
    cluster.failNext({ verb: 'get', resource: secrets, status: 503, reason: 'Unavailable' });
    const source = await sourceOf();
    await expect(source.read({ name: 'github', field: 'f' })).rejects.toMatchObject({ status: 503 });
  });
});

describe('with a vault', () => {
  test('it is asked in place of the cluster', async () => {
    const source = await sourceOf(inVault);
    expect(await source.read({ name: 'arc', field: 'githubConfigSecret' })).toMatchObject({ username: 'me' });
    expect(asked).toEqual([[azureKeyVault, { name: 'arc', field: 'githubConfigSecret' }]]);
    expect(source.describe('arc')).toBe('Secret "arc" of https://v.vault.azure.net');
  });

  test('a secret that is not named is not asked for', async () => {
    const source = await sourceOf(inVault);
    await expect(source.read({ name: '', field: 'githubConfigSecret' })).rejects.toMatchObject({
      reason: 'SecretNotFound',
      message: expect.stringMatching(/^githubConfigSecret is empty; name the secret of https:/),
    });
    expect(asked).toEqual([]);
  });

  test('those who read Secrets of Kubernetes find its members encoded', async () => {
    const { asSecrets } = await sourceOf(inVault);
    expect(await asSecrets.get(secrets, { namespace, name: 'proxy' })).toEqual({
      data: { username: base64('me'), password: base64('p:w') },
    });
    expect(asked[0]?.[1]).toEqual({ name: 'proxy', field: 'credentialSecretRef' });
  });

  const https = { url: 'http://proxy:3128', credentialSecretRef: 'proxy-user' };
  const proxied = { vaultConfig: { ...inVault.vaultConfig, proxy: { https } } };

  test('its own proxy has its credentials in the cluster', async () => {
    const data = { username: base64('a'), password: base64('b') };
    cluster.put(secrets, namespace, { metadata: { name: 'proxy-user' }, data });
    await (await sourceOf(proxied)).read({ name: 'arc', field: 'f' });
    expect(asked[0]?.[0]).toMatchObject({ proxy: { httpsProxy: 'http://a:b@proxy:3128' } });
  });

  test('a proxy without its Secret is told of by the field of the vault', async () => {
    await expect(sourceOf(proxied)).rejects.toMatchObject({
      reason: 'ProxyCredentialsNotFound',
      message: expect.stringMatching(/^vaultConfig\.proxy\.https\.credentialSecretRef: /),
    });
  });

  test.each([
    ['no tenant', { ...azureKeyVault, tenantId: '' }],
    ['no URL', { ...azureKeyVault, url: 'nowhere' }],
  ])('that is not configured whole (%s) nothing is read', async (_what, wrong) => {
    const spec = { vaultConfig: { ...inVault.vaultConfig, azureKeyVault: wrong } };
    await expect(sourceOf(spec)).rejects.toMatchObject({ reason: 'InvalidVaultConfig' });
    expect(asked).toEqual([]);
  });
});
