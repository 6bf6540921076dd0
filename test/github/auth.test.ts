import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import type { GitHubOptions, GitHubStandIn } from '../../dev/github/stand-in.ts';
import { startGitHub } from '../../dev/github/stand-in.ts';
import type { ScaleSetClientOptions } from '../../src/github/create-scale-set-client.ts';
import { createScaleSetClient } from '../../src/github/create-scale-set-client.ts';
import type { GitHubCredentials } from '../../src/github/credentials.ts';
import type { ScaleSetClient } from '../../src/github/scale-set-client.ts';

let github: GitHubStandIn;
let now: number;

const start = async (options: GitHubOptions = {}): Promise<void> => {
  github = await startGitHub(options);
};

const clientWith = (
  credentials: GitHubCredentials,
  options: Partial<ScaleSetClientOptions> = {},
): ScaleSetClient =>
  createScaleSetClient({
    configUrl: github.configUrl('org/repo'),
    credentials,
    clock: { now: () => now },
    timeoutMs: 5_000,
    registrationWaitsMs: [5, 5, 5],
    ...options,
  });

const pat = (token = 'ghp_standin'): GitHubCredentials => ({ kind: 'token', token });

const count = (name: 'registrationtoken' | 'runnerregistration' | 'accesstoken' | 'getrunner'): number =>
  github.admin.stats().calls[name]?.count ?? 0;

beforeEach(() => {
  now = Date.now();
});

afterEach(() => github.stop());

describe('authentication with a token', () => {
  it.each(['org', 'org/repo', 'enterprises/big'])('works in the scope of %s', async (path) => {
    await start();
    const client = clientWith(pat(), { configUrl: github.configUrl(path) });
    expect(await client.getRunner(1)).toBeUndefined();
  });

  it('happens once for 100 calls at the same time, and once again for 100 after the expiry', async () => {
    await start({ latency: { registrationtoken: 50 } });
    const client = clientWith(pat());
    const calls = (): Promise<unknown> => Promise.all(Array.from({ length: 100 }, () => client.getRunner(1)));
    await calls();
    expect(count('registrationtoken')).toBe(1);
    now += 3_600_000 - 59_000;
    await calls();
    expect(count('registrationtoken')).toBe(2);
    expect(count('runnerregistration')).toBe(2);
    expect(count('getrunner')).toBe(200);
  });

  it('is not repeated while more than a minute is left', async () => {
    await start();
    const client = clientWith(pat());
    await client.getRunner(1);
    now += 3_600_000 - 65_000;
    await client.getRunner(1);
    expect(count('registrationtoken')).toBe(1);
  });

  it('is repeated once, for all, when the Actions service refuses its token', async () => {
    await start();
    const client = clientWith(pat());
    await client.getRunner(1);
    github.admin.setCredentials({ revokeAdminTokens: true });
    await Promise.all(Array.from({ length: 20 }, () => client.getRunner(1)));
    expect(count('registrationtoken')).toBe(2);
  });

  it('does not use a token again that was refused, when there is no other to be had', async () => {
    await start();
    const client = clientWith(pat());
    await client.getRunner(1);
    github.admin.setCredentials({ tokens: [], revokeAdminTokens: true });
    for (let i = 0; i < 3; i += 1)
      await expect(client.getRunner(1)).rejects.toMatchObject({ decision: 'refused' });
    expect(count('getrunner')).toBe(2);
    expect(count('registrationtoken')).toBe(2);
  });

  it('gives up when the fresh token is refused as well', async () => {
    await start();
    github.admin.addFault({ match: 'getrunner', kind: 'status', status: 401, times: 10 });
    await expect(clientWith(pat()).getRunner(1)).rejects.toMatchObject({ decision: 'refused', status: 401 });
    expect(count('getrunner')).toBe(2);
  });

  it('keeps the old connection when a refresh fails', async () => {
    await start();
    const client = clientWith(pat());
    await client.getRunner(1);
    now += 3_600_000 - 30_000;
    github.admin.addFault({ match: 'registrationtoken', kind: 'status', status: 500 });
    await expect(client.getRunner(1)).rejects.toMatchObject({ decision: 'retry', status: 500 });
    now -= 1_000_000;
    expect(await client.getRunner(1)).toBeUndefined();
    expect(count('registrationtoken')).toBe(2);
  });

  it('bears with a registration that is refused for a moment', async () => {
    await start();
    github.admin.addFault({ match: 'runnerregistration', kind: 'status', status: 401, times: 2 });
    github.admin.addFault({ match: 'runnerregistration', kind: 'status', status: 403, times: 1 });
    expect(await clientWith(pat()).getRunner(1)).toBeUndefined();
    expect(count('runnerregistration')).toBe(4);
  });

  it('outlives the caller that started it', async () => {
    await start({ latency: { registrationtoken: 100 } });
    const client = clientWith(pat());
    const abort = new AbortController();
    const first = client.getRunner(1, { signal: abort.signal });
    const second = client.getRunner(1);
    abort.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    expect(await second).toBeUndefined();
    expect(count('registrationtoken')).toBe(1);
  });

  it.each([
    ['without a url', 'empty'],
    ['that is a page', 'html'],
    ['of the wrong types', 'wrong-types'],
  ] as const)('fails with a typed error after a registration %s', async (_, kind) => {
    await start();
    github.admin.addFault({ match: 'runnerregistration', kind });
    await expect(clientWith(pat()).getRunner(1)).rejects.toMatchObject({
      name: 'GitHubError',
      decision: 'retry',
    });
  });

  it.each(['html', 'empty', 'truncated', 'wrong-types'] as const)(
    'fails with a typed error after a registration token that is %s',
    async (kind) => {
      await start();
      github.admin.addFault({ match: 'registrationtoken', kind, status: 201 });
      await expect(clientWith(pat()).getRunner(1)).rejects.toMatchObject({
        name: 'GitHubError',
        decision: 'retry',
      });
    },
  );
});

