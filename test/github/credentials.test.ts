import { generateKeyPairSync } from 'node:crypto';
import { credentialsFromSecret } from '../../src/github/credentials.ts';

const pem = (type: 'pkcs1' | 'pkcs8'): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type, format: 'pem' }) as string;

const app = (privateKey: string): Record<string, string> => ({
  github_app_id: 'Iv1.abc',
  github_app_installation_id: '123',
  github_app_private_key: privateKey,
});

const thrownBy = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

describe('credentials of a Secret', () => {
  it('takes a token, without the newline of a file', () => {
    expect(credentialsFromSecret({ github_token: 'ghp_x\n' })).toEqual({ kind: 'token', token: 'ghp_x' });
  });

  it.each(['pkcs1', 'pkcs8'] as const)('takes an App with a %s key', (type) => {
    const key = pem(type);
    expect(credentialsFromSecret(app(key))).toMatchObject({
      kind: 'app',
      appId: 'Iv1.abc',
      installationId: '123',
      privateKey: key.trim(),
    });
  });

  it('takes a key pasted into one line', () => {
    const key = pem('pkcs8').trim();
    expect(credentialsFromSecret(app(key.replaceAll('\n', '\\n')))).toMatchObject({ privateKey: key });
  });

  it.each([
    ['nothing', {}, 'github_token'],
    ['only empty values', { github_token: ' ' }, 'github_token'],
    ['both kinds', { github_token: 'ghp_secret', github_app_id: '1' }, 'remove the other'],
    ['an incomplete App', { github_app_id: '1' }, 'github_app_installation_id and github_app_private_key'],
    ['a key that is none', app('hunter2'), 'github_app_private_key'],
    [
      'an installation that is no number',
      { ...app('x'), github_app_installation_id: 'abc' },
      'installation_id',
    ],
    ['a token over several lines', { github_token: 'ghp_secret\nmore' }, 'github_token'],
  ])('refuses %s', (_, data, named) => {
    const refused = (): unknown => credentialsFromSecret(data);
    expect(thrownBy(refused)).toMatchObject({ decision: 'invalid-config', field: 'githubConfigSecret' });
    expect(refused).toThrow(named);
    expect(refused).not.toThrow(/ghp_secret|hunter2/);
  });
});
