import { createLogger } from '../../src/workers/log.ts';
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