describe('refused credentials', () => {
  it('are not tried again for a minute, by anyone', async () => {
    await start();
    const client = clientWith(pat('ghp_wrong'));
    await expect(client.getRunner(1)).rejects.toMatchObject({ decision: 'refused', status: 401 });
    const more = await Promise.allSettled(Array.from({ length: 20 }, () => client.getRunner(1)));
    expect(more.every(({ status }) => status === 'rejected')).toBe(true);
    expect(count('registrationtoken')).toBe(1);
    now += 60_001;
    await expect(client.getRunner(1)).rejects.toMatchObject({ decision: 'refused' });
    expect(count('registrationtoken')).toBe(2);
  });

  it('do not stand in the way of new ones', async () => {
    await start();
    github.admin.setCredentials({ tokens: ['ghp_new'], revokeAdminTokens: true });
    await expect(clientWith(pat()).getRunner(1)).rejects.toMatchObject({ decision: 'refused' });
    expect(await clientWith(pat('ghp_new')).getRunner(1)).toBeUndefined();
  });

  it('never show in the error', async () => {
    await start();
    const refused = clientWith(pat('ghp_wrongsecret')).getRunner(1);
    const texts = await refused.then(
      String,
      (error: unknown) => inspect(error, { depth: 9 }) + JSON.stringify(error),
    );
    expect(texts).not.toContain('ghp_wrongsecret');
    expect(texts).toContain('githubConfigSecret');
  });
});

describe('authentication as a GitHub App', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const app = (appId = '42'): GitHubCredentials => ({ kind: 'app', appId, installationId: '7', privateKey });

  it.each(['42', 'Iv1.client'])('signs in as %s', async (appId) => {
    await start();
    github.admin.setCredentials({ tokens: [], app: { appId, installationId: '7', key: publicKey } });
    expect(await clientWith(app(appId)).getRunner(1)).toBeUndefined();
    expect(count('accesstoken')).toBe(1);
  });

  it.each([59_000, 30_000, 0, -30_000, -400_000])(
    'signs in with a clock that is off by %d ms',
    async (aheadMs) => {
      await start();
      github.admin.setCredentials({ tokens: [], app: { appId: '42', installationId: '7', key: publicKey } });
      github.admin.setWallClock(-aheadMs);
      expect(await clientWith(app()).getRunner(1)).toBeUndefined();
    },
  );

  it.each([
    [120_000, /Issued at.*worker's clock is (119|120|121) s ahead of GitHub's: set it/],
    [-900_000, /Expiration time.*worker's clock is (899|900|901) s behind GitHub's: set it/],
  ])('says by how much the clock is off when that is the reason (%d ms)', async (aheadMs, words) => {
    await start();
    github.admin.setCredentials({ tokens: [], app: { appId: '42', installationId: '7', key: publicKey } });
    github.admin.setWallClock(-aheadMs);
    await expect(clientWith(app()).getRunner(1)).rejects.toMatchObject({
      decision: 'refused',
      message: expect.stringMatching(words) as unknown,
    });
  });

  it('does not speak of clocks when an App is refused for another reason', async () => {
    await start();
    await expect(clientWith(app()).getRunner(1)).rejects.toThrow(/replace the credentials/);
  });

  it('fetches a new installation token for each refresh', async () => {
    await start();
    github.admin.setCredentials({ app: { appId: '42', installationId: '7', key: publicKey } });
    const client = clientWith(app());
    await client.getRunner(1);
    now += 3_600_000;
    await client.getRunner(1);
    expect(count('accesstoken')).toBe(2);
  });

  it('is refused with another key', async () => {
    await start();
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    const key = other.export({ type: 'spki', format: 'pem' }) as string;
    github.admin.setCredentials({ app: { appId: '42', installationId: '7', key } });
    await expect(clientWith(app()).getRunner(1)).rejects.toMatchObject({ decision: 'refused', status: 401 });
  });

  it('does not mix up installations of the same number on two servers', async () => {
    await start({ latency: { accesstoken: 50 } });
    const elsewhere = await startGitHub({ latency: { accesstoken: 50 } });
    for (const { admin } of [github, elsewhere]) {
      admin.setCredentials({ tokens: [], app: { appId: '42', installationId: '7', key: publicKey } });
    }
    const clients = [clientWith(app()), clientWith(app(), { configUrl: elsewhere.configUrl('org') })];
    try {
      expect(await Promise.all(clients.map((client) => client.getRunner(1)))).toEqual([undefined, undefined]);
    } finally {
      await elsewhere.stop();
    }
  });
});
