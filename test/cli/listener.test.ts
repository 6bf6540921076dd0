import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { World } from './world.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-arc-listener-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

const KEY = { TEMPORAL_ARC_LISTENER: 'arc-system/demo-listener' };

const config = (content: object): string => {
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
};

test('says all that its environment lacks', async () => {
  const { code, err } = await new World().run('listener');
  expect(code).toBe(2);
  expect(err).toContain('LISTENER_CONFIG_PATH: it is not set');
  expect(err).toContain('TEMPORAL_ARC_LISTENER: it is not set');
});

test('names a file that cannot be read', async () => {
  const { code, err } = await new World().run('listener', {
    ...KEY,
    LISTENER_CONFIG_PATH: join(folder, 'none'),
  });
  expect(code).toBe(1);
  expect(err).toContain('cannot be read (ENOENT)');
});

test('refuses a configuration in the words of ARC, without its secrets', async () => {
  const path = config({ configure_url: '', github_token: 'ghp_secret' });
  const { code, err } = await new World().run('listener', { ...KEY, LISTENER_CONFIG_PATH: path });
  expect(code).toBe(1);
  expect(err).toContain('GitHubConfigUrl is not provided');
  expect(err).not.toContain('ghp_secret');
});

test('runs what the environment and the file say', async () => {
  const path = config({
    configure_url: 'https://github.com/octo/app',
    github_token: 'ghp_secret',
    ephemeral_runner_set_namespace: 'arc-runners',
    ephemeral_runner_set_name: 'demo',
    runner_scale_set_id: 7,
    log_level: 'info',
  });
  const env = { ...KEY, LISTENER_CONFIG_PATH: path, TEMPORAL_ARC_CLUSTER: 'production' };
  expect(await new World().run('listener', env)).toEqual({ code: 0, out: '', err: '' });
});
