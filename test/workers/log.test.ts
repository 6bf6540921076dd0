import { createLogger, redact } from '../../src/workers/log.ts';
import type { LoggerOptions } from '../../src/workers/log.ts';

const logging = (options: LoggerOptions = {}) => {
  const lines: string[] = [];
  const clock = () => new Date('2026-05-01T12:00:00Z');
  return { lines, log: createLogger({ clock, write: (line) => void lines.push(line), ...options }) };
};

describe('createLogger', () => {
  it('writes text lines with facts', () => {
    const { lines, log } = logging();
    log.info('Runner created', { set: 'arc/linux', took: 1.5, why: 'a new one', big: 10n });
    expect(lines).toEqual([
      '2026-05-01T12:00:00.000Z INFO  Runner created set=arc/linux took=1.5 why="a new one" big=10',
    ]);
  });

  it("writes JSON lines with ARC's keys", () => {
    const { lines, log } = logging({ format: 'json' });
    log.child({ logger: 'EphemeralRunnerSet' }).warn('Blocked', { tries: 2 });
    log.error('Core', { sdkComponent: 'core' });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        severity: 'warn',
        ts: '2026-05-01T12:00:00.000Z',
        logger: 'EphemeralRunnerSet',
        message: 'Blocked',
        tries: 2,
      },
      {
        severity: 'error',
        ts: '2026-05-01T12:00:00.000Z',
        logger: 'core',
        message: 'Core',
        sdkComponent: 'core',
      },
    ]);
  });

  it('leaves out what is below the level', () => {
    const { lines, log } = logging({ level: 'warn' });
    log.debug('no');
    log.info('no');
    log.log('WARN', 'yes');
    log.error('yes');
    expect(lines).toHaveLength(2);
  });

  it('keeps a line one line, whatever it is given', () => {
    const { lines, log } = logging();
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    log.info('a\nb', {
      text: 'c\nd',
      nothing: undefined,
      loop,
      when: new Date(0),
      bytes: new Uint8Array(3),
      f: () => 1,
    });
    expect(lines[0]?.split('\n')).toHaveLength(1);
    expect(lines[0]).toContain('bytes="3 bytes"');
    expect(lines[0]).not.toContain('nothing');
  });

  it('shows errors with their causes, without secrets', () => {
    const { lines, log } = logging({ format: 'json' });
    log.error('Failed', { error: new Error('outer', { cause: new Error('Bearer abcdefgh12345678') }) });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      error: { name: 'Error', message: 'outer', cause: { message: 'Bearer [redacted]' } },
    });
  });

  it('hides fields that hold a secret, and only those', () => {
    const { lines, log } = logging();
    log.info('x', {
      githubToken: 'short',
      nested: { encodedJITConfig: 'a' },
      password: 'p',
      githubConfigSecret: 'gh-secret',
    });
    expect(lines[0]).toContain('githubToken="[redacted]"');
    expect(lines[0]).toContain('"encodedJITConfig\\":\\"[redacted]');
    expect(lines[0]).toContain('password="[redacted]"');
    expect(lines[0]).toContain('githubConfigSecret=gh-secret');
  });
});

describe('redact', () => {
  const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEow'.repeat(20)}\n-----END RSA PRIVATE KEY-----`;
  it.each([
    ['ghp_16C7e42F292c6912E7710c838347Ae178B4a'],
    ['ghs_16C7e42F292c6912E7710c838347Ae178B4a'],
    ['github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz'],
    ['eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0In0.c2lnbmF0dXJl'],
    ['eyJ0eXAiOiJKV1QiLCJhbGciOi'],
    [key],
    [Buffer.from('{".runner":"eyJBZ2VudElkIjoi","n":12345}'.repeat(5)).toString('base64')],
  ])('replaces %s', (secret) => {
    expect(redact(`before ${secret} after`)).toBe('before [redacted] after');
  });

  it('replaces the password of a URL', () => {
    expect(redact('proxy http://user:hunter2@proxy:3128')).toBe('proxy http://user:[redacted]@proxy:3128');
  });

  it.each([
    ['default/ephemeralrunnerset/arc-runners-production/linux-large-runners-2xl'],
    ['/apis/actions.github.com/v1alpha1/namespaces/arc-runners/ephemeralrunners/linux-runner-x7k2p'],
    ['https://github.com/some-organization/some-repository-with-a-long-name/actions'],
    ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    ['the token expired'],
    ['3f2b8c1e-0a7d-4c55-9d5e-1f2a3b4c5d6e'],
  ])('spares %s', (text) => {
    expect(redact(text)).toBe(text);
  });
});
