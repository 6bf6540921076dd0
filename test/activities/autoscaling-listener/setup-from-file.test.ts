import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GitHubStandIn } from '../../../dev/github/stand-in.ts';
import { startGitHub } from '../../../dev/github/stand-in.ts';
import {
  readListenerFile,
  setupFromFile,
} from '../../../src/activities/autoscaling-listener/setup-from-file.ts';
import type { KeyVaults } from '../../../src/activities/github-access/key-vault.ts';
import type { GitHubConnections } from '../../../src/github/connections.ts';
import { createGitHubConnections } from '../../../src/github/connections.ts';

const key = { namespace: 'arc-system', name: 'demo-listener' };

let github: GitHubStandIn;
let connections: GitHubConnections;
let folder: string;
let path: string;

beforeEach(async () => {
  github = await startGitHub();
  connections = createGitHubConnections({ timeoutMs: 5_000, registrationWaitsMs: [] });
  folder = await mkdtemp(join(tmpdir(), 'listener-'));
  path = join(folder, 'config.json');
});
afterEach(async () => {
  await connections.close();
  await Promise.all([github.stop(), rm(folder, { recursive: true })]);
});

const write = (over: object = {}): Promise<void> =>
  writeFile(
    path,
    JSON.stringify({
      configure_url: github.configUrl('octo/app'),
      vault_type: '',
      vault_lookup_key: '',
      github_token: github.token,
      ephemeral_runner_set_namespace: 'arc-runners',
      ephemeral_runner_set_name: 'demo',
      max_runners: 5,
      min_runners: 1,
      runner_scale_set_id: 7,
      runner_scale_set_name: 'demo',
      server_root_ca: '',
      metrics: null,
      ...over,
    }),
  );

const read = (vaults?: KeyVaults) =>
  setupFromFile({ path, github: connections, ...(vaults && { vaults }) })(key);

test('is everything that the file says, and reaches GitHub', async () => {
  await write();
  const setup = await read();
  expect(setup).toMatchObject({
    owner: key.name,
    namespace: 'arc-runners',
    runnerSet: 'demo',
    scaleSetId: 7,
    limits: { minRunners: 1, maxRunners: 5 },
  });
  expect(setup).not.toHaveProperty('metrics');
  github.admin.createScaleSet({ id: 7, name: 'demo' });
  expect(await setup.github.getScaleSet(7)).toMatchObject({ name: 'demo' });
});

test('is read anew each time: a rotated token takes effect', async () => {
  await write();
  await read();
  github.admin.setCredentials({ tokens: ['ghp_rotated'], revokeAdminTokens: true });
  await write({ github_token: 'ghp_rotated', max_runners: 9 });
  const setup = await read();
  expect(setup.limits.maxRunners).toBe(9);
  expect(await setup.github.getScaleSet(7)).toBeUndefined();
});

test('asks the vault that it names, for the secret that it names', async () => {
  const vault = {
    tenant_id: 't',
    client_id: 'c',
    url: 'https://v.vault.azure.net',
    certificate_path: '/c.pem',
  };
  await write({
    github_token: undefined,
    vault_type: 'azure_key_vault',
    vault_lookup_key: 'arc',
    azure_key_vault: vault,
  });
  const asked: unknown[] = [];
  const vaults: KeyVaults = {
    read: (...question) => {
      asked.push(question);
      return Promise.resolve({ github_token: github.token });
    },
  };
  const setup = await read(vaults);
  expect(asked).toEqual([
    [
      { tenantId: 't', clientId: 'c', url: 'https://v.vault.azure.net', certificatePath: '/c.pem' },
      { name: 'arc', field: 'githubConfigSecret' },
    ],
  ]);
  expect(await setup.github.getScaleSet(7)).toBeUndefined();
});

test('has its metrics as the file says', async () => {
  const metrics = { counters: { gha_started_jobs_total: { labels: ['name'] } } };
  await write({ metrics });
  expect(await read()).toMatchObject({ metrics });
});

test('half an App is refused before GitHub is asked', async () => {
  await write({ github_token: '', github_app_id: '1' });
  await expect(read()).rejects.toMatchObject({ reason: 'InvalidListenerConfig' });
});

test.each<[string, string | undefined, string]>([
  ['is missing', undefined, 'cannot be read (ENOENT)'],
  ['is no JSON', '{"github_token":"ghp_secret"', 'is no JSON'],
  ['lacks what is needed', '{"github_token":"ghp_secret"}', 'GitHubConfigUrl is not provided'],
])('a file that %s is told of, without what it holds', async (_what, text, message) => {
  if (text !== undefined) await writeFile(path, text);
  const error = await readListenerFile(path).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ reason: 'InvalidListenerConfig', message: expect.stringContaining(message) });
  expect(String(error)).not.toContain('ghp_secret');
});
