import { generateKeyPairSync } from 'node:crypto';
import { jest } from '@jest/globals';
import { always, eventually, startScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';

/** A GitHub App whose key is stored in odd forms, and a worker whose clock is off. */

jest.setTimeout(120_000);

const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const [pkcs1, pkcs8] = (['pkcs1', 'pkcs8'] as const).map((type) =>
  String(key.export({ type, format: 'pem' })),
);

let scene: Scene;
let count = 0;

beforeAll(async () => {
  scene = await startScene('github-app', { connections: { refusalMs: 1_000 } });
  const app = { appId: '12', installationId: '34', key: pkcs8! };
  scene.github.admin.setCredentials({ tokens: [scene.github.token], app });
});

afterAll(() => scene.stop());

afterEach(async () => {
  scene.github.admin.setWallClock(0);
  await scene.clear();
});

/** A set with an App of its own: no connection is shared. */
async function setWithKey(privateKey: string) {
  count += 1;
  const name = `app-${count}`;
  const ids = { github_app_id: '12', github_app_installation_id: '34' };
  await scene.createSecret(name, { ...ids, github_app_private_key: privateKey });
  // Each config path has a connection of its own.
  const githubConfigUrl = scene.github.configUrl(`octo/${name}`);
  return scene.createSet(name, { replicas: 1, runner: { githubConfigSecret: name, githubConfigUrl } });
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

it.each([
  ['text before BEGIN', `Bag Attributes\n    friendlyName: arc\n${pkcs8!}`],
  ['CRLF', pkcs1!.replaceAll('\n', '\r\n')],
  ['one line', pkcs1!.replaceAll('\n', ' ')],
  ['one line with \\n', pkcs8!.replaceAll('\n', '\\n')],
  ['base64', base64(pkcs1!)],
  ['quotes', JSON.stringify(pkcs8!)],
  ['a byte order mark', `\uFEFF${pkcs1!}`],
])('a key with %s works', async (_what, privateKey) => {
  await (await setWithKey(privateKey)).ready(1);
});

it('a key that cannot work is named, with the remedy', async () => {
  const set = await setWithKey('-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----');
  await eventually(async () => {
    const condition = await set.condition('CreationBlocked');
    expect(condition).toMatchObject({ status: 'True', reason: 'InvalidCredentials' });
    expect(condition?.message).toMatch(/github_app_private_key.*store the whole PEM file/);
    expect(condition?.message).not.toContain('hunter2');
  });
});

it.each([55_000, -300_000])('a clock that is off by %d ms does no harm', async (aheadMs) => {
  scene.github.admin.setWallClock(-aheadMs);
  await (await setWithKey(pkcs8!)).ready(1);
});

it.each([
  [180_000, /clock is (179|180|181) s ahead of GitHub's: set it/],
  [-900_000, /clock is (899|900|901) s behind GitHub's: set it/],
])(
  'a clock that is off by %d ms is named as the reason, and when it is set, all goes on',
  async (aheadMs, words) => {
    scene.github.admin.setWallClock(-aheadMs);
    const set = await setWithKey(pkcs8!);
    await eventually(async () => {
      const condition = await set.condition('CreationBlocked');
      expect(condition).toMatchObject({ status: 'True', reason: 'GitHubRefused' });
      expect(condition?.message).toMatch(words);
    });
    await always(1_000, () => undefined);
    scene.github.admin.setWallClock(0);
    await set.ready(1);
  },
);
