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

  describe('of an App: its key is taken as', () => {
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const [pkcs1, pkcs8] = (['pkcs1', 'pkcs8'] as const).map(
      (type) => key.export({ type, format: 'pem' }) as string,
    ) as [string, string];
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const utf16 = (text: string): string => Buffer.from(`\uFEFF${text}`, 'utf16le').toString('utf8');
    const attributes = 'Bag Attributes\n    localKeyID: 01 00\nKey Attributes: <No Attributes>\n';
    const forms: [what: string, change: (pem: string) => string][] = [
      ['it is', (pem) => pem],
      ['with text before BEGIN', (pem) => attributes + pem],
      ['with text behind END', (pem) => `${pem}\n${attributes}`],
      ['with CRLF', (pem) => pem.replaceAll('\n', '\r\n')],
      ['with CR alone', (pem) => pem.replaceAll('\n', '\r')],
      ['one line with spaces', (pem) => pem.replaceAll('\n', ' ')],
      ['one line without any', (pem) => pem.replaceAll('\n', '')],
      ['one line with \\n', (pem) => pem.replaceAll('\n', '\\n')],
      ['one line with \\\\n', (pem) => pem.replaceAll('\n', '\\\\n')],
      ['one line with \\r\\n', (pem) => pem.replaceAll('\n', '\\r\\n')],
      ['its base64', base64],
      ['its base64 in lines', (pem) => base64(pem).replaceAll(/.{76}/g, '$&\n')],
      ['the base64 of its base64', (pem) => base64(base64(pem))],
      ['its body alone', (pem) => pem.replaceAll(/-----.*-----/g, '')],
      ['quoted', (pem) => `"${pem}"`],
      ['quoted with \\n', (pem) => JSON.stringify(pem)],
      ['quoted base64', (pem) => `'${base64(pem)}'`],
      ['with a byte order mark', (pem) => `\uFEFF${pem}`],
      ['in UTF-16', utf16],
      ['indented', (pem) => pem.replaceAll(/^/gm, '    ')],
      ['with blank lines', (pem) => pem.replaceAll('\n', '\n\n')],
    ];

    it.each(forms.flatMap(([what, change]) => [pkcs1, pkcs8].map((pem) => [what, change(pem)] as const)))(
      '%s',
      (_what, form) => {
        expect(credentialsFromSecret(app(form))).toMatchObject({
          ...{ kind: 'app', appId: 'Iv1.abc', installationId: '123', privateKey: pkcs8 },
        });
      },
    );
  });

  it.each([
    ['"123"', '"Iv1.abc"'],
    ["'123'\n", ' Iv1.abc\r\n'],
    ['\uFEFF123', '\uFEFFIv1.abc'],
    ['1.23e+02', 'Iv1.abc'],
  ])('takes the installation %j and the App %j', (installation, id) => {
    const data = { ...app(pem('pkcs1')), github_app_installation_id: installation, github_app_id: id };
    expect(credentialsFromSecret(data)).toMatchObject({ appId: 'Iv1.abc', installationId: '123' });
  });

  it('takes an App id that a template wrote as a fraction', () => {
    const data = { ...app(pem('pkcs1')), github_app_id: '1.234567e+06' };
    expect(credentialsFromSecret(data)).toMatchObject({ appId: '1234567' });
  });

  it.each(['"ghp_x"', "'ghp_x'\r\n", '\uFEFFghp_x'])('takes the token %j', (token) => {
    expect(credentialsFromSecret({ github_token: token })).toEqual({ kind: 'token', token: 'ghp_x' });
  });

  const passphrase = { cipher: 'aes-256-cbc', passphrase: 'hunter2' };
  const pair = (encoding: object): { publicKey: string; privateKey: string } =>
    generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { format: 'pem', ...encoding } as never,
    });

  it.each([
    ['with a passphrase (PKCS#8)', pair({ type: 'pkcs8', ...passphrase }).privateKey, 'with a passphrase'],
    ['with a passphrase (PKCS#1)', pair({ type: 'pkcs1', ...passphrase }).privateKey, 'with a passphrase'],
    ['that is public', pair({ type: 'pkcs8' }).publicKey, 'no private key'],
    [
      'on a curve',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
      'not an RSA key',
    ],
    ['cut short', pem('pkcs8').slice(0, 800), 'not an RSA key'],
    ['that is base64 of nothing', Buffer.from('nothing').toString('base64'), 'not an RSA key'],
  ])('refuses a key %s, and says which key of the Secret it is', (_what, key, words) => {
    const refused = (): unknown => credentialsFromSecret(app(String(key)));
    expect(refused).toThrow(words);
    expect(refused).toThrow('github_app_private_key');
    expect(thrownBy(refused)).toMatchObject({ decision: 'invalid-config', field: 'githubConfigSecret' });
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
    ['an App that has a space in its id', { ...app('x'), github_app_id: 'my app' }, 'github_app_id'],
    ['a token over several lines', { github_token: 'ghp_secret\nmore' }, 'github_token'],
  ])('refuses %s', (_, data, named) => {
    const refused = (): unknown => credentialsFromSecret(data);
    expect(thrownBy(refused)).toMatchObject({ decision: 'invalid-config', field: 'githubConfigSecret' });
    expect(refused).toThrow(named);
    expect(refused).not.toThrow(/ghp_secret|hunter2/);
  });
});
